// Sends what waits: in the order in which it was sold, one at a time, from one tab at a time, under keys that never change. An entry
// leaves the queue only with an answer. A refused one stays until somebody deals with it, and the others go on.
import { parse, plain } from "./amount.js";
import { Gone } from "./line.js";
import { after, afterHold, dated, stepOf, tryAgain, unsold } from "./sale.js";

const REST_MS = 3000;

export class Queue extends EventTarget {
  constructor({ store, line, company }) {
    super();
    this.store = store;
    this.line = line;
    this.lock = `onhand-kiosk-${company}`;
    this.entries = [];
    this.tabs = new BroadcastChannel(this.lock);
    this.tabs.onmessage = () => this.read().then(() => this.drain());
    line.addEventListener("state", () => { if (line.isOpen) this.drain(); });
  }

  get waiting() { return this.entries.filter((entry) => entry.state === "waiting"); }
  get refused() { return this.entries.filter((entry) => entry.state === "refused"); }

  async read() {
    this.entries = await this.store.waiting();
    this.dispatchEvent(new Event("change"));
  }

  // Resolves when the entry is on the disk. That it was sent is another matter.
  async add(entry) {
    await this.store.add(entry);
    await this.changed();
    this.drain();
  }

  async tryAgain(entry) {
    await this.store.change(tryAgain(entry));
    await this.changed();
    this.drain();
  }

  // Somebody has settled it by other means: it is kept with what it was, among what has been seen.
  async settle(entry, by) {
    await this.store.settle({ ...entry, state: "settled", settled_by: by });
    await this.changed();
  }

  async changed() {
    await this.read();
    this.tabs.postMessage("changed");
  }

  async drain() {
    if (this.draining) { this.more = true; return; }
    this.draining = true;
    try {
      do {
        this.more = false;
        await navigator.locks.request(this.lock, () => this.sendAll());
      } while (this.more && this.line.isOpen);
    } finally {
      this.draining = false;
    }
  }

  async sendAll() {
    // Read inside the lock: another tab may have sent some of them while we waited for it.
    for (let entry = await this.next(); entry && this.line.isOpen; entry = await this.next()) {
      try {
        if (!(await this.sendOne(entry))) return this.rest();
      } catch (problem) {
        if (!(problem instanceof Gone)) console.warn("The queue rests:", problem);
        return this.rest();
      }
    }
  }

  async next() {
    return (await this.store.waiting()).find((entry) => entry.state === "waiting");
  }

  rest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.drain(), REST_MS);
  }

  // False when nothing became known and the entry must be sent again.
  async sendOne(before) {
    const entry = await this.claimed(before);
    if (!entry) return true;
    const step = stepOf(entry);
    const answer = await this.line.ask(step.verb, step.key, step.body);
    const told = after(entry, step, answer);
    if (told.again) return false;
    await this.keep(told.look ? await this.looked(entry) : told.entry);
    this.dispatchEvent(new CustomEvent("answer", { detail: { entry: told.entry ?? entry, answer } }));
    return true;
  }

  async keep(entry) {
    if (entry.state === "done") await this.store.settle(entry);
    else await this.store.change(entry);
    await this.changed();
  }

  // Notes who sends it, before it is sent. Keys belong to a person: if another one sent it before and the answer was lost, the ledger
  // is asked whether it is there, as the same key in other hands would be another sale.
  async claimed(entry) {
    const me = this.line.session.principal;
    if (entry.sent_by === me) return entry;
    if (entry.sent_by && (await this.isInLedger(entry))) { await this.keep({ ...entry, state: "done", exceptions: [] }); return null; }
    const mine = { ...dated(entry, this.line.now()), sent_by: me, sent_after: entry.sent_after ?? this.line.seq };
    await this.store.change(mine);
    return mine;
  }

  async isInLedger({ key, verb, lines: [{ sku, warehouse }], sent_after: from }) {
    let cursor = "";
    do {
      const query = new URLSearchParams({ sku, warehouse, kind: verb, after: from, order: "asc", limit: 500, ...(cursor && { cursor }) });
      const page = await this.line.get(`/stock/ledger?${query}`);
      if (page.items.some((row) => row.key === key)) return true;
      cursor = page.next;
    } while (cursor);
    return false;
  }

  // The reservation is closed: whatever a person sold of it by hand is sold, the rest is written down late.
  async looked(entry) {
    const left = unsold(entry.lines, await this.line.get(`/stock/reservations/${entry.hold}`), parse);
    return afterHold(entry, left.map(({ millionths, ...line }) => ({ ...line, qty: plain(millionths, line.decimals) })));
  }
}
