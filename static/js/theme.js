// Runs before the first paint, so that no page flashes: unless the person chose colours, the page follows the device. Paper is white.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const chosen = () => root.dataset.theme === "auto" ? (dark.matches ? "dark" : "light") : root.dataset.theme;
  const show = () => { root.dataset.bsTheme = paper.matches ? "light" : chosen(); };
  root.classList.add("scripted");
  for (const each of [dark, paper]) each.addEventListener("change", show);
  show();
}
