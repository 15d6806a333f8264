// The page on paper. Without the script the browser's own menu does it.
export default function print(button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
