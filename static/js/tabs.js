// One form at a time. The links have addresses of their own; with the script they switch without asking the server.
export default function tabs(box) {
  const show = (name) => {
    box.querySelectorAll("[data-tab]").forEach((tab) => tab.dataset.tab === name ? tab.setAttribute("aria-current", "true") : tab.removeAttribute("aria-current"));
    box.querySelectorAll("[data-panel]").forEach((panel) => { panel.hidden = panel.dataset.panel !== name; });
  };
  box.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tab]");
    if (!tab) return;
    event.preventDefault();
    show(tab.dataset.tab);
  });
  document.querySelectorAll("[data-verb]").forEach((link) => link.addEventListener("click", (event) => {
    if (!box.querySelector(`[data-panel="${link.dataset.verb}"]`)) return;
    event.preventDefault();
    show(link.dataset.verb);
    box.scrollIntoView({ block: "nearest" });
    box.querySelector(`[data-panel="${link.dataset.verb}"] input:not([type=hidden])`)?.focus();
  }));
}
