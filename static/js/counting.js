// Counting by scan: a code that is in the list counts one more, another is asked for. Beside each line, how far it is from the books.
import { mark } from "./mark.js";
import { onScan } from "./scan.js";

export default function counting(form) {
  const { point } = document.documentElement.dataset;
  const read = (text) => Number(text.replace(/[\s\u00a0\u202f]/g, "").replace(point, "."));
  const write = (value) => String(Math.round(value * 1e6) / 1e6).replace(".", point);
  const button = form.querySelector("[data-deed]");
  const plain = button?.textContent;

  function say() {
    let differ = 0;
    for (const line of form.querySelectorAll("[data-line]")) {
      const counted = line.querySelector("[name^=counted_]").value.trim();
      const by = counted ? read(counted) - Number(line.querySelector("[name^=expected_]").value) : NaN;
      line.querySelector("[data-difference]").textContent = Number.isFinite(by) ? (by > 0 ? "+" : by < 0 ? "\u2212" : "") + write(Math.abs(by)) : "";
      if (by) differ += 1;
    }
    if (button) button.textContent = differ ? button.dataset.deed.replace("{}", differ) : plain;
  }
  function change(line, by) {
    const field = line.querySelector("[name^=counted_]");
    field.value = write(Math.max(0, (read(field.value) || 0) + by));
    mark(field);
    say();
  }
  for (const step of form.querySelectorAll("[data-less], [data-more]")) {
    step.hidden = false;
    step.addEventListener("click", () => change(step.closest("[data-line]"), "more" in step.dataset ? 1 : -1));
  }
  form.addEventListener("input", say);
  function scanned(code) {
    const line = [...form.querySelectorAll("[data-line]")].find((each) => each.dataset.codes.split("|").includes(code));
    form.elements.add.value = line ? "" : code;
    if (line) { change(line, 1); return; }
    form.elements.scanned.value = "yes";
    form.requestSubmit();
  }
  // A scanner types into the field for items as well, where it has the focus.
  form.elements.add.addEventListener("keydown", (event) => {
    const code = form.elements.add.value.trim();
    if (event.key !== "Enter" || !code) return;
    event.preventDefault();
    scanned(code);
  });
  onScan(scanned);
  say();
}
