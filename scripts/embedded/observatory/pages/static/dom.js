// Building elements. Text is always set as text: nothing that came from elsewhere is ever read as HTML.
export const byId = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") made.className = value;
    else if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

// Writes only what differs, so that a screen reader says what is new and the browser paints nothing else.
export function say(target, text) {
  const found = typeof target === "string" ? byId(target) : target;
  if (found.textContent !== text) found.textContent = text;
}

export function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
