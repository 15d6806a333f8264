// Filters of a list act while one types: only the rows are asked for, and the address always says what is shown.
import { swap } from "./swap.js";

const PAUSE_MS = 200;

export default function filter(form) {
  let timer;
  const go = () => { clearTimeout(timer); swap(address(form), form.dataset.target); };
  form.addEventListener("submit", (event) => { event.preventDefault(); go(); });
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target.matches("[data-submits]")) go();
    else timer = setTimeout(go, PAUSE_MS);
  });
}

function address(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(filled).toString();
  return location.pathname + (query ? `?${query}` : "");
}
