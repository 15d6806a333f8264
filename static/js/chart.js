// The level of stock over time: two stepped lines, on hand and available; what lies between them is promised, and hatched.
// It is drawn from the table under it, and again when that changes. The readout is in the panel's head, as text.
import { dayOf, decimal, number, timeOfDay } from "./language.js";
import uPlot from "./vendor/uplot.js";

const DAY_S = 86_400;

// Colours are read when a chart is drawn, so another theme draws it again.
const drawn = new Map();
new MutationObserver(() => { for (const [box, again] of drawn) box.isConnected ? again() : drawn.delete(box); })
  .observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

export default async function chart(box) {
  const table = box.parentElement.querySelector("[data-part=points]");
  await document.fonts.load("12px 'Golos Text'");
  let plot = draw(box, points(table));
  // While somebody reads a moment of the past, the line goes on under the pointer and the pointer stays.
  new MutationObserver(() => plot.setData(points(table))).observe(table, { childList: true });
  new ResizeObserver(() => plot.setSize(size(box))).observe(box);
  box.addEventListener("keydown", (event) => step(plot, event));
  box.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));
  for (const other of drawn.keys()) if (!other.isConnected) drawn.delete(other);
  drawn.set(box, () => { plot.destroy(); plot = draw(box, points(table)); });
}

// Seconds, on hand, available, reserved: a list of each.
function points(table) {
  const rows = [...table.rows];
  const of = (measure) => rows.map((row) => Number(row.querySelector(`[data-of=${measure}]`).dataset.is));
  return [rows.map((row) => Number(row.dataset.at)), of("on_hand"), of("available"), of("reserved")];
}

function draw(box, data) {
  const colour = (name) => getComputedStyle(box).getPropertyValue(name).trim();
  const day = (seconds) => dayOf(seconds, box.dataset.zone);
  const axis = { stroke: colour("--ink-3"), font: "11.5px 'Golos Text'", ticks: { show: false } };
  const line = (stroke, width, more) => ({ stroke: colour(stroke), width, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, ...more });
  return new uPlot({
    ...size(box),
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
    hooks: { setCursor: [(plot) => read(box, plot)], draw: [(plot) => ends(plot, colour)] },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), box.dataset.zone),
    bands: [{ series: [1, 2], fill: hatch(colour) }],
    scales: { y: { range: (_, low, high) => [Math.max(0, low - (high - low || high || 1) * 0.15), high + (high - low || high || 1) * 0.1] } },
    series: [{}, line("--ink-2", 1.5), line("--bar-free", 2.25, { fill: colour("--accent-soft") }), { show: false }],
    axes: [
      { ...axis, grid: { show: false }, space: 72, size: 28, values: (_, at) => at.map((seconds, index) => (index && day(seconds) === day(at[index - 1]) ? "" : day(seconds))) },
      { ...axis, grid: { stroke: colour("--line"), width: 1 }, space: 56, size: 64, values: (_, levels) => levels.map((level) => number(level, Number.isInteger(level) ? 0 : 1)) },
    ],
  }, data, box);
}

function size(box) {
  return { width: box.clientWidth, height: box.clientHeight };
}

// The moment under the pointer, in the head, in place of now.
function read(box, plot) {
  const keys = box.closest("section").querySelector(".chart-keys");
  const at = plot.cursor.idx;
  keys.classList.toggle("reading", at != null);
  if (at == null) return;
  const say = (what, text) => { keys.querySelector(`[data-then=${what}]`).textContent = text; };
  const [moments, ...levels] = plot.data;
  ["on_hand", "available", "reserved"].forEach((measure, index) => say(measure, decimal(levels[index][at].toFixed(Number(box.dataset.decimals)))));
  const often = moments[1] - moments[0] < DAY_S / 2;
  say("at", dayOf(moments[at], box.dataset.zone) + (often ? `, ${timeOfDay(moments[at], box.dataset.zone)}` : ""));
}

// By keyboard: a moment to the left or right, the first and the last.
function step(plot, event) {
  const last = plot.data[0].length - 1, at = plot.cursor.idx ?? last + 1;
  const to = { ArrowLeft: Math.max(0, at - 1), ArrowRight: Math.min(last, at + 1), Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  plot.setCursor({ left: plot.valToPos(plot.data[0][to], "x"), top: 0 });
}

// A ring where each line has come to.
function ends(plot, colour) {
  const last = plot.data[0].length - 1, pen = plot.ctx, pixel = devicePixelRatio;
  [["--ink-2", 1], ["--bar-free", 2]].forEach(([stroke, series]) => {
    pen.beginPath();
    pen.arc(plot.valToPos(plot.data[0][last], "x", true), plot.valToPos(plot.data[series][last], "y", true), 3.5 * pixel, 0, 2 * Math.PI);
    pen.fillStyle = colour("--surface");
    pen.strokeStyle = colour(stroke);
    pen.lineWidth = 1.75 * pixel;
    pen.fill();
    pen.stroke();
  });
}

// The same slanted lines as in the level bars.
function hatch(colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour("--bar-held");
  pen.lineWidth = 1.2;
  for (const from of [-8, 0, 8]) { pen.moveTo(from, 8); pen.lineTo(from + 8, 0); }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}
