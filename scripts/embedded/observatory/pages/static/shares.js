// The two bars: the share of the users that each side is asked to get, and the share that it got.
import { byId, element, say } from "./dom.js";
import { percent } from "./words.js";

export function paintShares(service) {
  say("service", `${service.name}${service.strategy ? ` (${service.strategy} release)` : ""}`);
  stack("asked", service.sides, (side) => side.asked);
  stack("observed", service.sides, (side) => side.observed);
}

function stack(id, sides, share) {
  const bar = byId(id);
  const parts = sides.map((side) => `${side.name} ${percent(share(side))}`);
  bar.setAttribute("aria-label", `${id}: ${parts.join(", ")}`);
  if (bar.children.length !== sides.length || bar.querySelector(".none")) bar.replaceChildren(...sides.map(part));
  if (sides.every((side) => share(side) === null)) {
    bar.replaceChildren(element("span", { class: "none" }, "no requests"));
    return;
  }
  sides.forEach((side, index) => fill(bar.children[index], side.name, share(side) ?? 0));
}

const part = (_side, index) =>
  element("span", { class: index ? "new" : "old" }, element("b", {}, element("i"), element("span")));

// Where the name does not fit the style sheet leaves it out; the share is the last thing to go.
function fill(span, name, share) {
  span.style.width = `${share}%`;
  span.hidden = share === 0;
  say(span.querySelector("i"), `${name} `);
  say(span.querySelector("b > span"), percent(share));
}
