// The side of the till where money changes hands: first how it is paid, then, while the goods are held, that it was.
import { money, parse, shown } from "./amount.js";
import { amounts } from "./lines.js";
import { nameOf } from "./catalogue.js";
import { Payment } from "./pay.js";
import { role, say, unit } from "./words.js";

// Notes that people pay with, in whole money: what they are likely to hand over for a sum.
const NOTES = [1n, 100n, 500n, 1000n, 5000n];
const OFFERED = 4;

export class Paying {
  constructor(till, selling) {
    Object.assign(this, { till, selling, payment: null, given: null });
    const { els } = till;
    els.cash.addEventListener("click", () => this.begin("cash"));
    els.card.addEventListener("click", () => { if (till.line.isOpen) this.begin("card"); });
    els["take-back"].addEventListener("click", () => this.takeBack());
    els.paid.addEventListener("click", () => this.paid());
    els.back.addEventListener("click", () => this.back());
  }

  get isOn() { return this.payment !== null; }

  // F8 leads through the whole of it.
  next() {
    if (this.isOn) this.paid();
    else if (this.selling.basket.kind === "return") this.takeBack();
    else this.begin("cash");
  }

  async begin(method) {
    if (this.isOn || this.selling.basket.isEmpty || !this.selling.isComplete()) return;
    const payment = (this.payment = this.made("sale", method));
    this.method = method;
    this.given = null;
    this.refuse("");
    this.selling.show();
    await payment.begin();
    if (this.payment !== payment) return payment.cancel();
    payment.ready = true;
    if (payment.refused) { this.payment = null; this.refuse(...whyNot(payment.refused, this.till.catalogue)); }
    this.selling.show();
    if (this.isOn) this.till.els.paid.focus();
  }

  back() {
    if (!this.isOn || this.payment.done) return;
    if (this.payment.ready) this.payment.cancel();
    this.payment = null;
    this.selling.show();
    this.till.els.code.focus();
  }

  async paid() {
    const { payment } = this;
    if (!payment?.ready || payment.done) return;
    payment.done = true;
    const entry = await payment.paid();
    this.payment = null;
    this.finish(say(this.till.line.isOpen ? "sold" : "sold_offline", entry.sum));
  }

  async takeBack() {
    if (this.isOn || this.selling.basket.isEmpty || !this.selling.isComplete() || !this.till.may("stock.receive")) return;
    const payment = (this.payment = this.made("return", "cash"));
    payment.done = true;
    await payment.begin();
    const entry = await payment.paid();
    this.payment = null;
    this.finish(say("taken_back", amounts(entry.lines, this.till.catalogue.items)));
  }

  made(kind, method) {
    const { till, selling } = this, { items } = till.catalogue;
    const lines = selling.basket.sold(items, till.warehouse);
    return new Payment(till, { kind, lines, by: till.person?.name ?? "", about: { method, sum: this.sum() } });
  }

  finish(words) {
    this.refuse("");
    this.selling.clear();
    this.till.toast(words);
  }

  // Why not, and the ways on: each puts one line right.
  refuse(words, ways = []) {
    const { refusal, "refusal-words": said, ways: list } = this.till.els;
    refusal.hidden = !words;
    said.textContent = words;
    list.replaceChildren(...ways.map(({ sku, available, label }) => {
      const button = Object.assign(document.createElement("button"), { className: "btn btn-lg", type: "button", textContent: label });
      button.addEventListener("click", () => { this.selling.set(sku, available); this.refuse(""); });
      return button;
    }));
  }

  get total() { return this.selling.basket.total(this.till.catalogue.items, this.till.minor); }
  sum() { return `${this.till.els.currency.textContent} ${money(this.total, this.till.minor)}`; }

  show(basket) {
    const { till } = this, { els, line } = till;
    const back = basket.kind === "return", offline = !line.isOpen;
    els.label.textContent = [say(back ? "to_give_back" : "to_pay"), basket.isEmpty ? "" : amounts(basket.lines, till.catalogue.items)].filter(Boolean).join(" · ");
    els.total.textContent = money(this.total, till.minor);
    els.choosing.hidden = this.isOn || back;
    els["giving-back"].hidden = !back;
    els.paying.hidden = !this.isOn || back;
    els.later.hidden = this.isOn;
    able(els.cash, !basket.isEmpty);
    able(els["take-back"], !basket.isEmpty && till.may("stock.receive"));
    able(els.card, !basket.isEmpty && !offline);
    able(els.clear, !basket.isEmpty);
    able(els.aside, !basket.isEmpty || this.selling.aside.length > 0);
    able(els.return, till.may("stock.receive"));
    able(els.paid, Boolean(this.payment?.ready));
    els.return.setAttribute("aria-pressed", String(back));
    els["paid-words"].textContent = this.isOn ? say(this.method === "card" ? "paid_card" : "paid_cash", money(this.total, till.minor)) : "";
    els.note.textContent = [offline ? say("card_needs_line") : "", till.person && !till.may("stock.receive") ? say("may_not_return", role(till.person.role)) : ""].filter(Boolean).join(" ");
    this.showHeld(els);
    this.showPad(els);
  }

  showHeld({ held }) {
    held.hidden = !this.isOn || this.payment.kind === "return";
    if (held.hidden) return;
    held.textContent = say(!this.payment.ready ? "holding" : this.payment.hold ? "held" : "not_held");
  }

  // What is given and what goes back, in whole notes.
  showPad({ pad, facts }) {
    const { minor } = this.till, sum = this.total;
    pad.hidden = !this.isOn || this.method !== "cash" || this.payment.kind === "return";
    const offers = pad.hidden ? [] : offered(sum, minor);
    pad.replaceChildren(...offers.map((offer) => {
      const button = Object.assign(document.createElement("button"), { className: "btn btn-touch", type: "button", textContent: money(offer, minor) });
      button.setAttribute("aria-pressed", String(offer === this.given));
      button.addEventListener("click", () => { this.given = offer; this.selling.show(); pad.querySelector("[aria-pressed='true']")?.focus(); });
      return button;
    }));
    facts.replaceChildren(...(this.given !== null && !pad.hidden ? fact(say("change", money(this.given, minor)), money(this.given - sum, minor)) : []));
  }
}

function offered(sum, minor) {
  const whole = 10n ** BigInt(minor);
  const up = NOTES.map((note) => note * whole).map((note) => ((sum + note - 1n) / note) * note);
  return [...new Set([sum, ...up])].slice(0, OFFERED);
}

function fact(name, value) {
  return [Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value })];
}

// Switched off but still to be reached, so that why can be read beside it.
function able(button, can) {
  button.setAttribute("aria-disabled", String(!can));
}

function whyNot(problem, { items }) {
  const short = problem.code === "insufficient_stock" ? problem.errors : [];
  if (!short.length) return [problem.detail];
  const told = short.map(({ sku, available, requested }) => {
    const item = items.get(sku), qty = (text) => `${shown(parse(text), item?.decimals)} ${unit(item?.unit ?? "pcs")}`;
    const name = item ? nameOf(item) : sku, some = parse(available);
    return { sku, available: some, words: say("only_available", qty(available), qty(requested), name), label: some ? say("take", qty(available)) : say("leave_out", name) };
  });
  return [told.map(({ words }) => words).join(" "), told];
}
