// Asking the observatory's own APIs. Whatever goes wrong becomes one line that a person can use.
export async function ask(address, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Error("the observatory does not answer: is the cluster running? (make status)");
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(reason(content) ?? `the observatory answers ${answer.status}`);
  return content;
}

// Jaeger, Elasticsearch and Grafana each say it in their own way.
const reason = (content) => content.errors?.[0]?.msg ?? content.error?.reason ?? content.message;

export const parameters = () => Object.fromEntries(new URLSearchParams(location.search));

// Puts what was asked for back into the form.
export function fill(form, asked) {
  for (const [name, value] of Object.entries(asked)) {
    const field = form.elements.namedItem(name);
    if (!field) continue;
    if (field.type === "checkbox") field.checked = value === field.value;
    else if (field.tagName === "SELECT" && ![...field.options].some((each) => each.value === value)) field.add(new Option(value, value, true, true));
    else field.value = value;
  }
}

// An empty field asks for nothing, and does not stand in the address.
export function tidy(form) {
  form.addEventListener("submit", () => {
    const empty = [...form.elements].filter((field) => field.name && field.type !== "checkbox" && !field.value.trim());
    for (const field of empty) field.disabled = true;
    addEventListener("pageshow", () => empty.forEach((field) => (field.disabled = false)), { once: true });
  });
}

const TRACE_ID = /^[0-9a-f]{32}$/;

export function traceId(text) {
  const id = text.trim().toLowerCase();
  if (!TRACE_ID.test(id)) throw new Error(`a trace id has 32 hexadecimal digits, not “${text.trim()}”`);
  return id;
}
