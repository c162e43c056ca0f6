// One line of the waterfall: who did what, when and for how long; opened, its attributes.
import { element } from "./dom.js";
import { colour, failed } from "./spans.js";
import { milliseconds } from "./words.js";

const TICKS = 4;

export function ticks(duration) {
  return Array.from({ length: TICKS + 1 }, (_each, index) => element("span", {}, milliseconds((duration * index) / TICKS / 1000)));
}

export function row(entry, trace, whole) {
  return element("li", {}, entry.missing ? lost(entry) : present(entry, trace, whole));
}

const lost = (entry) =>
  entry.outside
    ? element("p", { class: "lost quiet" }, "○ called from outside, where nobody sends spans")
    : element("p", { class: "lost" }, `▲ the parent ${entry.missing} is missing: it was not kept, not sent, or is still under way`);

function present({ span, depth }, trace, whole) {
  const process = trace.processes[span.processID];
  const version = process.tags.find((each) => each.key === "service.version")?.value;
  const wrong = failed(span);
  const service = element("span", { class: `service ${colour(process.serviceName, whole.services)}` }, process.serviceName);
  const who = element("span", { class: "who" }, service, version ? ` ${version} ` : " ", wrong ? element("b", { class: "failed" }, "✕ error ") : "", span.operationName);
  who.style.paddingInlineStart = `${depth * 1.1}rem`;
  const head = element("summary", {}, who, timeline(span, whole, colour(process.serviceName, whole.services), wrong));
  return element("details", {}, head, attributes(span, process, whole));
}

function timeline(span, whole, style, wrong) {
  const bar = element("span", { class: `bar ${style}${wrong ? " wrong" : ""}` });
  const total = whole.duration || 1;
  const from = (100 * (span.startTime - whole.start)) / total;
  bar.style.left = `${from}%`;
  bar.style.width = `${(100 * span.duration) / total}%`;
  const took = element("span", { class: "took" }, milliseconds(span.duration / 1000));
  const to = from + (100 * span.duration) / total;
  // The figure stands beside the bar where there is room: after it, else before it, else on it.
  if (to < 85) took.style.left = `${to}%`;
  else if (from > 15) took.style.right = `${100 - from}%`;
  else took.classList.add("on");
  return element("span", { class: "time" }, bar, took);
}

function attributes(span, process, whole) {
  const own = [["began after", milliseconds((span.startTime - whole.start) / 1000)], ["span id", span.spanID]];
  const tags = [...span.tags, ...process.tags].map((each) => [each.key, String(each.value)]);
  const events = (span.logs ?? []).map((each) => ["event", each.fields.map((field) => `${field.key}=${field.value}`).join(" ")]);
  const pairs = [...own, ...tags, ...events].flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]);
  return element("dl", { class: "fields" }, ...pairs);
}
