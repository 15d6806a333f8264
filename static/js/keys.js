// Keys: `/` searches, `?` shows all, `n` and `r` follow the link that carries them, `g d` and its like lead where the list of keys says.
// A scanner types codes with such letters in them, but no person is so fast.
const SCANNER_MS = 50;

export default function keys() {
  const list = document.getElementById("keys");
  let first = "", meant;
  document.querySelectorAll("[data-keys]").forEach((button) => button.addEventListener("click", () => list.showModal()));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    const key = event.key;
    clearTimeout(meant);
    if (key === "/") focus(event, document.querySelector("[data-find]") ?? document.querySelector(".find input"));
    else if (key === "?") list.showModal();
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else { const keyed = first ? `${first} ${key}` : key; meant = setTimeout(() => follow(keyed), SCANNER_MS); }
    first = key === "g" ? key : "";
  });
  function follow(keyed) {
    const found = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === keyed);
    if (found) found.dataset.to ? location.assign(found.dataset.to) : found.click();
  }
}

function focus(event, field) {
  event.preventDefault();
  field?.focus();
  field?.select();
}

// To the link of the next or previous row.
function step(by) {
  const links = [...document.querySelectorAll("main [data-row] a.name")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
}
