// A menu closes when one clicks elsewhere, leaves it with Tab, or presses Escape.
export default function menu(details) {
  const close = (event) => { if (!details.contains(event.target)) details.open = false; };
  document.addEventListener("click", close);
  document.addEventListener("focusin", close);
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}
