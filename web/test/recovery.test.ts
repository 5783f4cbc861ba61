import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { GetStateResponseSchema, type GetStateResponse } from "$gen/ordermesh/oms/v1/recovery_service_pb.js";

import { ASK_INTERVAL_MS } from "$lib/asking";
import { RecoveryState } from "$lib/recovery";

describe("the state of the order book's recovery", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is asked at once and again, and an unanswered question changes nothing", async () => {
    const since = new Date("2026-11-29T10:00:00Z");
    let answer: GetStateResponse | undefined = create(GetStateResponseSchema, {
      recovering: true,
      since: timestampFromDate(since),
    });
    const state = new RecoveryState(() => (answer ? Promise.resolve(answer) : Promise.reject(new Error("away"))));

    state.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(state.recovering).toBe(true);
    expect(state.since).toEqual(since);

    answer = undefined;
    await vi.advanceTimersByTimeAsync(ASK_INTERVAL_MS);
    expect(state.recovering).toBe(true);

    answer = create(GetStateResponseSchema, {});
    await vi.advanceTimersByTimeAsync(ASK_INTERVAL_MS);
    expect(state.recovering).toBe(false);

    state.stop();
    answer = create(GetStateResponseSchema, { recovering: true });
    await vi.advanceTimersByTimeAsync(ASK_INTERVAL_MS);
    expect(state.recovering).toBe(false);
  });
});
