// What the till keeps on its own disk: who it is, the catalogue, levels as last heard, the sales that wait, and what became of them.
// All tabs of one browser share it, so they are one till: numbers of sales are drawn inside the transaction that keeps the sale.
import { openDB } from "../vendor/idb.js";

const VERSION = 1;
const SEEN_MAX = 200;
const ALPHABET = "23456789abcdefghjkmnpqrstvwxyz";

export async function openStore(company) {
  const database = await openDB(`onhand-kiosk-${company}`, VERSION, {
    upgrade(fresh) {
      fresh.createObjectStore("facts");
      fresh.createObjectStore("items", { keyPath: "sku" });
      fresh.createObjectStore("levels", { keyPath: "sku" });
      fresh.createObjectStore("waiting", { keyPath: "n" });
      fresh.createObjectStore("seen", { keyPath: "n" });
    },
    // Another tab brings a newer till: give way, or it waits for ever.
    blocking(_, __, event) { event.target.close(); location.reload(); },
  });
  // Asked once; a browser short of space may otherwise forget sales that wait.
  await navigator.storage?.persist?.().catch(() => false);
  const store = new Store(database);
  await store.beSomebody();
  return store;
}

class Store {
  constructor(database) { this.database = database; }

  async beSomebody() {
    const writing = this.database.transaction("facts", "readwrite");
    this.till = (await writing.store.get("till")) ?? name();
    await writing.store.put(this.till, "till");
    await writing.done;
  }

  get(fact) { return this.database.get("facts", fact); }
  set(fact, value) { return this.database.put("facts", value, fact); }

  items() { return this.database.getAll("items"); }
  levels() { return this.database.getAll("levels"); }

  async keepCatalogue(items, edition) {
    const writing = this.database.transaction(["items", "facts"], "readwrite");
    const table = writing.objectStore("items");
    await table.clear();
    for (const item of items) table.put(item);
    writing.objectStore("facts").put(edition, "edition");
    await writing.done;
  }

  // A snapshot of a warehouse, as of a sequence: the feed goes on from there.
  async keepLevels(warehouse, levels, seq) {
    const writing = this.database.transaction(["levels", "facts"], "readwrite");
    const table = writing.objectStore("levels");
    await table.clear();
    for (const level of levels) table.put(level);
    writing.objectStore("facts").put({ warehouse, seq }, "heard");
    await writing.done;
  }

  // What the feed told, and how far it has been heard, together: after a crash the till asks again for what it has not kept.
  async hear(warehouse, levels, seq) {
    const writing = this.database.transaction(["levels", "facts"], "readwrite");
    const heard = await writing.objectStore("facts").get("heard");
    if (heard?.warehouse === warehouse && heard.seq <= seq) {
      for (const level of levels) writing.objectStore("levels").put(level);
      writing.objectStore("facts").put({ warehouse, seq }, "heard");
    }
    await writing.done;
  }

  async nextNumber() {
    const writing = this.database.transaction("facts", "readwrite");
    const n = ((await writing.store.get("number")) ?? 0) + 1;
    await writing.store.put(n, "number");
    await writing.done;
    return n;
  }

  // Returns when the entry is on the disk, not merely on its way there: only then may the screen say that it is done.
  async add(entry) {
    const writing = this.database.transaction("waiting", "readwrite", { durability: "strict" });
    await writing.store.add(entry);
    await writing.done;
  }

  waiting() { return this.database.getAll("waiting"); }

  async change(entry) {
    const writing = this.database.transaction("waiting", "readwrite", { durability: "strict" });
    await writing.store.put(entry);
    await writing.done;
  }

  // Out of the queue and among what has been seen, in one step: an entry is always in exactly one of them.
  async settle(entry) {
    const writing = this.database.transaction(["waiting", "seen"], "readwrite", { durability: "strict" });
    await writing.objectStore("waiting").delete(entry.n);
    const seen = writing.objectStore("seen");
    await seen.put(entry);
    const numbers = await seen.getAllKeys();
    for (const n of numbers.slice(0, -SEEN_MAX)) seen.delete(n);
    await writing.done;
  }

  async seen(most) { return (await this.database.getAll("seen")).slice(-most).reverse(); }
}

// Random, so that a till that was wiped and begins again at 1 never meets its old keys.
function name() {
  return "till-" + [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
