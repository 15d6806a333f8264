// A scanner is a keyboard that types faster than people and ends with Enter: what it scans anywhere opens that item.
const FAST_MS = 40;
const SHORTEST = 4;

export default function scan() {
  const search = document.querySelector(".find");
  let typed = "", at = 0;
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select")) return;
    if (event.timeStamp - at > FAST_MS) typed = "";
    at = event.timeStamp;
    if (event.key === "Enter" && typed.length >= SHORTEST) {
      event.preventDefault();
      search.elements.code.value = typed;
      search.requestSubmit();
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  });
}
