// Times that are said as "3 minutes ago" go on counting.

const EVERY_MS = 30_000;
const RELATIVE = /^(just now|in \d+ \w+|\d+ \w+ ago)$/;
const UNITS: readonly (readonly [number, string])[] = [[86_400, "day"], [3600, "hour"], [60, "minute"]];

/** `3 minutes ago`, `in 2 days`: as `words.ago` says it on the server. Both in milliseconds since 1970. */
export function ago(then: number, now: number): string {
  const seconds = (now - then) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  const [length, unit] = UNITS.find(([least]) => size >= least) ?? [60, "minute"];
  const number = Math.max(1, Math.round(size / length));
  const text = `${number} ${unit}${number === 1 ? "" : "s"}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

/** Counts on, as long as someone looks. */
export function setUpTimes(): void {
  setInterval(() => {
    if (!document.hidden) countOn();
  }, EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) countOn();
  });
}

function countOn(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll("time")) {
    const text = time.textContent?.trim() ?? "";
    if (!RELATIVE.test(text)) continue;
    const then = Date.parse(time.dateTime);
    if (Number.isNaN(then)) continue;
    // A clock that is behind the server's must not say of what was that it is to come.
    const said = text.startsWith("in ") ? ago(then, now) : ago(Math.min(then, now), now);
    if (said !== text) time.textContent = said;
  }
}
