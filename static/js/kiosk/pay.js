// Paying. With a connection the goods are held while the money is counted, the hold gets more time as long as that takes, and paid
// means committed. Without one the sale is a fact when it is paid, and is written down as that.
import { entryOf, holdOf } from "./sale.js";

const HOLD_S = 120;
const EXTEND_MS = 45_000;

export class Payment {
  constructor({ store, line, queue }, { kind, lines, by, about }) {
    Object.assign(this, { store, line, queue, kind, lines, by, about, hold: null, doubt: null, refused: null });
  }

  // Resolves when it is known whether the goods are held: `refused` is a problem document when somebody else has them.
  async begin() {
    this.n = await this.store.nextNumber();
    if (this.kind === "return" || !this.line.isOpen) return;
    const asked = holdOf({ n: this.n, till: this.store.till, lines: this.lines, seconds: HOLD_S });
    try {
      const answer = await this.line.ask("reserve", asked.key, asked.body);
      if (answer.op === "done") this.hold = answer.body.reservation.id;
      else if (answer.status < 429) this.refused = answer.problem;
    } catch {
      this.doubt = asked;
    }
    if (this.hold) this.timer = setInterval(() => this.extend(), EXTEND_MS);
  }

  // A key for every time: each is another end.
  extend() {
    if (this.line.isOpen) this.line.ask("extend", `${this.store.till}:${this.n}:extend:${Date.now()}`, { reservation: this.hold, expires_in: HOLD_S }).catch(() => {});
  }

  // The goods are free again at once; when that cannot be said, the hold ends by itself.
  cancel() {
    this.end();
    if (this.hold && this.line.isOpen) this.line.ask("release", `${this.store.till}:${this.n}:release`, { reservation: this.hold }).catch(() => {});
  }

  // Resolves when the sale is on the disk.
  async paid() {
    this.end();
    const { n, kind, lines, by, hold, about } = this;
    const entry = entryOf({ n, till: this.store.till, kind, lines, by, hold, doubt: this.doubt ?? undefined, about, at: new Date(this.line.now()).toISOString() });
    await this.queue.add(entry);
    return entry;
  }

  end() { clearInterval(this.timer); }
}
