// The level of stock over time: two stepped lines, on hand and available; what lies between them is promised, and hatched.
import { dayOf, number } from "./language.js";
import uPlot from "./vendor/uplot.js";

const HEIGHT = 262;
const HEIGHT_PHONE = 200;

// Colours are read when a chart is drawn, so another theme draws it again.
const drawn = new Map();
new MutationObserver(() => { for (const [box, again] of drawn) box.isConnected ? again() : drawn.delete(box); })
  .observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

export default async function chart(box) {
  const points = JSON.parse(box.dataset.points);
  await document.fonts.load("12px 'Golos Text'");
  let plot = draw(box, points);
  new ResizeObserver(() => plot.setSize(size(box))).observe(box);
  for (const other of drawn.keys()) if (!other.isConnected) drawn.delete(other);
  drawn.set(box, () => { plot.destroy(); plot = draw(box, points); });
}

function draw(box, points) {
  const colour = (name) => getComputedStyle(box).getPropertyValue(name).trim();
  const day = (seconds) => dayOf(seconds, box.dataset.zone);
  const axis = { stroke: colour("--ink-3"), font: "11.5px 'Golos Text'", ticks: { show: false } };
  const line = (stroke, width, more) => ({ stroke: colour(stroke), width, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, ...more });
  return new uPlot({
    ...size(box),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), box.dataset.zone),
    bands: [{ series: [1, 2], fill: hatch(colour) }],
    scales: { y: { range: (_, low, high) => [Math.max(0, low - (high - low || high || 1) * 0.15), high + (high - low || high || 1) * 0.1] } },
    series: [{}, line("--ink-2", 1.5), line("--bar-free", 2.25, { fill: colour("--accent-soft") })],
    axes: [
      { ...axis, grid: { show: false }, space: 72, size: 28, values: (_, at) => at.map((seconds, index) => (index && day(seconds) === day(at[index - 1]) ? "" : day(seconds))) },
      { ...axis, grid: { stroke: colour("--line"), width: 1 }, space: 56, size: 64, values: (_, levels) => levels.map((level) => number(level)) },
    ],
  }, points, box);
}

function size(box) {
  return { width: box.clientWidth, height: matchMedia("(min-width: 48rem)").matches ? HEIGHT : HEIGHT_PHONE };
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
