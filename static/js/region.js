// A part of the page that is asked for again when the feed says that it may have changed: the same template as in the first view.
// `data-part` names it to the server, `data-on="sku"` narrows it to what it shows, `data-rest` is the least time between two askings.
import { patch } from "./patch.js";

const REST_MS = 250;
// A screen may take a fifth of the time that its part costs the server, however fast the stock moves.
const SHARE = 5;

export default function region(element) {
  const least = Number(element.dataset.rest ?? REST_MS);
  let waiting = null, asking = false, again = false, last = 0, took = 0;

  function wish() {
    if (asking) { again = true; return; }
    if (waiting || document.hidden) return;
    waiting = setTimeout(ask, Math.max(0, last + Math.max(least, took * SHARE) - performance.now()));
  }
  async function ask() {
    waiting = null;
    asking = true;
    const begun = performance.now();
    try {
      const answer = await fetch(address(element), { headers: { "HX-Request": "true" } });
      if (answer.headers.has("HX-Redirect")) location.reload();
      else if (answer.ok && element.isConnected) patch(element, await answer.text());
    } catch { /* The feed says that the connection is gone, and asks again when it is back. */ }
    last = performance.now();
    took = last - begun;
    asking = false;
    if (again) { again = false; wish(); }
  }
  document.addEventListener("stock", ({ detail }) => { if (element.isConnected && concerns(element, detail)) wish(); });
  document.addEventListener("refresh", ({ detail }) => { if (element.isConnected && !(detail.seq <= Number(element.dataset.seq))) wish(); });
}

function address(element) {
  const url = new URL(location.href);
  if (element.dataset.part) url.searchParams.set("part", element.dataset.part);
  url.hash = "";
  return url;
}

function concerns(element, row) {
  const by = element.dataset.on;
  if (!by) return true;
  const selector = `[data-${by}="${CSS.escape(row[by] ?? "")}"]`;
  return element.matches(selector) || element.querySelector(selector) !== null;
}
