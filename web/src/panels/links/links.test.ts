import { describe, expect, it } from "vitest";

import { offsetWords, streamLines, timesWords } from "./links";

const stream = { phase: "live", cause: "", refused: undefined, retryAt: 0, lastFrameAt: 1_000, lives: 1 } as const;
const desk = {
  orders: { sequences: new Map([["ACC-ALICE", 17n]]), holes: 2, repeats: 0 },
  orderStream: { ...stream, phase: "waiting", cause: "the server ended the stream", retryAt: 3_500, lives: 3 },
  quotes: { missed: 0 },
  priceStream: stream,
  detail: { stream: { ...stream, phase: "idle", lastFrameAt: undefined, lives: 0 } },
  killStream: stream,
  parkedStream: stream,
  alerts: { sequence: undefined },
  alertStream: stream,
  notify: { stream, notifications: { sequence: 5n } },
  hasAccounts: true,
} as unknown as Parameters<typeof streamLines>[0];

describe("the streams of the page", () => {
  const lines = streamLines(desk, 1_500);

  it("are shown with state, age, sequence and what was missed", () => {
    expect(lines[0]).toMatchObject({ name: "Orders", sequence: "17", lives: 3, note: "2 × hole re-read", light: { tone: "stale", word: "resuming in 2 s", ageMs: 500 } });
    expect(lines.find(({ name }) => name === "Notifications")).toMatchObject({ sequence: "5", light: { tone: "live" } });
    expect(lines.find(({ name }) => name === "Detail of the listing")).toMatchObject({ light: { tone: "busy", word: "not needed now", ageMs: undefined } });
  });

  it("have none of orders for a user without accounts", () => {
    expect(streamLines({ ...desk, hasAccounts: false }, 1_500)[0]?.name).toBe("Prices");
  });
});

it("times and the clock are said with what is known of them", () => {
  expect(timesWords(undefined)).toBe("none measured yet");
  expect(timesWords({ count: 31, p50: 12, p99: 1_540 })).toBe("12 ms, p99 1.5 s, of 31");
  expect(offsetWords(undefined)).toBe("not known yet");
  expect(offsetWords(3)).toBe("3 ms ahead of the mesh's, at most");
  expect(offsetWords(-2_300)).toBe("2.3 s behind the mesh's, at least");
});
