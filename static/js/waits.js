// How much waits for somebody, beside each way to it. Only what can leave an exception asks again, and coming back to the tab.
const REST_MS = 5000;
const LEAVES = new Set(["issue", "adjust", "commit", "correct"]);
const marks = [];
let waiting = null;

export default function waits(mark) {
  if (marks.push(mark) > 1) return;
  document.addEventListener("stock", ({ detail }) => { if (LEAVES.has(detail.kind) && !document.hidden) waiting ??= setTimeout(ask, REST_MS); });
  document.addEventListener("refresh", ({ detail }) => { if (detail.seq === undefined) waiting ??= setTimeout(ask); });
}

async function ask() {
  waiting = null;
  const answer = await fetch(marks[0].dataset.from, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const count = Number(await answer.text());
  for (const mark of marks) { mark.textContent = count || ""; mark.hidden = !count; }
}
