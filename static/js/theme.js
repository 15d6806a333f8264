// Runs before the first paint, so that no page flashes: unless the person chose colours, the page follows the device.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  root.classList.add("scripted");
  if (root.dataset.theme === "auto") {
    follow();
    dark.addEventListener("change", follow);
  }
}
