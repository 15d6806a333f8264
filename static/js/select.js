// Rows that are selected, and the bar for what is done with them. Without the script the bar stands there as soon as one is checked.
export default function select(panel) {
  const bar = panel.querySelector(".bulk");
  const count = bar.querySelector("[data-count]");
  const all = () => [...panel.querySelectorAll("[data-select]")];
  let last = null;

  function say() {
    const boxes = all();
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
    count.textContent = bar.dataset.says.replace("{}", chosen.length);
    const every = panel.querySelector("[data-select-all]");
    if (every) {
      every.checked = chosen.length > 0 && chosen.length === boxes.length;
      every.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
    }
  }
  // With Shift, all rows from the one selected before.
  panel.addEventListener("click", ({ target, shiftKey }) => {
    if (!target.matches("[data-select]")) return;
    const boxes = all();
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(target)].sort((a, b) => a - b);
    if (shiftKey && from >= 0) for (const box of boxes.slice(from, to + 1)) box.checked = target.checked;
    last = target;
  });
  panel.addEventListener("change", ({ target }) => {
    if (target.matches("[data-select-all]")) for (const box of all()) box.checked = target.checked;
    say();
  });
  function clear() {
    for (const box of all()) box.checked = false;
    say();
  }
  bar.querySelector("[data-clear]").addEventListener("click", (event) => { event.preventDefault(); clear(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog:modal") && all().some((box) => box.checked)) clear();
  });
  // Rows that come later, by a search or the next look at the list, are counted too.
  new MutationObserver(say).observe(panel.querySelector("[data-rows]"), { childList: true });
  say();
}
