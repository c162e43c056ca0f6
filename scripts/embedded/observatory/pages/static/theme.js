// Runs before the page is painted, so that a chosen theme does not flash: light, dark, or as the system says.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const kept = (() => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off: the system's theme it is
    }
  })();
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;

  function toggle() {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // forgotten at the next page, which does no harm
    }
    label();
  }

  function label() {
    const button = document.getElementById("theme");
    if (button) button.textContent = dark() ? "☀ Light" : "☾ Dark";
  }

  const typing = (target) => target instanceof Element && target.matches("input, select, textarea");
  document.addEventListener("keydown", (event) => {
    if (event.key === "d" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) toggle();
  });
  document.addEventListener("DOMContentLoaded", () => {
    label();
    document.getElementById("theme").addEventListener("click", toggle);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  });
})();
