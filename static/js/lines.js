// Lines of a form: what is available where the goods leave follows the choice, the button counts the lines, a scan adds one.
import { onScan } from "./scan.js";

export default function lines(form) {
  const { from, add } = form.elements;
  const button = form.querySelector("[data-deed]");
  const plain = button.textContent;

  function say() {
    for (const each of form.querySelectorAll("[data-where]")) each.hidden = each.dataset.where !== from.value;
    const filled = [...form.querySelectorAll("[name^=qty_]")].filter((field) => field.value.trim()).length;
    button.textContent = filled > 1 ? button.dataset.deed.replace("{}", filled) : plain;
  }
  form.addEventListener("input", say);
  onScan((code) => { add.value = code; form.requestSubmit(); });
  // Whoever types a quantity and presses Enter wants the next line, not a half-made transfer.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[name^=qty_]")) { event.preventDefault(); add.focus(); }
  });
  say();
}
