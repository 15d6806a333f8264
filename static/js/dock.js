// The dock: what came is counted by scan or by thumb. A scan adds one pack of its line and marks the number; more than may come holds
// the deed until somebody has decided about it.
import { Camera } from "./kiosk/camera.js";
import { decimal } from "./language.js";
import { mark } from "./mark.js";
import { onScan, onScanInto } from "./scan.js";

export default function dock(form) {
  const { point } = document.documentElement.dataset;
  const words = form.dataset;
  const part = (name) => form.querySelector(`[data-${name}]`);
  const lines = [...form.querySelectorAll("[data-line]")].map((element) => new Line(element, point));
  const over = form.elements.over;
  const counting = part("counting"), warning = part("warning"), said = part("said"), code = part("code");
  let current = lines.find((line) => line.left > 0) ?? lines[0];

  function show() {
    for (const line of lines) line.show(line === current, words);
    part("item").textContent = current.data.name;
    part("sub").textContent = current.element.querySelector(".sub").textContent;
    part("count").textContent = current.written(current.count);
    part("of").textContent = fill(words.of, { qty: current.said(current.open) });
    part("add-pack").textContent = fill(words.pack, { unit: current.data.packUnit });
    part("add-all").textContent = fill(words.whole, { qty: current.written(current.open) });
    const extra = !over?.checked && current.count > current.most;
    warning.hidden = !extra;
    part("quick").hidden = extra;
    if (extra) warn();
    sum();
  }
  function warn() {
    part("more-than").textContent = fill(words.more, { qty: current.written(current.count - current.open) });
    part("at-most").textContent = fill(words.most, { qty: current.said(current.most) });
    part("keep").textContent = fill(words.keep, { qty: current.written(current.most) });
    const take = part("take");
    if (take) take.textContent = fill(words.take, { qty: current.written(current.count) });
  }
  // What the deed will do, or why it cannot be done yet.
  function sum() {
    const counted = lines.filter((line) => line.count > 0), wait = over?.checked ? undefined : lines.find((line) => line.count > line.most);
    const total = counted.reduce((all, line) => all + line.count, 0);
    const what = words.unit && total ? `${current.written(total)}\u00a0${words.unit}, ${JSON.parse(words.counts)[counted.length]}` : JSON.parse(words.counts)[counted.length];
    part("deed-words").textContent = fill(words.deed, { what });
    part("tally").textContent = fill(words.counted, { done: counted.length, all: lines.length });
    const deed = part("receive");
    deed.setAttribute("aria-disabled", String(Boolean(wait) || !counted.length));
    part("why").textContent = wait ? fill(words.decide, { qty: wait.said(wait.count - wait.most), item: wait.data.sku })
      : !counted.length ? words.none : lines.some((line) => line.left > 0) ? words.rest : words.all;
    const open = lines.reduce((all, line) => all + line.open, 0), here = lines.reduce((all, line) => all + Math.min(line.count, line.open), 0);
    part("progress").setAttribute("width", `${open ? Math.round(100 * here / open) : 0}%`);
    const all = part("all-here");
    if (all) all.hidden = counted.length > 0;
  }
  function change(line, count) {
    current = line;
    line.count = count;
    show();
    mark(part("count"));
  }
  function take(scanned) {
    const found = lines.filter((line) => line.codes.includes(scanned));
    const line = found.find((each) => each.left > 0) ?? found[0];
    said.hidden = Boolean(line);
    if (!line) { said.textContent = fill(words.wrong, { code: scanned }); navigator.vibrate?.([80, 60, 80]); return; }
    change(line, line.count + line.pack);
    line.element.scrollIntoView({ block: "nearest" });
  }

  part("scanning").hidden = counting.hidden = false;
  const box = part("over-box");
  if (box) box.hidden = true;
  part("less").addEventListener("click", () => change(current, Math.max(0, current.count - 1)));
  part("more").addEventListener("click", () => change(current, current.count + 1));
  part("add-pack").addEventListener("click", () => change(current, current.count + current.pack));
  part("add-all").addEventListener("click", () => change(current, current.open));
  part("keep").addEventListener("click", () => change(current, current.most));
  part("take")?.addEventListener("click", () => { over.checked = true; box.hidden = false; show(); });
  part("damaged").addEventListener("click", () => { const more = current.element.querySelector("details"); more.open = true; more.querySelector("input").focus(); });
  part("all-here")?.addEventListener("click", (event) => { event.preventDefault(); for (const line of lines) line.count = line.open; show(); });
  form.addEventListener("click", ({ target }) => {
    const picked = target.closest("[data-pick]");
    if (picked) { current = lines.find((line) => line.element.contains(picked)); show(); }
  });
  form.addEventListener("focusin", ({ target }) => {
    const line = lines.find((each) => each.field === target);
    if (line && line !== current) { current = line; show(); }
  });
  form.addEventListener("input", ({ target }) => { if (target !== code) show(); });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.closest("button, summary, a")) return;
    event.preventDefault();
    if (event.target === code && code.value.trim()) { take(code.value.trim()); code.value = ""; }
    else if (event.target !== code) code.focus();
  });
  form.addEventListener("submit", (event) => {
    if (part("receive").getAttribute("aria-disabled") === "true") { event.preventDefault(); event.stopImmediatePropagation(); delete form.dataset.sent; }
  }, true);
  document.addEventListener("order", ({ detail }) => { if (detail.order === words.order && !form.dataset.sent) part("changed").hidden = false; });
  onScan(take);
  onScanInto(form, "[name^=qty_]", take);
  watch(part("camera"), part("lens"), part("video"), take, () => { said.textContent = words.noCamera; said.hidden = false; });
  show();
}

// One line of the order; its count lives in its field, so that it is what is sent.
class Line {
  constructor(element, point) {
    this.element = element;
    this.data = element.dataset;
    this.field = element.querySelector("[name^=qty_]");
    this.point = point;
    this.codes = this.data.codes.split("|");
    for (const name of ["open", "most", "pack"]) this[name] = Number(this.data[name]);
  }

  get count() { return Number(this.field.value.replace(/[\s\u00a0\u202f]/g, "").replace(this.point, ".")) || 0; }
  set count(value) { this.field.value = value ? String(Math.round(value * 1e6) / 1e6).replace(".", this.point) : ""; }
  get left() { return this.open - this.count; }
  written(value) { const plain = String(Math.round(value * 1e6) / 1e6), decimals = Number(this.data.decimals); return decimal(Number(plain).toFixed(Math.max(decimals, (plain.split(".")[1] ?? "").length))); }
  said(value) { return `${this.written(value)}\u00a0${this.data.unit}`; }

  show(isCurrent, words) {
    if (isCurrent) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    const state = this.element.querySelector("[data-state]"), extra = this.count - this.open;
    state.hidden = this.count <= 0 || extra < 0;
    state.className = extra > 0 ? "state state-low" : "state state-done";
    state.textContent = extra > 0 ? fill(words.over, { qty: this.written(extra) }) : words.here;
  }
}

function watch(button, lens, video, take, refused) {
  const camera = new Camera(video, take);
  button.addEventListener("click", async () => {
    const opens = lens.hidden;
    lens.hidden = !opens;
    button.setAttribute("aria-pressed", String(opens));
    if (!opens) { camera.close(); return; }
    try { await camera.open(); } catch { lens.hidden = true; button.setAttribute("aria-pressed", "false"); refused(); }
  });
}

function fill(text, values) {
  return Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), text);
}
