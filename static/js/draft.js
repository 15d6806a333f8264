// The lines of an order: the server finds items and makes lines, this only asks it without leaving the page. Code, Enter, quantity, Enter.
import { decimal } from "./language.js";
import { onScan, onScanInto } from "./scan.js";

const PAUSE_MS = 150;

export default function draft(form) {
  const { point } = document.documentElement.dataset;
  const lines = form.querySelector("[data-lines]");
  let timer, asked = 0;
  const field = () => form.elements.add;
  const found = () => lines.querySelector("[data-found]");
  const options = () => [...found().querySelectorAll("[role=option]")];
  const chosen = () => options().find((each) => each.getAttribute("aria-selected") === "true");
  const read = (text) => Number(text.replace(/[\s\u00a0\u202f]/g, "").replace(point, "."));

  // The lines again, as they are after a deed of theirs. What was typed comes back with them.
  async function ask(name, value) {
    clearTimeout(timer);
    asked += 1;
    const sent = new FormData(form);
    sent.set(name, value);
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(sent), headers: { "HX-Request": "true" } });
    if (answer.headers.has("HX-Redirect")) { location.reload(); return; }
    lines.innerHTML = await answer.text();
    const fresh = name === "drop" ? null : lines.querySelector("[data-last] [name^=qty_]");
    if (fresh && !form.elements.add.value) { fresh.focus(); fresh.select(); } else field().focus();
    reckon();
  }
  async function look() {
    const q = field().value.trim(), mine = ++asked;
    const answer = q ? await fetch(`${form.dataset.items}&q=${encodeURIComponent(q)}`, { headers: { "HX-Request": "true" } }) : null;
    const html = answer?.ok ? await answer.text() : "";
    if (mine !== asked) return;
    found().innerHTML = html;
    field().setAttribute("aria-expanded", String(options().length > 0));
  }
  function point_at(by) {
    const all = options(), at = all.indexOf(chosen());
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by))];
    for (const each of all) each.setAttribute("aria-selected", String(each === next));
    if (next) { field().setAttribute("aria-activedescendant", next.id); next.scrollIntoView({ block: "nearest" }); }
  }
  // What a line costs: its own price, else the supplier's for so many, if it is ordered as they sell it.
  function reckon() {
    let total = 0;
    for (const line of lines.querySelectorAll("[data-line]")) {
      const qty = read(line.querySelector("[name^=qty_]").value), price = line.querySelector("[name^=price_]");
      const offered = line.querySelector("[name^=unit_]").value === line.dataset.offeredIn;
      const listed = offered ? JSON.parse(line.dataset.prices).filter(([from]) => Number(from) <= Math.ceil(qty || 1)).at(-1)?.[1] : undefined;
      if (price.value || listed === undefined || offered) price.placeholder = listed === undefined ? "" : decimal(padded(listed));
      const each = price.value.trim() ? read(price.value) : listed === undefined ? NaN : Number(listed);
      const amount = qty * each;
      line.querySelector("[data-amount]").textContent = Number.isFinite(amount) ? decimal(amount.toFixed(2)) : "\u2013";
      if (Number.isFinite(amount)) total += amount;
    }
    const sum = lines.querySelector("[data-total]");
    if (sum) sum.textContent = decimal(total.toFixed(2));
  }
  form.addEventListener("input", ({ target }) => {
    if (target === field()) { clearTimeout(timer); timer = setTimeout(look, PAUSE_MS); } else reckon();
  });
  form.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (target === field() && (key === "ArrowDown" || key === "ArrowUp")) { event.preventDefault(); point_at(key === "ArrowDown" ? 1 : -1); }
    else if (target === field() && key === "Enter" && target.value.trim()) { event.preventDefault(); chosen() ? ask("choose", chosen().value) : ask("add", target.value.trim()); }
    else if (key === "Enter" && target.matches("[data-line] input")) { event.preventDefault(); field().focus(); }
    else if (key === "Enter" && target === field()) event.preventDefault();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[name=choose], [name=drop]");
    if (!button) return;
    event.preventDefault();
    ask(button.name, button.value);
  });
  onScan((code) => ask("add", code));
  // After an item comes its quantity, so that is where a scanner's next code is typed.
  onScanInto(form, "[name^=qty_]", (code) => ask("add", code));
  reckon();
}

function padded(text) {
  const [whole, cents = ""] = text.split(".");
  return `${whole}.${cents.replace(/0+$/, "").padEnd(2, "0")}`;
}
