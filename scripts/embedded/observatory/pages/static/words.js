// Numbers, times and verdicts in words.
export const VERDICTS = {
  Passed: { sign: "✓", style: "passed" },
  Failed: { sign: "✕", style: "failed" },
  Inconclusive: { sign: "?", style: "inconclusive" },
  Error: { sign: "!", style: "error" },
};
export const verdict = (name) => VERDICTS[name] ?? { sign: "?", style: "inconclusive" };

export const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
const EXACT = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };
export const exactClock = (text) => new Date(text).toLocaleTimeString("en-GB", EXACT);

export function lasted(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (seconds < 9.95 && seconds >= 0) return `${seconds.toFixed(1)} s`;
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export const number = (value) => (value > 0 && value < 10 ? value.toFixed(1) : `${Math.round(value)}`);
const none = (value) => value === null || value === undefined;

// A figure and its unit; without a figure there is no unit either.
export const figures = {
  rate: (value) => (none(value) ? ["–", ""] : [number(value), ""]),
  percent: (value) => (none(value) ? ["–", ""] : [number(value), "%"]),
  milliseconds(value) {
    if (none(value)) return ["–", ""];
    return value < 9999.5 ? [number(value), "ms"] : [(value / 1000).toFixed(1), "s"];
  },
};
const joined = (figure) => (value) => figure(value).join(" ").trim();
export const percent = joined(figures.percent);
export const milliseconds = joined(figures.milliseconds);
export const rate = joined(figures.rate);
