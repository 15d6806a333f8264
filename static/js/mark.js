// Marks what has just changed; the mark fades by itself (number.css) and is taken off when it has.
const MARK_MS = 2400;
const marked = new WeakMap();

export function mark(element, name = "changed") {
  clearTimeout(marked.get(element));
  element.classList.remove(name);
  // Reading the width makes the animation begin again when one change follows another.
  void element.offsetWidth;
  element.classList.add(name);
  marked.set(element, setTimeout(() => element.classList.remove(name), MARK_MS));
}
