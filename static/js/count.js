// Putting stock right: the counted quantity or the change, whichever is in the person's head; the other shows itself.
export default function count(form) {
  const { warehouse, counted, delta, expected } = form.elements;
  const { point } = document.documentElement.dataset;
  const read = (text) => Number(text.replace(/[\s\u00a0\u202f]/g, "").replace("\u2212", "-").replace(point, "."));
  const write = (number) => String(Math.round(number * 1e6) / 1e6).replace(".", point).replace("-", "\u2212");
  const hint = counted.closest(".field").querySelector(".form-hint");
  const told = hint?.textContent.replace(/[\d.,\s\u00a0\u202f]*\d/, "{}");

  function reckon(from, to, sum) {
    const number = read(from.value);
    to.placeholder = from.value.trim() && Number.isFinite(number) ? write(sum(number)) : "";
    if (from.value.trim()) to.value = "";
  }
  counted.addEventListener("input", () => reckon(counted, delta, (number) => number - Number(expected.value)));
  delta.addEventListener("input", () => reckon(delta, counted, (number) => Number(expected.value) + number));
  warehouse.addEventListener("change", () => {
    expected.value = form.querySelector(`[data-here="${CSS.escape(warehouse.value)}"]`)?.value ?? "0";
    if (hint) hint.textContent = told.replace("{}", expected.value.replace(".", point));
    counted.dispatchEvent(new Event("input"));
  });
}
