import { afterEach, expect, it, vi } from "vitest";

import { clockIs, clockText, minuteText, momentText, preciseText, recentText, statedText } from "$lib/times.svelte";

const AT = Date.UTC(2027, 0, 31, 23, 32, 5, 123);
const DAY_MS = 86_400_000;

afterEach(() => {
  clockIs(false);
  vi.unstubAllEnvs();
});

it.each([
  ["08:32:05", "23:32:05 UTC", clockText],
  ["08:32", "23:32 UTC", minuteText],
  ["2027-02-01 08:32:05", "2027-01-31 23:32:05 UTC", momentText],
  ["2027-02-01 08:32:05", "2027-01-31 23:32:05 UTC", recentText],
  ["2027-02-01 08:32:05, your local time", "2027-01-31 23:32:05 UTC", statedText],
  ["08:32:05.123", "23:32:05.123 UTC", (ms: number) => preciseText(ms, ms + 60_000)],
  ["2027-02-01 08:32:05.123", "2027-01-31 23:32:05.123 UTC", (ms: number) => preciseText(ms, ms + DAY_MS)],
])("writes a time as the person chose, and says that it is UTC %#", (local, utc, write) => {
  vi.stubEnv("TZ", "Asia/Tokyo");
  expect(write(AT)).toBe(local);
  clockIs(true);
  expect(write(AT)).toBe(utc);
});

it("every time of day on the page is written by it, but for fields of the browser, which are local", () => {
  const sources: Record<string, string> = import.meta.glob("../src/**/*.{ts,svelte}", { query: "?raw", import: "default", eager: true });
  const others = Object.entries(sources).flatMap(([name, source]) => (!name.endsWith(".test.ts") && /toLocale(Time|Date)?String/.test(source) ? [name] : []));
  expect(others.sort()).toEqual(["../src/lib/schedule.ts", "../src/lib/times.svelte.ts"]);
});
