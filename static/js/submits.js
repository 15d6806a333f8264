// A form that is one choice is sent by choosing.
export default function submits(form) {
  form.addEventListener("change", () => form.requestSubmit());
}
