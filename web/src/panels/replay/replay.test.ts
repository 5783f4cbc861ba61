import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { ReplayResponseSchema, type ReplayResponse } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";
import type { MarketDataUpdateSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { fieldTime, ReplayState, SILENT_AFTER_MS, type Span, SPAN_MAX_MS, spanOf } from "./replay";

const ID = "ASML.SIMA";
const T = Date.UTC(2027, 0, 31, 10, 0);
const SPAN: Span = { instrumentId: ID, fromMs: T, toMs: T + 600_000, speed: 60 };

function update(value: MessageInitShape<typeof MarketDataUpdateSchema>["value"], instrumentId = ID): ReplayResponse {
  return create(ReplayResponseSchema, { items: [{ item: { case: "update", value: { instrumentId, value } } }] });
}
function trade(afterS: number, price: string): ReplayResponse {
  return update({ case: "trade", value: { price, size: "5", tradeId: price, venueTime: timestampFromMs(T + afterS * 1_000) } });
}
function quote(afterS: number, bidPrice: string): ReplayResponse {
  return update({ case: "quote", value: { bidPrice, venueTime: timestampFromMs(T + afterS * 1_000) } });
}
function candle(minute: number, closePrice: string): ReplayResponse {
  const openPrice = closePrice === "" ? "" : "700";
  return update({ case: "candle", value: { start: timestampFromMs(T + minute * 60_000), openPrice, closePrice } });
}

let opened: Span[];
let connections: (ReplayResponse | ConnectError)[][];
let timers: { ms: number; call: () => void }[];
let replay: ReplayState;

beforeEach(() => {
  opened = [];
  timers = [];
  const later = (ms: number, call: () => void): (() => void) => {
    const timer = { ms, call };
    timers.push(timer);
    return () => (timers = timers.filter((one) => one !== timer));
  };
  async function* open(span: Span): AsyncGenerator<ReplayResponse> {
    opened.push(span);
    for (const frame of connections.shift() ?? []) {
      if (frame instanceof ConnectError) throw frame;
      yield await Promise.resolve(frame);
    }
  }
  replay = new ReplayState(open, { nowMs: () => T, later });
});

const prices = (): string[] => replay.trades.map((one) => one.price);
const closes = (): string[] => replay.bars.map((bar) => bar.candle.closePrice);
async function phase(wanted: string): Promise<void> {
  await vi.waitFor(() => expect(replay.phase).toBe(wanted));
}

describe("a replay", () => {
  it("has the newest quote, and goes on after a break at its minute", async () => {
    const lost = new ConnectError("connection lost", Code.Unavailable);
    connections = [[trade(1, "700"), quote(2, "699"), quote(70, "701"), lost], [quote(61, "700"), quote(70, "701"), trade(71, "702")]];
    replay.play(SPAN);
    await phase("waiting");
    expect([replay.quote?.bidPrice, replay.atMs]).toEqual(["701", T + 70_000]);
    timers[0]?.call();
    await phase("ended");
    expect(opened.map((span) => span.fromMs)).toEqual([T, T + 60_000]);
    expect([replay.quote?.bidPrice, prices()]).toEqual(["701", ["702", "700"]]);
  });

  it("shows trades and candles in the order in which they were made, and ends", async () => {
    connections = [[trade(1, "700"), candle(0, "700"), trade(61, "701"), candle(1, "701"), candle(1, "702")]];
    replay.play(SPAN);
    await phase("ended");
    expect(opened).toEqual([SPAN]);
    expect(prices()).toEqual(["701", "700"]);
    expect(closes()).toEqual(["700", "702"]);
    expect(replay.atMs).toBe(T + 61_000);
    expect(timers).toEqual([]);
  });

  it("goes on after a break at the minute of its last trade, and shows no trade twice", async () => {
    connections = [
      [trade(1, "700"), trade(61, "701"), candle(1, "701"), trade(62, "702"), new ConnectError("connection lost", Code.Unavailable)],
      [trade(61, "701"), trade(62, "702"), trade(63, "703"), candle(1, "703")],
    ];
    replay.play(SPAN);
    await phase("waiting");
    expect(replay.fault).toBe("connection lost");
    timers.at(-1)?.call();
    await phase("ended");
    expect(opened[1]?.fromMs).toBe(T + 60_000);
    expect(prices()).toEqual(["703", "702", "701", "700"]);
    expect(closes()).toEqual(["703"]);
  });

  it("takes silence for a break", async () => {
    const later = (ms: number, call: () => void): (() => void) => {
      timers = [{ ms, call }];
      return () => (timers = []);
    };
    const signals: AbortSignal[] = [];
    async function* silent(_: Span, signal: AbortSignal): AsyncGenerator<ReplayResponse> {
      signals.push(signal);
      if (signals.length === 1) await new Promise(() => undefined);
      yield trade(1, "700");
    }
    replay = new ReplayState(silent, { nowMs: () => T, later });
    replay.play(SPAN);
    expect(timers.map((timer) => timer.ms)).toEqual([SILENT_AFTER_MS]);
    timers[0]?.call();
    await phase("ended");
    expect([signals[0]?.aborted, prices()]).toEqual([true, ["700"]]);
  });

  it("that is refused is not tried again", async () => {
    connections = [[new ConnectError("user vera has no right to prices of SIMA", Code.PermissionDenied)]];
    replay.play(SPAN);
    await phase("refused");
    expect([replay.fault, timers.length]).toEqual(["user vera has no right to prices of SIMA", 0]);
  });

  it("that is stopped takes nothing more, and starts anew without what it showed", async () => {
    connections = [[trade(1, "700"), trade(2, "701")], [trade(3, "705")]];
    replay.play(SPAN);
    replay.stop();
    expect(replay.phase).toBe("stopped");
    replay.play(SPAN);
    await phase("ended");
    expect(prices()).toEqual(["705"]);
  });

  it("forgets a candle whose trades were withdrawn", async () => {
    connections = [[candle(0, "700"), candle(1, "701"), candle(0, "")]];
    replay.play(SPAN);
    await phase("ended");
    expect(closes()).toEqual(["701"]);
  });
});

describe("the interval", () => {
  const now = T + 3_600_000;
  const at = (ms: number): string => fieldTime(ms);

  it("is read as UTC", () => {
    expect(spanOf(ID, at(T), at(T + 600_000), 60, now)).toEqual({ span: SPAN });
    expect(fieldTime(T)).toBe("2027-01-31T10:00");
  });

  it.each([
    ["", at(T), at(T + 60_000), "Choose a listing."],
    [ID, "", at(T), "From and to are needed."],
    [ID, at(T), at(T), "To must be after from."],
    [ID, at(T), at(now + 120_000), "To is in the future: only the past can be replayed."],
    [ID, at(T - SPAN_MAX_MS), at(T + 60_000), "At most 31 days can be replayed at once."],
  ])("of %j from %j to %j is refused", (id, from, to, fault) => {
    expect(spanOf(id, from, to, 1, now).fault).toBe(fault);
  });
});
