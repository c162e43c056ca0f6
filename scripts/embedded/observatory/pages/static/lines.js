// One line of the logs; opened, all its fields.
import { element } from "./dom.js";
import { exactClock, milliseconds } from "./words.js";

const SIGNS = { error: "✕", critical: "✕", fatal: "✕", warning: "▲", warn: "▲" };

export function line(hit, trace) {
  const fields = hit._source;
  const level = fields.log?.level ?? "";
  const head = element("summary", {},
    element("time", { dateTime: fields["@timestamp"] }, exactClock(fields["@timestamp"])), " ",
    element("b", { class: SIGNS[level] === "✕" ? "failed" : SIGNS[level] ? "inconclusive" : "quiet" }, `${SIGNS[level] ?? ""}${SIGNS[level] ? " " : ""}${level}`), " ",
    element("span", { class: "service" }, [fields.service?.name, fields.service?.version].filter(Boolean).join(" ")), " ",
    element("span", { class: "message" }, message(fields)));
  return element("li", {}, element("details", {}, head, all(fields, trace)));
}

// What a request's line does not say in its message stands in its fields.
function message(fields) {
  const text = fields.message ?? "";
  const { request, response, route } = fields.http ?? {};
  const status = String(response?.status_code ?? "");
  const what = text.includes(status) ? "" : ` ${request?.method ?? ""} ${fields.url?.path ?? route ?? ""} → ${status}`;
  const took = fields.event?.duration === undefined ? "" : ` in ${milliseconds(fields.event.duration / 1e6)}`;
  return `${text}${what}${took}`;
}

function all(fields, trace) {
  const value = (key, text) =>
    key === "trace.id" && text !== trace ? element("a", { href: `/traces/${encodeURIComponent(text)}`, title: "its waterfall" }, text) : text;
  const pairs = flat(fields).flatMap(([key, text]) => [element("dt", {}, key), element("dd", {}, value(key, text))]);
  return element("dl", { class: "fields" }, ...pairs);
}

const flat = (holder, above = "") =>
  Object.entries(holder).flatMap(([key, value]) =>
    value !== null && typeof value === "object" ? flat(value, `${above}${key}.`) : [[`${above}${key}`, String(value)]]);
