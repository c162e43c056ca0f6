// Reads out the table under the timeline, and switches the theme. The page says everything without this, too.
(() => {
  const root = document.documentElement;
  const kept = { get: () => { try { return localStorage.theme; } catch { return undefined; } }, set: (theme) => { try { localStorage.theme = theme; } catch { /* a file may not keep anything */ } } };
  if (["light", "dark"].includes(kept.get())) root.dataset.theme = kept.get();
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const button = document.createElement("button");
  const name = () => { button.textContent = isDark() ? "☀ Light" : "☾ Dark"; };
  button.type = "button";
  button.className = "theme";
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; kept.set(root.dataset.theme); name(); });
  name();
  document.querySelector("header").append(button);

  const opened = [];
  addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details.paper:not([open])")) { one.open = true; opened.push(one); } });
  addEventListener("afterprint", () => { while (opened.length) opened.pop().open = false; });

  const box = document.querySelector("#timeline-box"), table = document.querySelector("#figures");
  if (!box || !table) return;
  const svg = box.querySelector("svg"), cursor = svg.querySelector("#cursor"), out = document.querySelector("#readout");
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
  const left = Number(svg.dataset.left), right = Number(svg.dataset.right), end = Number(svg.dataset.end);
  const starts = rows.map((row) => parseFloat(row[0]));
  let at = -1;
  out.hidden = false;
  out.textContent = "Point at the timeline, or use the arrow keys in it, to read exact figures here.";
  function read(number) {
    at = Math.max(0, Math.min(rows.length - 1, number));
    const middle = Math.min(end, (starts[at] + (starts[at + 1] ?? end)) / 2);
    const x = left + (middle / end) * (right - left);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    box.classList.add("reading");
    out.textContent = rows[at].map((cell, column) => `${names[column]} ${cell}`).join(" · ");
    return x;
  }
  svg.addEventListener("pointermove", (event) => {
    const size = svg.getBoundingClientRect();
    const x = ((event.clientX - size.left) / size.width) * svg.viewBox.baseVal.width;
    const second = ((x - left) / (right - left)) * end;
    if (second >= 0 && second <= end) read(starts.findLastIndex((start) => start <= second));
  });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const x = read(at + step) * (svg.getBoundingClientRect().width / svg.viewBox.baseVal.width);
    box.scrollLeft = x - box.clientWidth / 2;
  });
})();
