/** Times of day as the user chose to see them: of the computer, or UTC. */

let utc = $state(false);

/** Chooses; every time on the page is written anew. */
export function clockIs(inUtc: boolean): void {
  utc = inUtc;
}

const zone = (): { timeZone?: string } => (utc ? { timeZone: "UTC" } : {});

/** "14:03:27", with "UTC" if it is. */
export function clockText(ms: number): string {
  return `${new Date(ms).toLocaleTimeString("en-GB", zone())}${utc ? " UTC" : ""}`;
}

/** "2026-11-30 14:03:27", with "UTC" if it is. */
export function momentText(ms: number): string {
  return `${new Date(ms).toLocaleString("sv-SE", zone())}${utc ? " UTC" : ""}`;
}

/** The time alone if it is of today, otherwise with the date. */
export function recentText(ms: number): string {
  const day = (one: number): string => new Date(one).toLocaleDateString("sv-SE", zone());
  return day(ms) === day(Date.now()) ? clockText(ms) : momentText(ms);
}

/** "10:32:05.123"; of another day than that of `nowMs`, "2027-01-31 10:32:05.123"; with "UTC" if it is. */
export function preciseText(ms: number, nowMs: number): string {
  const day = (one: number): string => new Date(one).toLocaleDateString("sv-SE", zone());
  const time = `${new Date(ms).toLocaleTimeString("en-GB", zone())}.${String(new Date(ms).getMilliseconds()).padStart(3, "0")}${utc ? " UTC" : ""}`;
  return day(ms) === day(nowMs) ? time : `${day(ms)} ${time}`;
}

/** "14:03", with "UTC" if it is. */
export function minuteText(ms: number): string {
  return `${new Date(ms).toLocaleTimeString("en-GB", zone()).slice(0, 5)}${utc ? " UTC" : ""}`;
}

/** "2026-11-30 14:03:27, your local time", or "2026-11-30 14:03:27 UTC". */
export function statedText(ms: number): string {
  return utc ? momentText(ms) : `${momentText(ms)}, your local time`;
}
