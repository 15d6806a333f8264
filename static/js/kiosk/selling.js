// The counter: what is scanned, found and typed becomes lines; every change is kept on the disk, so a till that falls asleep wakes up
// with the same basket.
import { onScan } from "../scan.js";
import { parse } from "./amount.js";
import { Basket } from "./basket.js";
import { nameOf } from "./catalogue.js";
import { asked } from "./code.js";
import { Lines, showFound } from "./lines.js";
import { Paying } from "./paying.js";
import { say } from "./words.js";

const FIND_FROM = 2;

export class Selling {
  constructor(till) {
    this.till = till;
    this.basket = new Basket();
    this.aside = [];
    const { els } = till;
    this.lines = new Lines({ list: els.lines, template: els["line-template"], act: (name, ...values) => this[name](...values) });
    this.paying = new Paying(till, this);
    this.listen(els);
  }

  async read() {
    this.basket = new Basket(await this.till.store.get("basket"));
    this.aside = (await this.till.store.get("aside")) ?? [];
  }

  listen(els) {
    els.scan.addEventListener("submit", (event) => { event.preventDefault(); this.take(els.code.value); });
    els.code.addEventListener("input", () => this.find(els.code.value));
    els.aside.addEventListener("click", () => this.setAside());
    els.clear.addEventListener("click", () => this.clear());
    els.return.addEventListener("click", () => this.turn());
    onScan((code) => this.take(code));
    document.addEventListener("keydown", (event) => this.key(event));
  }

  // A code adds its item; words that fit one item add it; anything else is said.
  take(text) {
    if (this.paying.isOn || !text.trim()) return;
    const found = asked(text, this.till.catalogue);
    const [only, ...others] = found ? [] : this.till.catalogue.search(text);
    if (found) return this.add(found.item, found.millionths);
    if (only && !others.length) return this.add(only);
    if (only) this.find(text);
    else this.complain(this.till.catalogue.items.size ? say("nothing_found", text.trim()) : say("no_catalogue"));
    // The next scan takes the place of what was not understood, rather than being typed behind it.
    this.till.els.code.select();
  }

  add(item, millionths = null) {
    const line = this.basket.add(item, millionths);
    this.till.els.code.value = "";
    this.complain("");
    this.find("");
    this.changedBasket();
    this.lines.reveal(line.sku);
    if (line.millionths === 0n) this.lines.focus(line.sku);
    else if (document.activeElement?.closest(".found, .basket li")) this.till.els.code.focus();
  }

  find(text) {
    const { els, catalogue } = this.till;
    this.complain("");
    showFound(els.found, els["find-template"], text.trim().length < FIND_FROM ? [] : catalogue.search(text), this.till, (item) => { this.add(item); els.code.focus(); });
  }

  move(sku, way) { this.basket.move(sku, way, this.till.catalogue.items.get(sku)?.decimals); this.changedBasket(); }
  choose(sku) { this.basket.choose(sku); this.show(); }
  typed(sku, text) { if (this.put(sku, text)) this.till.els.code.focus(); }

  // True when it is a quantity of the item.
  put(sku, text) {
    const decimals = this.till.catalogue.items.get(sku)?.decimals ?? 0;
    const millionths = parse(text || "0", decimals);
    this.lines.complain(sku, millionths === null ? say("not_so_many_decimals", decimals) : "");
    if (millionths === null) return false;
    this.basket.put(sku, millionths);
    this.changedBasket();
    return true;
  }

  // So much and no more of a line; nothing takes it off the counter.
  set(sku, millionths) {
    if (millionths > 0n) this.basket.put(sku, millionths);
    else this.basket.remove(sku);
    this.changedBasket();
  }

  remove() { if (this.basket.chosen) { this.basket.remove(this.basket.chosen.sku); this.changedBasket(); } }
  clear() { this.basket = new Basket(); this.changedBasket(); this.till.els.code.focus(); }

  // Sale or return; what is on the counter stays there.
  turn() {
    if (!this.till.may("stock.receive")) return;
    this.basket.kind = this.basket.kind === "sale" ? "return" : "sale";
    this.changedBasket();
  }

  async setAside() {
    if (this.paying.isOn) return;
    const before = this.basket;
    if (!before.isEmpty) { this.aside.push(before.kept()); this.basket = new Basket(); }
    else if (this.aside.length) this.basket = new Basket(this.aside.pop());
    await this.till.store.set("aside", this.aside);
    this.changedBasket();
    this.till.els.code.focus();
  }

  changedBasket() {
    this.till.store.set("basket", this.basket.kept());
    this.show();
  }

  // A level has changed while the line is on the screen.
  changed(sku) {
    if (!this.basket.lines.some((line) => line.sku === sku)) return;
    this.show();
    this.lines.changed(sku);
  }

  show() {
    const { till, basket } = this, { els } = till;
    this.lines.show(basket, till);
    els.empty.hidden = !basket.isEmpty;
    els["empty-words"].textContent = till.catalogue.items.size ? say("catalogue", till.catalogue.items.size) : say("no_catalogue");
    els.returning.hidden = basket.kind !== "return";
    els["aside-words"].textContent = basket.isEmpty && this.aside.length ? say("bring_back", this.aside.length) : say("set_aside");
    this.paying.show(basket);
  }

  complain(words) {
    const { said, code } = this.till.els;
    said.hidden = !words;
    said.textContent = words;
    code.toggleAttribute("aria-invalid", Boolean(words));
  }

  // Says which weighed line still has no quantity; true when all have one and it is known where they lie.
  isComplete() {
    if (!this.till.warehouse) { this.till.settings.ask(); return false; }
    const { unknown } = this.basket;
    if (unknown) this.lines.complain(unknown.sku, say("how_much", nameOf(this.till.catalogue.items.get(unknown.sku))));
    return !unknown;
  }

  key(event) {
    if (event.target.closest("dialog[open]")) return;
    const { els } = this.till, empty = event.target === els.code ? !els.code.value : !event.target.closest("input, select");
    const deed = { F8: () => this.paying.next(), F4: () => this.setAside(), Escape: () => this.paying.back() }[event.key];
    if (deed) { event.preventDefault(); deed(); }
    else if (event.key === "Delete" && empty && !this.paying.isOn) { event.preventDefault(); this.remove(); }
    else if (event.key === "ArrowDown" && event.target === els.code && !els.found.hidden) { event.preventDefault(); els.found.querySelector("button").focus(); }
    else if (event.key.startsWith("Arrow") && event.target.closest(".found")) this.step(event, [...els.found.querySelectorAll("button")]);
    else if (["ArrowDown", "ArrowUp"].includes(event.key) && empty) {
      event.preventDefault();
      this.basket.at = Math.max(0, Math.min(this.basket.lines.length - 1, this.basket.at + (event.key === "ArrowDown" ? 1 : -1)));
      this.show();
    }
  }

  step(event, buttons) {
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (at < 0) this.till.els.code.focus();
    else buttons[Math.min(at, buttons.length - 1)].focus();
  }
}
