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
