// A scanner is a keyboard that types faster than people and ends with Enter: what it scans anywhere opens that item, unless the page
// takes it in (`data-scans`).
const FAST_MS = 40;
const PAUSE_MS = 100;
const SHORTEST = 4;

export default function scan() {
  const search = document.querySelector(".find");
  onScan((code) => {
    if (document.querySelector("[data-scans]")) return;
    search.elements.code.value = code;
    search.requestSubmit();
  });
}

// Keys that came in one go. A scanner is fast on the whole: a busy machine may hold up one of its keys for a moment.
class Burst {
  typed = "";
  begun = 0;
  at = 0;
  ended = false;

  // Hear a key; whether it begins a burst.
  hear(event) {
    const begins = this.ended || event.timeStamp - this.at > PAUSE_MS;
    this.ended = event.key === "Enter";
    if (begins) Object.assign(this, { typed: "", begun: event.timeStamp });
    this.at = event.timeStamp;
    if (event.key.length === 1) this.typed += event.key;
    return begins;
  }

  get isFast() {
    return this.typed.length >= SHORTEST && this.at - this.begun <= this.typed.length * FAST_MS;
  }
}

// Tells of every code that is scanned while nobody is typing into a field.
export function onScan(take) {
  const burst = new Burst();
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    burst.hear(event);
    if (event.key === "Enter" && burst.isFast) {
      event.preventDefault();
      take(burst.typed);
    }
  });
  // The camera is a scanner too.
  document.addEventListener("scanned", ({ detail }) => take(detail));
}

// Tells of a code that was scanned while the focus was in one of these fields, and gives the field back what it held before. Whatever
// has letters in it or as many digits as a barcode is no quantity, however slowly it came.
const CODE = /[A-Za-z]|\d{8}/;

export function onScanInto(root, selector, take) {
  const burst = new Burst();
  let before = "", held = "";
  root.addEventListener("focusin", ({ target }) => { if (target.matches(selector)) held = target.value; });
  root.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches(selector)) return;
    if (burst.hear(event)) before = field.value;
    if (event.key === "Enter" && (burst.isFast || CODE.test(field.value))) {
      const code = burst.isFast ? burst.typed : field.value.trim();
      event.preventDefault();
      event.stopImmediatePropagation();
      field.value = burst.isFast ? before : held;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      take(code);
    }
  }, true);
}
