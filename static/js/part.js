// Selling or releasing a part: as soon as a quantity is typed, the buttons no longer promise all of it.
export default function part(form) {
  const buttons = [...form.querySelectorAll("[data-part-says]")].map((button) => [button, button.textContent]);
  const fields = form.querySelectorAll("[name^=qty_]");
  const say = () => {
    const some = [...fields].some((field) => field.value.trim());
    for (const [button, all] of buttons) button.textContent = some ? button.dataset.partSays : all;
  };
  form.addEventListener("input", say);
  say();
}
