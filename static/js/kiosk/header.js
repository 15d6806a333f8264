// The top of the till tells the truth: about the line, and about what waits here and has not been sent.
import { timeOf } from "../language.js";
import { count, say } from "./words.js";

// A line that breaks and is back within this is not worth an alarm.
const PATIENT_MS = 10_000;

export function truth({ line, queue, heardAt, lostAt, now }) {
  const waiting = queue.waiting.length, shown = waiting ? count("waiting", waiting) : "";
  if (line.isOpen) return { look: "", word: say("online"), more: waiting ? count("sending", waiting) : "" };
  if (line.state === "signed-out") return { look: " live-off", word: say("signed_out"), more: shown, band: "signed-out" };
  if (line.why !== "offline" && now - lostAt < PATIENT_MS) return { look: " live-wait", word: say("connecting"), more: shown };
  const since = heardAt ? say("since", timeOf(heardAt)) : "";
  return { look: " live-off", word: say("offline"), more: [since, shown].filter(Boolean).join(", "), band: "offline" };
}

export function showTruth(els, told, { queue, heardAt }) {
  const [word, more] = els.badge.children;
  els.badge.className = `live${told.look}`;
  put(word, told.word);
  put(more, told.more);
  els.offline.hidden = told.band !== "offline";
  els["signed-out"].hidden = told.band !== "signed-out";
  put(els["stock-from"], heardAt ? say("stock_from", timeOf(heardAt)) : "");
  els.queued.hidden = !queue.waiting.length;
  put(els.queued, queue.waiting.length ? count("waiting", queue.waiting.length) : "");
  els.attention.hidden = !queue.refused.length;
  put(els["attention-count"], queue.refused.length ? count("attention", queue.refused.length) : "");
}

// Whoever listens to the page hears only what is new.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
