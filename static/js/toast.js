// One finished deed, for six seconds; it stays while somebody points at it or has it in focus.
const STAYS_MS = 6000;

export default function toast(line) {
  let timer;
  const leave = () => { timer = setTimeout(() => line.remove(), STAYS_MS); };
  const stay = () => clearTimeout(timer);
  line.querySelector("[data-close]").addEventListener("click", () => line.remove());
  for (const name of ["pointerenter", "focusin"]) line.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) line.addEventListener(name, leave);
  leave();
}
