// A password can be looked at while it is typed.
export default function reveal(box) {
  const [field, button] = box.children;
  button.hidden = false;
  button.addEventListener("click", () => {
    field.type = field.type === "password" ? "text" : "password";
    button.setAttribute("aria-pressed", String(field.type === "text"));
  });
}
