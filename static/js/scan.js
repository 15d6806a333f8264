// A scanner is a keyboard that types faster than people and ends with Enter: what it scans anywhere opens that item, unless the page
// takes it in (`data-scans`).
const FAST_MS = 40;
const SHORTEST = 4;

export default function scan() {
  const search = document.querySelector(".find");
  onScan((code) => {
    if (document.querySelector("[data-scans]")) return;
    search.elements.code.value = code;
    search.requestSubmit();
  });
}

// Tells of every code that is scanned while nobody is typing into a field.
export function onScan(take) {
  let typed = "", at = 0;
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (event.timeStamp - at > FAST_MS) typed = "";
    at = event.timeStamp;
    if (event.key === "Enter" && typed.length >= SHORTEST) {
      event.preventDefault();
      take(typed);
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  });
  // The camera is a scanner too.
  document.addEventListener("scanned", ({ detail }) => take(detail));
}

// Tells of a code that was scanned while the focus was in one of these fields, and gives the field back what it held before. Whatever
// has letters in it or as many digits as a barcode is no quantity, however slowly it came.
const CODE = /[A-Za-z]|\d{8}/;

export function onScanInto(root, selector, take) {
  let typed = "", at = 0, before = "", held = "";
  root.addEventListener("focusin", ({ target }) => { if (target.matches(selector)) held = target.value; });
  root.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches(selector)) return;
    if (event.timeStamp - at > FAST_MS) { typed = ""; before = field.value; }
    at = event.timeStamp;
    const fast = typed.length >= SHORTEST;
    if (event.key === "Enter" && (fast || CODE.test(field.value))) {
      const code = fast ? typed : field.value.trim();
      event.preventDefault();
      event.stopImmediatePropagation();
      field.value = fast ? before : held;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      take(code);
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  }, true);
}
