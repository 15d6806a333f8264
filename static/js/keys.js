// Keys: `/` searches items and deeds, `f` this list, `?` shows all, `j` and `k` walk the rows, `x` selects one; letters press the button
// or follow the link that carries them, `g d` and its like lead where the list of keys says.
// A scanner types codes with such letters in them, but no person is so fast.
import { open } from "./palette.js";

const SCANNER_MS = 50;

export default function keys() {
  const list = document.getElementById("keys");
  let first = "", meant;
  document.querySelectorAll("[data-keys]").forEach((button) => button.addEventListener("click", () => list.showModal()));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") || document.querySelector("dialog:modal")) return;
    const key = event.key;
    clearTimeout(meant);
    if (key === "/") { event.preventDefault(); open(document.getElementById("palette")); }
    else if (key === "?") list.showModal();
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else if (key.length === 1) { const keyed = first ? `${first} ${key}` : key; meant = setTimeout(() => follow(keyed), SCANNER_MS); }
    first = key === "g" ? key : "";
  });
}

function follow(keyed) {
  if (keyed === "f") focus(document.querySelector("main [data-find]"));
  else if (keyed === "x") select();
  else {
    const found = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === keyed);
    if (found) found.dataset.to ? location.assign(found.dataset.to) : found.click();
  }
}

function focus(field) {
  field?.focus();
  field?.select();
}

// To the link of the next or previous row; from a checkbox of a row to its neighbours'.
function step(by) {
  const links = [...document.querySelectorAll("main [data-row] a.name")];
  const here = document.activeElement?.closest("[data-row]");
  const at = links.findIndex((link) => link.closest("[data-row]") === here);
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

// The row that has the focus, else the one under the pointer.
function select() {
  const row = document.activeElement?.closest("[data-row]") ?? document.querySelector("main [data-row]:hover");
  row?.querySelector("[data-select]")?.click();
}
