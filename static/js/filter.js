// Filters of a list act while one types, and the address always says what is shown. The whole page is asked for, because counts
// and links depend on the filter too; only what is marked `data-filtered` is taken from it, so that the typing is not disturbed.
const PAUSE_MS = 250;
const SLOW_MS = 150;

export default function filter(form) {
  let timer, asked = 0;
  async function go() {
    clearTimeout(timer);
    const mine = ++asked;
    const url = address(form);
    const list = document.querySelector('[data-filtered="list"]');
    const slow = setTimeout(() => list?.setAttribute("aria-busy", "true"), SLOW_MS);
    const answer = await fetch(url).finally(() => { clearTimeout(slow); list?.removeAttribute("aria-busy"); });
    if (answer.redirected) { location.reload(); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    for (const part of document.querySelectorAll("[data-filtered]")) take(part, page.querySelector(`[data-filtered="${part.dataset.filtered}"]`));
    history.replaceState(null, "", url);
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); go(); });
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target.matches("[data-submits]")) go();
    else timer = setTimeout(go, PAUSE_MS);
  });
}

function take(part, fresh) {
  if (fresh) part.replaceChildren(...fresh.childNodes);
}

function address(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(filled).toString();
  return location.pathname + (query ? `?${query}` : "");
}
