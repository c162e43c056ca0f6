// The live page: one snapshot a second, painted into elements that stay where they are.
import { paintBanner } from "./banner.js";
import { paintCharts } from "./charts.js";
import { byId, say } from "./dom.js";
import { paintFigures } from "./figures.js";
import { paintShares } from "./shares.js";
import { paintSteps } from "./steps.js";
import { follow } from "./stream.js";
import { clock } from "./words.js";

let last = null;

function show(snapshot) {
  last = snapshot;
  const { troubles, service, drill } = snapshot;
  document.body.classList.remove("lost");
  document.body.classList.toggle("no-metrics", "metrics" in troubles);
  document.body.classList.toggle("no-cluster", "cluster" in troubles);
  say("connection", troubles.cluster ? `▲ ${troubles.cluster}` : `● live ${clock(snapshot.time)}`);
  say("metrics-trouble", troubles.metrics ? `▲ no figures: ${troubles.metrics}` : "");
  paintBanner(drill, snapshot.time);
  paintSteps(drill, snapshot.time);
  if (!service) return say("service", troubles.cluster ? "…" : "no service with two versions: make up");
  paintShares(service);
  paintFigures(service);
  // Without figures the old curves stay, grey: a gap would look like silence.
  if (!troubles.metrics) paintCharts(service, drill, snapshot.time);
  links(service);
}

function lost() {
  document.body.classList.add("lost");
  say("connection", last ? `▲ connection lost since ${clock(last.time)}: old data, trying again` : "▲ no connection, trying again");
}

function links(service) {
  const name = encodeURIComponent(service.name);
  byId("to-errors").href = `/traces?service=${name}&errors=1`;
  byId("to-slow").href = `/traces?service=${name}&min=100ms`;
  byId("to-logs").href = `/logs?service=${name}&level=error`;
}

follow("/events", show, lost);
