// The drill's steps and judgements in the order in which they came; the one that goes on is marked.
import { byId, element, say } from "./dom.js";
import { lasted, verdict } from "./words.js";

let painted = "";

export function paintSteps(drill, now) {
  const entries = drill ? [...drill.steps.map(step), ...drill.judgements.map(judgement)].sort((a, b) => a.at - b.at) : [];
  if (drill?.ended) entries.push(end(drill));
  byId("choices").hidden = Boolean(drill);
  byId("step-list").hidden = !drill;
  const list = byId("step-list");
  // A list that is read or scrolled by somebody is not built anew for the seconds of its last line alone.
  const shape = JSON.stringify(entries);
  if (shape !== painted) {
    list.replaceChildren(...entries.map(line));
    list.scrollTop = list.scrollHeight;
    painted = shape;
  }
  say("steps-title", drill ? `Steps of ${drill.name}` : "Steps");
  for (const [index, entry] of entries.entries()) {
    if (entry.now) say(list.children[index].querySelector(".took"), lasted(now - entry.at));
  }
}

function step(each) {
  const name = each.weight === null ? each.name : `${each.name} ${each.weight} %`;
  return { at: each.started, sign: each.ended ? "·" : "▶", name, text: each.text, took: each.ended ? lasted(each.ended - each.started) : "", now: !each.ended, style: "" };
}

function judgement(each) {
  const { sign, style } = verdict(each.verdict);
  return { at: each.at, sign, name: `judged: ${each.verdict}`, text: each.text, took: "", now: false, style };
}

function end(drill) {
  const { sign, style } = verdict(drill.verdict);
  return { at: drill.ended, sign, name: `verdict: ${drill.verdict}`, text: drill.outcome, took: lasted(drill.ended - drill.started), now: false, style };
}

function line(entry) {
  const item = element("li", { class: `${entry.style}${entry.now ? " now" : ""}` },
    element("span", { "aria-hidden": "true" }, entry.sign), element("span", {}, entry.name),
    element("span", { class: "took" }, entry.took), element("span", { class: "detail" }, entry.text));
  if (entry.now) item.setAttribute("aria-current", "step");
  return item;
}
