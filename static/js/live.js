// The feed of this company: tells the page what changed (event "stock" on the document), and the person how fresh the screen is.
// Of the hidden tabs one holds a connection and tells the others what they miss (event "missed"): browsers allow six per server, and
// a shop opens more tabs than that. Where tabs cannot agree on one, none of them does.
import { number, timeOf } from "./language.js";

const WORRY_MS = 5000;
const GIVE_UP_MS = 10000;
const HIDDEN_GRACE_MS = 5000;
const ORDER = /^PO-\d+$/;
const kinds = ["receive", "issue", "adjust", "reserve", "commit", "release", "expire", "ship", "arrive", "write_off", "correct"];

export default function live(badge) {
  const [word, words] = badge.children;
  const ahead = serverClockAhead();
  const tabs = new BroadcastChannel(badge.dataset.feed);
  let source = null, after = null, lostAt = null, saidAt = 0, timer, turn = null;

  function say(state, text, detail = "") {
    badge.className = `live${state}`;
    badge.hidden = false;
    if (word.textContent !== text) word.textContent = text;
    words.textContent = detail;
    document.querySelectorAll("[data-live-words]").forEach((each) => { each.textContent = `${text} ${detail}`.trim(); });
  }
  function open() {
    if (source || (document.hidden && !turn?.mine)) return;
    source = new EventSource(after ? `${badge.dataset.feed}?after=${after}` : badge.dataset.feed);
    source.addEventListener("hello", (event) => {
      lostAt = null;
      say("", badge.dataset.live);
      after ??= JSON.parse(event.data).as_of_seq;
      // Parts rendered before this line was open may have missed something; those that lost it certainly have.
      tell("refresh", { seq: after });
    });
    source.addEventListener("resync", (event) => { after = event.lastEventId; tell("refresh", {}); });
    for (const kind of kinds) source.addEventListener(`stock.${kind}`, happened);
    source.addEventListener("order.changed", (event) => tell("order", JSON.parse(event.data)));
    source.onerror = lost;
  }
  function happened(event) {
    after = event.lastEventId;
    const row = JSON.parse(event.data);
    const seq = Number(after);
    tabs.postMessage(seq);
    miss(seq);
    tell("stock", row);
    // Goods that come or go back change their order too.
    if (ORDER.test(row.reference ?? "")) tell("order", { order: row.reference });
    const now = Date.now();
    if (now - saidAt < 250) return;
    saidAt = now;
    const late = Math.max(0, now + ahead - Date.parse(row.recorded_at));
    say(late > WORRY_MS ? " live-late" : "", badge.dataset.live, badge.dataset.behind.replace("{}", number(late / 1000, 1)));
    document.querySelectorAll("[data-live-seq]").forEach((each) => { each.textContent = each.textContent.replace(/[\d.,\s\u00a0\u202f]*\d/, number(Number(after))); });
  }
  function lost() {
    lostAt ??= Date.now();
    const time = timeOf(lostAt);
    if (Date.now() - lostAt < GIVE_UP_MS && navigator.onLine) say(" live-wait", badge.dataset.wait);
    else say(" live-off", ...badge.dataset.off.replace("{}", `|${time}`).split("|"));
    // The browser tries again by itself unless it was turned away; then we do.
    if (source?.readyState === EventSource.CLOSED) { close(); clearTimeout(timer); timer = setTimeout(open, WORRY_MS); }
  }
  function close() { source?.close(); source = null; }
  function miss(seq) { if (document.hidden) tell("missed", { seq }); }
  // The turn to hold the connection of the hidden tabs: it is had until somebody looks here again.
  function rest() {
    close();
    if (!navigator.locks) return;
    const mine = turn = { ended: new AbortController() };
    navigator.locks.request(badge.dataset.feed, { signal: mine.ended.signal }, () => new Promise((end) => {
      Object.assign(mine, { mine: true, end });
      open();
    })).catch(() => { /* Somebody looked here before it was this tab's turn. */ });
  }
  function wake() {
    turn?.end ? turn.end() : turn?.ended.abort();
    turn = null;
    open();
    tell("refresh", {});
  }
  tabs.addEventListener("message", ({ data }) => miss(data));
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(rest, HIDDEN_GRACE_MS);
    else wake();
  });
  addEventListener("offline", lost);
  // The old line may look alive for minutes: a new one tells at once.
  addEventListener("online", () => { close(); open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  setInterval(() => { if (lostAt !== null) lost(); }, 1000);
  open();
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

// Milliseconds by which the server's clock is ahead of ours, from the moment it began to answer this page.
function serverClockAhead() {
  const answered = performance.timeOrigin + performance.getEntriesByType("navigation")[0].responseStart;
  return Number(document.body.dataset.now) / 1000 - answered;
}
