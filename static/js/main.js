// Gives elements their behaviours: `data-do="once count"` loads once.js and count.js and calls each with the element, once.
// Everything works without them; a behaviour makes it quicker, calmer or alive.
const behaviours = {
  ago: () => import("./ago.js"),
  camera: () => import("./camera.js"),
  chart: () => import("./chart.js"),
  colours: () => import("./colours.js"),
  copy: () => import("./copy.js"),
  count: () => import("./count.js"),
  countdown: () => import("./countdown.js"),
  counting: () => import("./counting.js"),
  dialog: () => import("./dialog.js"),
  dock: () => import("./dock.js"),
  draft: () => import("./draft.js"),
  filter: () => import("./filter.js"),
  keys: () => import("./keys.js"),
  kiosk: () => import("./kiosk/ui.js"),
  lines: () => import("./lines.js"),
  live: () => import("./live.js"),
  menu: () => import("./menu.js"),
  once: () => import("./once.js"),
  palette: () => import("./palette.js"),
  part: () => import("./part.js"),
  print: () => import("./print.js"),
  reorder: () => import("./reorder.js"),
  region: () => import("./region.js"),
  reveal: () => import("./reveal.js"),
  scan: () => import("./scan.js"),
  select: () => import("./select.js"),
  submits: () => import("./submits.js"),
  title: () => import("./title.js"),
  toast: () => import("./toast.js"),
  waits: () => import("./waits.js"),
  zone: () => import("./zone.js"),
};
const begun = new WeakMap();

// Settles when all of them have begun.
export function begin(root) {
  const found = [...root.querySelectorAll("[data-do]")];
  if (root.matches?.("[data-do]")) found.unshift(root);
  return Promise.all(found.flatMap((element) => element.dataset.do.split(" ").map((name) => beginOne(element, name))));
}

async function beginOne(element, name) {
  const names = begun.get(element) ?? new Set();
  if (names.has(name)) return;
  begun.set(element, names.add(name));
  (await behaviours[name]()).default(element);
}

// What is put into the page later, by whatever way, gets its behaviours too.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) { begin(node); window.htmx?.process(node); }
}).observe(document.body, { childList: true, subtree: true });
begin(document.body).then(() => { document.documentElement.dataset.begun = ""; });
