import { describe, expect, it } from "vitest";

import { SAMPLES_MAX, Timings } from "$lib/timings";

describe("times of commands", () => {
  it("run from the press to the answer, and to the venue's first report", async () => {
    let now = 100;
    const timings = new Timings(() => now);
    expect(timings.of("answered")).toBeUndefined();
    const { answer, pressedAt } = await timings.answered(() => {
      now += 12;
      return Promise.resolve("O");
    });
    timings.placed(answer, pressedAt);
    now += 18;
    timings.reported("another");
    timings.reported("O");
    timings.reported("O");
    expect(timings.of("answered")).toEqual({ count: 1, p50: 12, p99: 12 });
    expect(timings.of("acknowledged")).toEqual({ count: 1, p50: 30, p99: 30 });
  });

  it("keep the newest, and have the nearest rank", async () => {
    let now = 0;
    const timings = new Timings(() => now);
    for (let ms = 1; ms <= SAMPLES_MAX + 100; ms++) {
      await timings.answered(() => {
        now += ms;
        return Promise.resolve();
      });
    }
    expect(timings.of("answered")).toEqual({ count: SAMPLES_MAX, p50: 350, p99: 595 });
  });

  it("measure a report that came before the answer, from the press on", () => {
    let now = 5;
    const timings = new Timings(() => now);
    timings.reported("O");
    now = 9;
    timings.reported("O");
    timings.placed("O", 1);
    expect(timings.of("acknowledged")).toEqual({ count: 1, p50: 4, p99: 4 });
  });
});
