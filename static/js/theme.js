// Runs before the first paint: without a choice of the person, the page follows the system, also when that changes.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
if (root.dataset.theme !== "chosen") {
  follow();
  dark.addEventListener("change", () => { if (root.dataset.theme !== "chosen") follow(); });
}
