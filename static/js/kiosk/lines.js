// The basket's lines and what a search found. A line keeps its element as long as it is in the basket, so nobody's typing is disturbed.
import { timeOf } from "../language.js";
import { mark } from "../mark.js";
import { money, parse, plain, shown } from "./amount.js";
import { priceOf } from "./basket.js";
import { nameOf } from "./catalogue.js";
import { say, unit } from "./words.js";

export class Lines {
  constructor({ list, template, act }) {
    Object.assign(this, { list, template, act, rows: new Map() });
  }

  show(basket, till) {
    for (const [sku, row] of this.rows) if (!basket.lines.some((line) => line.sku === sku)) { row.remove(); this.rows.delete(sku); }
    basket.lines.forEach((line, place) => {
      const row = this.rows.get(line.sku) ?? this.made(line.sku);
      row.classList.toggle("last", place === basket.at);
      this.fill(row, line, till);
    });
  }

  fill(row, { sku, millionths }, till) {
    const item = till.catalogue.items.get(sku);
    const field = row.querySelector("input");
    row.querySelector("b").textContent = item ? nameOf(item) : sku;
    row.querySelector(".sub").textContent = aboutOf(sku, item, till);
    if (field !== document.activeElement) field.value = millionths ? plain(millionths, item?.decimals).replace(".", document.documentElement.dataset.point) : "";
    row.querySelector(".price").textContent = item?.price ? money(priceOf(item, millionths, till.minor), till.minor) : "";
  }

  made(sku) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.sku = sku;
    const field = row.querySelector("input");
    row.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-way]");
      if (button) this.act("move", sku, BigInt(button.dataset.way));
      else if (target !== field) this.act("choose", sku);
    });
    field.addEventListener("focus", () => { field.select(); this.act("choose", sku); });
    field.addEventListener("change", () => this.act("put", sku, field.value));
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); this.act("typed", sku, field.value); } });
    this.list.append(row);
    this.rows.set(sku, row);
    return row;
  }

  complain(sku, words) {
    const said = this.rows.get(sku)?.querySelector(".form-error");
    if (!said) return;
    said.hidden = !words;
    said.textContent = words;
    if (words) this.focus(sku);
  }

  focus(sku) { this.rows.get(sku)?.querySelector("input").focus(); }
  reveal(sku) { this.rows.get(sku)?.scrollIntoView({ block: "nearest" }); }
  changed(sku) { const row = this.rows.get(sku); if (row) mark(row.querySelector(".sub")); }
}

export function showFound(list, template, items, till, take) {
  list.replaceChildren(...items.map((item) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("b").textContent = nameOf(item);
    row.querySelector(".sub").textContent = aboutOf(item.sku, item, till);
    row.querySelector(".price").textContent = item.price ? money(priceOf(item, 1_000_000n, till.minor), till.minor) : "";
    row.firstElementChild.addEventListener("click", () => take(item));
    return row;
  }));
  list.hidden = !items.length;
}

// "G10110 · 1,450 each · 78 left at 09:51"
function aboutOf(sku, item, { catalogue, queue, line, heardAt, minor }) {
  if (!item) return sku;
  const price = item.price ? money(priceOf(item, 1_000_000n, minor), minor) : null;
  const each = price === null ? say("no_price") : item.decimals ? say("per", price, unit(item.unit)) : say("each", price);
  const left = catalogue.left(sku, queue.entries);
  if (left === null) return `${sku} · ${each}`;
  const qty = `${shown(left, item.decimals)} ${unit(item.unit)}`;
  return `${sku} · ${each} · ${line.isOpen || !heardAt ? say("left", qty) : say("left_at", qty, timeOf(heardAt))}`;
}

// "11 pcs, 1.250 kg": what is counted differently is never added together.
export function amounts(lines, items) {
  const sums = new Map();
  for (const { sku, millionths, qty } of lines) {
    const { unit: code, decimals } = items.get(sku) ?? { unit: "pcs", decimals: 0 };
    sums.set(code, { decimals, sum: (sums.get(code)?.sum ?? 0n) + (millionths ?? parse(qty)) });
  }
  return [...sums].map(([code, { sum, decimals }]) => `${shown(sum, decimals)} ${unit(code)}`).join(", ");
}
