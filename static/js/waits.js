// How much waits for somebody, beside the way to it. Only what can leave an exception asks again, and coming back to the tab.
const REST_MS = 5000;
const LEAVES = new Set(["issue", "adjust", "commit", "correct"]);

export default function waits(mark) {
  let waiting = null;

  async function ask() {
    waiting = null;
    const answer = await fetch(mark.dataset.from, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return;
    const count = Number(await answer.text());
    mark.textContent = count || "";
    mark.hidden = !count;
  }
  document.addEventListener("stock", ({ detail }) => { if (LEAVES.has(detail.kind) && !document.hidden) waiting ??= setTimeout(ask, REST_MS); });
  document.addEventListener("refresh", ({ detail }) => { if (detail.seq === undefined) waiting ??= setTimeout(ask); });
}
