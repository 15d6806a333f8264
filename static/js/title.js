// How much waits for somebody stands before the title, so that it is seen from another tab. Only what can leave an exception asks again.
const REST_MS = 5000;
const LEAVES = new Set(["issue", "adjust", "commit", "correct"]);

export default function title() {
  const marks = () => document.querySelectorAll("[data-waits]");
  const plain = document.title;
  let waiting = null;

  function say(count) {
    document.title = count ? `(${count}) ${plain}` : plain;
    for (const mark of marks()) { mark.textContent = count || ""; mark.hidden = !count; }
  }
  async function ask() {
    waiting = null;
    const answer = await fetch(marks()[0].dataset.from, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.ok) say(Number(await answer.text()));
  }
  if (!marks().length) return;
  say(Number(marks()[0].textContent));
  document.addEventListener("stock", ({ detail }) => { if (LEAVES.has(detail.kind)) waiting ??= setTimeout(ask, REST_MS); });
}
