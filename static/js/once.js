// A form is sent once however often one clicks; its button says what it will do: "Reserve 10 pcs".
export default function once(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // The way back shows the page as it was left, with a form that must be usable again.
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
  const button = form.querySelector("[data-says-qty]");
  const quantity = form.querySelector("[data-says=qty]");
  if (!button || !quantity) return;
  const plain = button.textContent;
  const say = () => {
    const typed = quantity.value.trim();
    button.textContent = typed ? button.dataset.saysQty.replace("{}", `${typed}\u00a0${button.dataset.unit}`.trim()) : plain;
  };
  quantity.addEventListener("input", say);
  say();
}
