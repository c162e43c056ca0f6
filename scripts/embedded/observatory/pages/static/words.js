// Numbers, times and verdicts in words.
export const VERDICTS = {
  Passed: { sign: "✓", style: "passed" },
  Failed: { sign: "✕", style: "failed" },
  Inconclusive: { sign: "?", style: "inconclusive" },
  Error: { sign: "!", style: "error" },
};
export const verdict = (name) => VERDICTS[name] ?? { sign: "?", style: "inconclusive" };

export const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
export const exactClock = (text) => new Date(text).toLocaleTimeString("en-GB", { fractionalSecondDigits: 3 });

export function lasted(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (seconds < 9.95 && seconds >= 0) return `${seconds.toFixed(1)} s`;
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function percent(value) {
  if (value === null || value === undefined) return "–";
  return value === 0 || value >= 10 ? `${Math.round(value)} %` : `${value.toFixed(1)} %`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0 ms";
  return value < 10 ? `${value.toFixed(1)} ms` : value < 9999.5 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export const rate = (value) => (value === null || value === undefined ? "–" : value > 0 && value < 10 ? value.toFixed(1) : `${Math.round(value)}`);
