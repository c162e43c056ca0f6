// The table: what the users get from each side, and the pods that stand behind it.
import { byId, element, say } from "./dom.js";
import { figures as shown } from "./words.js";

const { rate, percent, milliseconds } = shown;
const SHOWN = { rate, errors: percent, p50: milliseconds, p95: milliseconds, p99: milliseconds };
const label = (name) => (name === "rate" ? "requests/s" : name);

export function paintFigures(service) {
  const rows = byId("rows");
  if (rows.children.length !== service.sides.length + 1) {
    rows.replaceChildren(...service.sides.map((_side, index) => row(index ? "new" : "old")), row("all"));
  }
  service.sides.forEach((side, index) => fill(rows.children[index], side.name, side.versions, side.figures, side.pods));
  fill(rows.lastChild, "all users", [], service.all, null);
}

function row(kind) {
  const head = element("th", { scope: "row" }, element("span"), element("b"), " ", element("span", { class: "quiet" }));
  if (kind !== "all") head.firstChild.className = `key ${kind}`;
  const cells = Object.keys(SHOWN).map((name) => element("td", { class: "number", "data-figure": name, "data-label": label(name) }, element("span"), element("small")));
  return element("tr", { class: kind }, head, ...cells, element("td", { class: "pods" }, element("i", { "aria-hidden": "true" }), element("span")));
}

function fill(line, name, versions, figures, pods) {
  say(line.querySelector("b"), name);
  say(line.querySelector("th > .quiet"), versions.join(", "));
  for (const cell of line.querySelectorAll("td[data-figure]")) {
    const value = figures[cell.dataset.figure];
    const bad = cell.dataset.figure === "errors" && value > 0;
    cell.classList.toggle("failed", bad);
    const [number, unit] = SHOWN[cell.dataset.figure](value);
    say(cell.firstChild, `${bad ? "✕ " : ""}${number}`);
    say(cell.lastChild, unit && ` ${unit}`);
  }
  if (pods) paintPods(line.lastChild, pods);
}

// A pod is a square, filled when it is ready; what is not ready says why.
function paintPods(cell, pods) {
  const ready = pods.filter((pod) => pod.ready).length;
  const squares = pods.map((pod) => (pod.ready ? "■" : "□")).join("");
  const others = [...new Set(pods.filter((pod) => !pod.ready).map((pod) => pod.state))];
  say(cell.firstChild, squares);
  say(cell.lastChild, pods.length ? ` ${ready} of ${pods.length} ready${others.length ? `: ${others.join(", ")}` : ""}` : "no pods");
  cell.title = pods.map((pod) => `${pod.name} ${pod.version} ${pod.state}, ${pod.restarts} restarts`).join("\n");
}
