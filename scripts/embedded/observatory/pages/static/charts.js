// Three small curves of the last two minutes: the old side drawn through, the new one dashed, shifts as upright lines.
import { byId, element, say, svg } from "./dom.js";
import { milliseconds, percent, rate } from "./words.js";

const WIDTH = 300;
const HEIGHT = 100;
// Two seconds without a point are a late scrape; more is a gap, which no line may hide.
const GAP_S = 3.5;
const CHARTS = {
  rate: { title: "requests/s", shown: rate, least: 10 },
  errors: { title: "errors", shown: percent, least: 5 },
  p95: { title: "p95", shown: milliseconds, least: 10 },
};

export function paintCharts(service, drill, now) {
  for (const [kind, chart] of Object.entries(CHARTS)) paint(kind, chart, service, drill, now);
}

function paint(kind, chart, service, drill, now) {
  const figure = byId(`chart-${kind}`);
  if (!figure.firstChild) prepare(figure, chart);
  const { times, seconds, sides } = service.history;
  const lines = service.sides.map((side) => sides[side.name][kind]);
  const top = nice(1.04 * Math.max(chart.least, ...lines.flat().filter((value) => value !== null)));
  const across = (time) => WIDTH * (1 - (now - time) / seconds);
  const [old, fresh] = figure.querySelectorAll("path");
  old.setAttribute("d", path(times, lines[0], across, top));
  fresh.setAttribute("d", lines[1] ? path(times, lines[1], across, top) : "");
  shifts(figure.querySelector("g"), drill, now - seconds, across);
  say(figure.querySelector("figcaption").lastChild, `up to ${chart.shown(top)}`);
  describe(figure, chart, service, kind);
}

function prepare(figure, chart) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  picture.append(svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }), svg("g", {}));
  picture.append(svg("path", { class: "old" }), svg("path", { class: "new" }));
  const caption = element("figcaption", {}, element("strong", {}, chart.title), element("span"));
  const axis = element("div", { class: "axis", "aria-hidden": "true" }, element("span", {}, "2 min ago"), element("span", {}, "now"));
  figure.append(caption, picture, axis);
}

function path(times, values, across, top) {
  let drawn = "";
  let before = -Infinity;
  times.forEach((time, index) => {
    if (values[index] === null) return;
    const move = time - before > GAP_S ? "M" : "L";
    drawn += `${move}${across(time).toFixed(1)} ${(HEIGHT - 2 - (HEIGHT - 6) * (values[index] / top)).toFixed(1)}`;
    before = time;
  });
  return drawn;
}

function shifts(group, drill, since, across) {
  const moved = (drill?.steps ?? []).filter((step) => ["shift", "switch", "abort", "promote"].includes(step.name) && step.started > since);
  const at = moved.map((step) => across(step.started).toFixed(1));
  group.replaceChildren(...at.map((x) => svg("line", { class: "shift", x1: x, x2: x, y1: 0, y2: HEIGHT })));
}

function describe(figure, chart, service, kind) {
  const now = service.sides.map((side) => `${side.name} ${chart.shown(side.figures[kind])}`);
  figure.querySelector("svg").setAttribute("aria-label", `${chart.title}, now: ${now.join(", ")}`);
}

// A round number above the value: the scale changes seldom, and its end can be read.
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((factor) => factor * power >= value);
}
