// The catalogue in memory: found by code in one step, by words in the time between two key strokes. Levels beside it, as last heard.
import { parse } from "./amount.js";
import { levelOf } from "./snapshot.js";

const FOUND_MAX = 8;
const FLUSH_MS = 500;

export class Catalogue {
  constructor(store) {
    this.store = store;
    this.items = new Map();
    this.levels = new Map();
    this.heard = new Map();
  }

  async read() {
    const items = await this.store.items();
    this.items = new Map(items.map((item) => [item.sku, item]));
    this.codes = new Map();
    for (const item of items) for (const { code } of item.barcodes) this.codes.set(code, item);
    this.plus = new Map(items.flatMap((item) => item.barcodes.filter(({ kind }) => kind === "plu").map(({ code }) => [code.replace(/^0+/, ""), item])));
    this.words = items.map((item) => [normal([item.name, ...Object.values(item.names), item.sku].join(" ")), item]);
  }

  async readLevels() {
    this.levels = new Map((await this.store.levels()).map((level) => [level.sku, level]));
    this.heard.clear();
  }

  // A SKU wins over a barcode that reads the same, as on the server.
  byCode(code) {
    return this.items.get(code) ?? this.codes?.get(code) ?? null;
  }

  byPlu(plu) {
    return this.plus?.get(plu.replace(/^0+/, "")) ?? null;
  }

  // Items in which every word occurs; those whose name begins with what was typed come first.
  search(text) {
    const words = normal(text).split(" ").filter(Boolean);
    if (!words.length) return [];
    const found = this.words.filter(([name]) => words.every((word) => name.includes(word)));
    const begins = ([name]) => (name.startsWith(words[0]) ? 0 : 1);
    return found.sort((one, other) => begins(one) - begins(other)).slice(0, FOUND_MAX).map(([, item]) => item);
  }

  // What is left to sell as far as this till knows: as last heard, less what it has sold since and not yet sent.
  left(sku, waiting) {
    const level = this.levels.get(sku);
    if (!level) return this.levels.size ? 0n : null;
    const unsent = waiting.filter((entry) => entry.verb === "issue").flatMap((entry) => entry.lines).filter((line) => line.sku === sku);
    const left = unsent.reduce((rest, line) => rest - parse(line.qty), parse(level.available));
    return left > 0n ? left : 0n;
  }

  // Returns the SKU when its level is another now. Kept on the disk in gulps: a busy feed tells hundreds a second.
  hear(warehouse, row, seq) {
    if (row.warehouse !== warehouse) return null;
    const level = levelOf({ ...row.level, sku: row.sku });
    if ((this.levels.get(row.sku)?.seq ?? 0) > level.seq) return null;
    this.levels.set(row.sku, level);
    this.heard.set(row.sku, level);
    this.heardTo = { warehouse, seq };
    this.flushing ??= setTimeout(() => this.flush(), FLUSH_MS);
    return row.sku;
  }

  async flush() {
    this.flushing = null;
    const levels = [...this.heard.values()];
    this.heard.clear();
    await this.store.hear(this.heardTo.warehouse, levels, this.heardTo.seq);
  }
}

export function nameOf(item) {
  return item.names[document.documentElement.lang] ?? item.name;
}

function normal(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").trim();
}
