import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { OrderLinkKind, OrderState } from "$gen/ordermesh/oms/v1/order_pb.js";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

import { NOTICE_MS, Notices, NOTICES_KEPT_MAX, NOTICES_MAX } from "$lib/notices";
import { ageText, lightOf, type StreamState } from "$lib/status";

import { event, order } from "../../clients/typescript/test/builders";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("notices", () => {
  it("are kept in the log when they are no longer shown, the newest first", () => {
    const notices = new Notices();
    for (let i = 0; i < NOTICES_KEPT_MAX + 1; i++) notices.push("good", "Filled", String(i), "the same order");
    vi.advanceTimersByTime(NOTICE_MS.good);
    expect(notices.notices).toEqual([]);
    expect(notices.log).toHaveLength(NOTICES_KEPT_MAX);
    expect(notices.log[0]?.text).toBe(String(NOTICES_KEPT_MAX));
  });

  it("show fills and rejects as text", () => {
    const notices = new Notices();
    const execution = { quantity: "40", price: "612.4" };
    const progress = { state: OrderState.PARTIALLY_FILLED, cumQuantity: "40", averagePrice: "612.4" };
    notices.show({ event: event(2, { kind: { case: "executed", value: { execution } } }), order: order({ progress }) });
    const rejection = { reason: ErrorReason.VENUE_REJECTED, text: "no such symbol", venueText: "58" };
    notices.show({ event: event(3, { kind: { case: "rejected", value: { rejection } } }), order: order({ progress: { state: OrderState.REJECTED } }) });
    expect(notices.notices.map(({ tone, title, text }) => [tone, title, text])).toEqual([
      ["good", "Partly filled", "Buy 100 ASML.SIMA: 40 at 612.4"],
      ["bad", "Rejected", "Buy 100 ASML.SIMA. Venue rejected: no such symbol — venue: 58"],
    ]);
  });

  it("show the fills of one order in one place", () => {
    const notices = new Notices();
    for (const cumQuantity of ["40", "80"]) {
      const execution = { quantity: "40", price: "612.4" };
      const progress = { state: OrderState.PARTIALLY_FILLED, cumQuantity, averagePrice: "612.444444444" };
      notices.show({ event: event(2, { kind: { case: "executed", value: { execution } } }), order: order({ progress }) });
    }
    expect(notices.notices.map((notice) => notice.text)).toEqual([
      "Buy 100 ASML.SIMA: 40 at 612.4; 80 in all, at 612.4444 on average",
    ]);
  });

  it("show a fill of a routed order once, but an anomaly of its child always", () => {
    const notices = new Notices();
    const child = order({ orderId: "C", link: { kind: OrderLinkKind.ROUTED, parentOrderId: "P", groupId: "P" } });
    const kind = { case: "executed", value: { execution: { quantity: "40", price: "612.4" } } } as const;
    notices.show({ event: event(2, { kind }), order: child });
    expect(notices.notices).toEqual([]);
    notices.show({ event: event(3, { kind, anomaly: "more than its quantity" }), order: child });
    expect(notices.notices.map((notice) => notice.title)).toContain("Anomaly");
  });

  it("keep silent about what the trader asked for", () => {
    const notices = new Notices();
    notices.show({ event: event(2), order: order() });
    notices.show({ event: event(3, { kind: { case: "canceled", value: {} } }), order: order() });
    expect(notices.notices).toHaveLength(0);
    notices.show({ event: event(4, { kind: { case: "canceled", value: { unsolicited: true } } }), order: order() });
    expect(notices.notices[0]?.title).toBe("Cancelled by the venue");
  });

  it("are bounded and leave by themselves, bad ones later", () => {
    const notices = new Notices();
    for (let i = 0; i < NOTICES_MAX + 3; i++) notices.push("good", "Filled", String(i));
    notices.push("bad", "Rejected", "why");
    expect(notices.notices).toHaveLength(NOTICES_MAX);
    vi.advanceTimersByTime(NOTICE_MS.good);
    expect(notices.notices.map((notice) => notice.title)).toEqual(["Rejected"]);
    vi.advanceTimersByTime(NOTICE_MS.bad);
    expect(notices.notices).toHaveLength(0);
  });
});

describe("the light of a stream", () => {
  const at = (changes: Partial<StreamState>): StreamState => ({
    phase: "live",
    cause: "",
    refused: undefined,
    retryAt: 0,
    lastFrameAt: 1_000,
    lives: 1,
    ...changes,
  });

  it.each([
    [at({}), 1_240, "live", "live"],
    [at({}), 4_500, "stale", "stale"],
    [at({ phase: "waiting", retryAt: 5_000 }), 2_100, "stale", "resuming in 3 s"],
    [at({ phase: "connecting" }), 2_000, "busy", "resuming"],
    [at({ phase: "connecting", lives: 0 }), 2_000, "busy", "connecting"],
    [at({ phase: "catching-up" }), 2_000, "busy", "catching up"],
    [at({ phase: "stopped" }), 2_000, "down", "stopped"],
  ])("%#: says what is", (stream, now, tone, word) => {
    expect(lightOf(stream, now)).toMatchObject({ tone, word, ageMs: now - 1_000 });
  });

  it("gives ages a column's width", () => {
    expect([240, 3_240, 59_999, 240_000, 7_300_000].map(ageText)).toEqual(["240 ms", "3.2 s", "59 s", "4 min", "2 h"]);
  });
});
