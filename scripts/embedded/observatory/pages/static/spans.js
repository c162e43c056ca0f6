// What a trace is made of: its spans in the order of a tree, and what the table says about it.
const COLOURS = 6;
export const colour = (service, services) => `service-${services.indexOf(service) % COLOURS}`;

const tag = (span, name) => span.tags.find((each) => each.key === name)?.value;
export const failed = (span) => [true, "true"].includes(tag(span, "error"));

export function summary(trace) {
  const ordered = [...trace.spans].sort((a, b) => a.startTime - b.startTime);
  const ids = new Set(ordered.map((span) => span.spanID));
  const first = ordered.find((span) => !ids.has(parent(span))) ?? ordered[0];
  // A proxy calls all its spans the same: the first route that was found says more.
  const told = ordered.find((span) => tag(span, "http.route")) ?? first;
  const start = ordered[0].startTime;
  return {
    id: trace.traceID,
    name: `${trace.processes[told.processID].serviceName}: ${told.operationName}`,
    services: services(trace),
    spans: ordered.length,
    errors: ordered.filter(failed).length,
    start,
    duration: Math.max(...ordered.map((span) => span.startTime + span.duration)) - start,
  };
}

export function services(trace) {
  const ordered = [...trace.spans].sort((a, b) => a.startTime - b.startTime);
  return [...new Set(ordered.map((span) => trace.processes[span.processID].serviceName))];
}

export const parent = (span) => span.references.find((each) => each.refType === "CHILD_OF")?.spanID;

// Every span with its depth, children after their parent in the order of their start. A parent that never arrived gets
// a line of its own: what stands below it has lost its caller, and that is worth seeing. Only who began the trace may
// stand outside: users send no spans.
export function tree(trace) {
  const ordered = [...trace.spans].sort((a, b) => a.startTime - b.startTime);
  const ids = new Set(ordered.map((span) => span.spanID));
  const children = Map.groupBy(ordered, (span) => parent(span) ?? "");
  const below = (id, depth) => (children.get(id) ?? []).flatMap((span) => [{ span, depth }, ...below(span.spanID, depth + 1)]);
  const missing = [...children.keys()].filter((id) => id && !ids.has(id));
  const outside = children.has("") ? undefined : parent(ordered[0]);
  return [...below("", 0), ...missing.flatMap((id) => [{ missing: id, outside: id === outside }, ...below(id, 1)])];
}
