// What is on the counter: lines with exact quantities. Knows nothing of screens; whoever changes it shows it and keeps it.
import { cost, parse, plain, step } from "./amount.js";

const ONE = 1_000_000n;

export class Basket {
  constructor({ kind = "sale", lines = [] } = {}) {
    this.kind = kind;
    this.lines = lines.map((line) => ({ ...line, millionths: parse(line.qty) }));
    this.at = this.lines.length - 1;
  }

  get isEmpty() { return !this.lines.length; }
  get chosen() { return this.lines[this.at] ?? null; }
  // Of a weighed thing nobody knows how much until it is on the scales.
  get unknown() { return this.lines.find((line) => line.millionths === 0n) ?? null; }

  // The line of the item, one more of it; what is counted in parts waits for its quantity.
  add(item, millionths = null) {
    const first = this.lines.findIndex((line) => line.sku === item.sku);
    const more = millionths ?? (item.decimals ? 0n : ONE);
    if (first < 0) this.lines.push({ sku: item.sku, millionths: more });
    else this.lines[first].millionths += more;
    this.at = first < 0 ? this.lines.length - 1 : first;
    return this.chosen;
  }

  put(sku, millionths) {
    const line = this.lines.find((each) => each.sku === sku);
    if (line) line.millionths = millionths;
  }

  // One step up or down; at nothing the line goes.
  move(sku, way, decimals) {
    const line = this.lines.find((each) => each.sku === sku);
    if (!line) return;
    line.millionths += way * step(decimals);
    if (line.millionths <= 0n) this.remove(sku);
  }

  remove(sku) {
    this.lines = this.lines.filter((line) => line.sku !== sku);
    this.at = Math.min(this.at, this.lines.length - 1);
  }

  choose(sku) { this.at = this.lines.findIndex((line) => line.sku === sku); }

  // As it is kept on the disk.
  kept() {
    return { kind: this.kind, lines: this.lines.map(({ sku, millionths }) => ({ sku, qty: plain(millionths) })) };
  }

  // As it is sold: the server's words for it, and what the receipt of this till will say.
  sold(items, warehouse) {
    return this.lines.map(({ sku, millionths }) => {
      // What was taken out of the catalogue while it lay on the counter is sold all the same: the server knows it.
      const { name, unit, decimals } = items.get(sku) ?? { name: sku, unit: "pcs", decimals: 0 };
      return { sku, warehouse, qty: plain(millionths, decimals), name, unit, decimals };
    });
  }

  // In minor units; what has no price counts nothing and is told apart.
  total(items, minor) {
    return this.lines.reduce((sum, { sku, millionths }) => sum + priceOf(items.get(sku), millionths, minor), 0n);
  }
}

export function priceOf(item, millionths, minor) {
  return item?.price ? cost(item.price.amount, millionths, minor) : 0n;
}
