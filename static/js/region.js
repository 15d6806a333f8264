// A part of the page that is asked for again when the feed says that it may have changed: the same template as in the first view.
// `data-part` names it to the server, `data-on="sku"` narrows it to what it shows, `data-rest` is the least time between two askings;
// `data-hears` names what it listens for instead of stock; with `data-every` it is asked for that often even when the feed is silent,
// with `data-settles` once more so long after the last event: for what follows a change and is told by none.
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
      const html = await fetched(address(element));
      if (html !== null && element.isConnected) patch(element, html);
    } catch { /* The feed says that the connection is gone, and asks again when it is back. */ }
    last = performance.now();
    took = last - begun;
    asking = false;
    if (again) { again = false; wish(); }
  }
  const every = Number(element.dataset.every);
  if (every) {
    const timer = setInterval(() => element.isConnected ? wish() : clearInterval(timer), every);
  }
  const settles = Number(element.dataset.settles);
  let settling = null;
  function stirred() {
    wish();
    if (!settles) return;
    clearTimeout(settling);
    settling = setTimeout(() => { if (element.isConnected) wish(); }, settles);
  }
  document.addEventListener(element.dataset.hears ?? "stock", ({ detail }) => { if (element.isConnected && concerns(element, detail)) stirred(); });
  document.addEventListener("refresh", ({ detail }) => { if (element.isConnected && !(detail.seq <= Number(element.dataset.seq))) wish(); });
}

// Two regions that show the same part share one answer.
const asked = new Map();

function fetched(url) {
  const key = url.href;
  if (!asked.has(key)) asked.set(key, take(url).finally(() => asked.delete(key)));
  return asked.get(key);
}

async function take(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  // The session has ended: the server would show the door.
  if (answer.headers.has("HX-Redirect")) location.reload();
  return answer.ok && answer.status !== 204 ? answer.text() : null;
}

function address(element) {
  // A refused form leaves the browser at the address it was sent to, which cannot be asked again.
  const url = new URL(element.dataset.from ?? location.href, location.href);
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
