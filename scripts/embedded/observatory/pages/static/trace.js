// One trace: its waterfall, and the log lines that were written meanwhile.
import { ask, traceId } from "./ask.js";
import { byId, element, say } from "./dom.js";
import { line } from "./lines.js";
import { colour, services, summary, tree } from "./spans.js";
import { row, ticks } from "./waterfall.js";
import { clock, milliseconds } from "./words.js";

const LOGS = "/logs-proving_ground-default/_search";

function show(trace) {
  const whole = summary(trace);
  const errors = whole.errors ? ` · ✕ ${whole.errors} with an error` : "";
  document.title = `${whole.name} · Proving Ground`;
  say("title", whole.name);
  say("says", `${milliseconds(whole.duration / 1000)} · ${whole.spans} spans${errors} · began ${clock(whole.start / 1e6)} · ${whole.id}`);
  byId("services").replaceChildren(...services(trace).map((name) => element("li", { class: `service ${colour(name, whole.services)}` }, name)));
  byId("ticks").replaceChildren(...ticks(whole.duration));
  byId("spans").replaceChildren(...tree(trace).map((entry) => row(entry, trace, whole)));
  byId("waterfall").hidden = false;
}

async function lines(id) {
  byId("to-logs").href = `/logs?trace=${id}`;
  const body = { query: { bool: { filter: [{ term: { "trace.id": id } }] } }, sort: [{ "@timestamp": "asc" }], size: 200 };
  const { hits } = await ask(LOGS, body);
  byId("lines").replaceChildren(...hits.hits.map((hit) => line(hit, id)));
  say("lines-says", hits.hits.length ? "" : "none was found: lines arrive within a second or two of their request");
}

function wrong(place) {
  return (error) => {
    byId(place).classList.add("wrong");
    say(place, `✕ ${error.message}`);
  };
}

async function start() {
  const id = traceId(decodeURIComponent(location.pathname.split("/").pop()));
  lines(id).catch(wrong("lines-says"));
  show((await ask(`/api/traces/${id}`)).data[0]);
}

// Up and down go through the spans, as in a list.
byId("spans").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = [...byId("spans").querySelectorAll("summary")];
  const next = all[all.indexOf(document.activeElement) + step];
  if (!step || !next) return;
  event.preventDefault();
  next.focus();
});
start().catch(wrong("says"));
