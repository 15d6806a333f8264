// A text that is shown once, and a button that puts it where it is needed. Without the script the text can still be marked.
export default function copy(box) {
  const button = box.querySelector("button");
  const field = box.querySelector("input");
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.querySelector("span").textContent = button.dataset.done;
  });
}
