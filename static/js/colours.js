// The style page shows both themes without asking the server.
export default function colours(group) {
  group.addEventListener("click", ({ target }) => {
    if (!target.dataset.theme) return;
    document.documentElement.dataset.bsTheme = target.dataset.theme;
    for (const button of group.children) button.setAttribute("aria-pressed", String(button === target));
  });
}
