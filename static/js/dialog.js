// A dialog opens over the page from whatever carries `data-opens` with its id, and closes by its button, Escape or a click beside it.
// One that came open from the server asks at once; one that `stays` is a part of the page where there is room for it.
const WIDE = matchMedia("(min-width: 75rem)");

export default function dialog(box) {
  const stays = box.classList.contains("dialog-stays");
  document.addEventListener("click", (event) => {
    if (!event.target.closest(`[data-opens="${box.id}"]`)) return;
    event.preventDefault();
    show(box, stays);
  });
  box.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") || event.target === box) box.close();
  });
  // Closed, a part of the page would be gone from it.
  if (stays) box.addEventListener("close", () => box.setAttribute("open", ""));
  if ("now" in box.dataset) show(box, stays);
}

function show(box, stays) {
  if (!(stays && WIDE.matches) && !box.matches(":modal")) {
    box.removeAttribute("open");
    box.showModal();
  }
  const fields = [...box.querySelectorAll("input:not([type=hidden]), select, textarea")];
  (fields.find((field) => field.matches("[aria-invalid]")) ?? fields.find((field) => field.matches("[data-first]")) ?? fields.find((field) => field.required && !field.value) ?? fields[0])?.focus();
}
