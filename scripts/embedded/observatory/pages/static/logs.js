// The search over the logs, newest first; with “follow” new lines come by themselves.
import { ask, fill, parameters, tidy, traceId } from "./ask.js";
import { byId, element, say } from "./dom.js";
import { line } from "./lines.js";

const INDEX = "/logs-proving_ground-default/_search";
const SIZE = 200;
const FOLLOW_MS = 1500;
const FIELDS = { service: "service.name", version: "service.version", level: "log.level" };
const asked = parameters();
const form = byId("search");
const shown = new Map();

function query() {
  const filter = Object.entries(FIELDS).filter(([name]) => asked[name]).map(([name, field]) => ({ term: { [field]: asked[name].trim() } }));
  if (asked.trace) filter.push({ term: { "trace.id": traceId(asked.trace) } });
  if (asked.text) filter.push({ match: { message: { query: asked.text, operator: "and" } } });
  return { query: { bool: { filter } }, sort: [{ "@timestamp": "desc" }], size: SIZE };
}

async function search() {
  const { hits } = await ask(INDEX, query());
  const list = byId("lines");
  const fresh = hits.hits.filter((hit) => !shown.has(hit._id));
  for (const hit of fresh) shown.set(hit._id, line(hit));
  // Lines that are there stay as they are, opened or focused; the new ones come on top, the oldest go.
  list.prepend(...fresh.map((hit) => shown.get(hit._id)));
  while (list.children.length > SIZE) list.lastChild.remove();
  const { value, relation } = hits.total;
  const number = `${relation === "gte" ? "more than " : ""}${value.toLocaleString("en")} ${value === 1 ? "line" : "lines"}`;
  say("says", value ? `${number}${value > SIZE ? `, the newest ${SIZE} shown` : ""}${asked.tail ? " · ● following" : ""}` : `no line is like that${asked.tail ? " yet · ● following" : ""}`);
  byId("says").classList.remove("wrong");
}

function wrong(error) {
  byId("says").classList.add("wrong");
  say("says", `✕ ${error.message}`);
}

async function start() {
  const again = () => search().catch(wrong);
  query(); // what is wrong in the search is wrong every time
  await again();
  if (asked.tail) setInterval(again, FOLLOW_MS);
  const services = (await ask("/api/services")).data;
  byId("services").append(...services.map((name) => element("option", { value: name })));
}

fill(form, asked);
tidy(form);
form.elements.namedItem("tail").addEventListener("change", () => form.requestSubmit());
start().catch(wrong);
