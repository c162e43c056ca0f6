// The banner: what the drill does now, or what came of it, or what can be done.
import { byId, element, say } from "./dom.js";
import { lasted, verdict } from "./words.js";

// A drill tells something at least every half minute; after this long it must have been killed.
const SILENT_S = 180;
const HINT = "make drill-canary TWIN=errors";

export function paintBanner(drill, now) {
  const shown = !drill ? idle() : drill.ended ? ended(drill) : silent(drill, now) ?? running(drill, now);
  byId("banner").className = `panel ${shown.style}`;
  say("sign", shown.sign);
  say("headline", shown.headline);
  subline(shown.subline, shown.command);
  judged(drill);
}

const idle = () => ({ style: "idle", sign: "○", headline: "No drill is running", subline: "Start one:", command: HINT });

function ended(drill) {
  const { sign, style } = verdict(drill.verdict);
  const headline = [`${drill.verdict}: ${drill.name}`, drill.outcome && `the release was ${words(drill.outcome)}`];
  const subline = `${drill.text ? `${drill.text} ` : ""}Report: reports/${drill.name}/report.html · Next:`;
  return { style, sign, headline: headline.filter(Boolean).join(", "), subline, command: HINT };
}

const words = (outcome) => ({ RolledBack: "rolled back", Promoted: "promoted" })[outcome] ?? outcome;

function silent(drill, now) {
  const news = [...drill.steps.flatMap((step) => [step.started, step.ended ?? 0]), ...drill.judgements.map((each) => each.at)];
  const quiet = now - Math.max(drill.started, ...news);
  if (quiet < SILENT_S) return null;
  return { style: "idle", sign: "▲", headline: `${drill.name} has told nothing for ${lasted(quiet)}`, subline: "It was stopped without an end. Next:", command: HINT };
}

function running(drill, now) {
  const step = drill.steps.at(-1);
  const headline = step ? `${drill.name}: ${step.name}${step.weight === null ? "" : ` to ${step.weight} %`}` : drill.name;
  const since = step ? ` · this step for ${lasted((step.ended ?? now) - step.started)}` : "";
  return { style: "running", sign: "▶", headline, subline: `${step?.text ?? ""} · running for ${lasted(now - drill.started)}${since}` };
}

function subline(text, command) {
  const place = byId("subline");
  if (place.textContent === (command ? `${text} ${command}` : text)) return;
  place.replaceChildren(text, ...(command ? [" ", element("code", {}, command)] : []));
}

function judged(drill) {
  const last = drill && !drill.ended ? drill.judgements.at(-1) : null;
  const { sign, style } = last ? verdict(last.verdict) : { sign: "", style: "" };
  byId("judged").className = style;
  say("judged", last ? `${sign} analysis ${last.verdict}: ${last.text}` : "");
}
