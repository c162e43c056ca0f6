// The search for traces: what is asked for stands in the address, so that a search can be sent to somebody.
import { ask, fill, parameters, tidy, traceId } from "./ask.js";
import { byId, element, say } from "./dom.js";
import { colour, summary } from "./spans.js";
import { clock, milliseconds } from "./words.js";

const LIMIT = 50;
const DURATION = /^\d+(\.\d+)?(us|ms|s|m)$/;
const form = byId("search");
const asked = parameters();

function query(service) {
  const wanted = new URLSearchParams({ service, limit: LIMIT });
  if (asked.operation) wanted.set("operation", asked.operation);
  if (asked.errors) wanted.set("tags", JSON.stringify({ error: "true" }));
  if (asked.min) wanted.set("minDuration", duration(asked.min));
  return `/api/traces?${wanted}`;
}

function duration(text) {
  const tidied = text.replace(/\s/g, "");
  if (!DURATION.test(tidied)) throw new Error(`“${text}” is no duration: write 100ms, 1.5s or 250us`);
  return tidied;
}

// The API asks for one service; “all” is all of them, each trace once.
async function search(services) {
  const wanted = asked.service ? [asked.service] : services;
  const answers = await Promise.all(wanted.map((service) => ask(query(service))));
  const found = new Map(answers.flatMap((answer) => answer.data).map((trace) => [trace.traceID, summary(trace)]));
  return [...found.values()].sort((a, b) => b.start - a.start).slice(0, LIMIT);
}

function row(trace, longest) {
  const link = element("a", { href: `/traces/${trace.id}` }, trace.name);
  const names = trace.services.map((name) => element("span", { class: `service ${colour(name, trace.services)}` }, name));
  const bar = element("span", { class: "bar" });
  bar.style.width = `${Math.max(1, (65 * trace.duration) / longest)}%`;
  return element("tr", {},
    element("td", {}, clock(trace.start / 1e6)), element("td", {}, link, " ", element("code", { class: "quiet" }, trace.id.slice(0, 8))),
    element("td", { class: "names" }, ...names), element("td", { class: "number" }, String(trace.spans)),
    element("td", { class: trace.errors ? "failed" : "quiet" }, trace.errors ? `✕ ${trace.errors}` : "none"),
    element("td", { class: "wide" }, bar, ` ${milliseconds(trace.duration / 1000)}`));
}

function show(found) {
  const longest = Math.max(1, ...found.map((trace) => trace.duration));
  byId("rows").replaceChildren(...found.map((trace) => row(trace, longest)));
  byId("found").hidden = found.length === 0;
  const many = found.length === LIMIT ? `the newest ${LIMIT} traces` : `${found.length} ${found.length === 1 ? "trace" : "traces"}`;
  say("says", found.length ? `${many}, newest first` : "no trace is like that: ask for less, or send some requests");
}

function wrong(error) {
  byId("says").classList.add("wrong");
  say("says", `✕ ${error.message}`);
}

// Of a service that nobody has heard of there are none, and Jaeger says so with null.
async function operationsOf(service) {
  return ((await ask(`/api/services/${encodeURIComponent(service)}/operations`)).data || []).sort();
}

async function offer(services) {
  const choose = (name, values) => {
    for (const value of values) form.elements.namedItem(name).add(new Option(value, value));
  };
  choose("service", services);
  if (asked.service) choose("operation", await operationsOf(asked.service));
}

async function start() {
  if (asked.id) return location.replace(`/traces/${traceId(asked.id)}`);
  const services = (await ask("/api/services")).data.sort();
  await offer(services);
  fill(form, asked);
  show(await search(services));
}

fill(form, asked);
tidy(form);
form.elements.namedItem("service").addEventListener("change", () => {
  form.elements.namedItem("operation").value = "";
  form.requestSubmit();
});
start().catch(wrong);
