// What changed while nobody looked stands before the title, so that it is seen from another tab; whoever comes back has seen it.
const MOST = 99;

export default function title() {
  const plain = document.title;
  let missed = 0, newest = 0;

  document.addEventListener("missed", ({ detail }) => {
    // Several tabs may pass on the same row.
    if (detail.seq <= newest) return;
    newest = detail.seq;
    missed += 1;
    document.title = `(${missed > MOST ? `${MOST}+` : missed}) ${plain}`;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    missed = 0;
    document.title = plain;
  });
}
