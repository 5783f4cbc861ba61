import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { CandleInterval, HistoryGapCause, HistoryGapSchema, ListCandlesResponseSchema, type ListCandlesResponse } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";
import { CandleSchema, MarketDataUpdateSchema, type Candle, type MarketDataUpdate } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { axisTime, type CandlesRequest, ChartState, gapWords, PAGE_CANDLES, REFRESH_AFTER_MS } from "./chart";

const ID = "ASML.SIMA";
const T = 1_700_000_040; // A whole minute.

function candle(minute: number, close: string, changes: Partial<Pick<Candle, "openPrice" | "highPrice" | "lowPrice">> = {}): Candle {
  const start = { seconds: BigInt(T + minute * 60) };
  return create(CandleSchema, { start, intervalS: 60, openPrice: "700", highPrice: "701", lowPrice: "699", closePrice: close, volume: "10", ...changes });
}
function update(value: Candle, instrumentId = ID): MarketDataUpdate {
  return create(MarketDataUpdateSchema, { instrumentId, value: { case: "candle", value } });
}

let asked: CandlesRequest[];
let answer: (request: CandlesRequest) => Candle[];
let timers: { ms: number; call: () => void }[];
let now: number;
let chart: ChartState;

function read(request: CandlesRequest): Promise<ListCandlesResponse> {
  asked.push(request);
  try {
    const candles = answer(request);
    return Promise.resolve(create(ListCandlesResponseSchema, { instruments: candles.length > 0 ? [{ instrumentId: ID, candles }] : [] }));
  } catch (thrown) {
    return Promise.reject(thrown as Error);
  }
}

beforeEach(() => {
  asked = [];
  timers = [];
  now = (T + 3 * 60) * 1_000;
  answer = () => [candle(0, "700.1"), candle(1, "700.2"), candle(2, "700.3")];
  const later = (ms: number, call: () => void): (() => void) => {
    const timer = { ms, call };
    timers.push(timer);
    return () => (timers = timers.filter((one) => one !== timer));
  };
  chart = new ChartState(read, { nowMs: () => now, later });
});

const closes = (): string[] => chart.bars.map((bar) => bar.candle.closePrice);
async function shown(interval = CandleInterval.MINUTE): Promise<void> {
  chart.show(ID, interval);
  await vi.waitFor(() => expect(chart.read).toBe(true));
}

describe("a chart", () => {
  it("reads the newest page, and the building candle follows from the stream", async () => {
    await shown();
    const drawn = chart.revision;
    expect(asked).toEqual([{ instrumentIds: [ID], interval: CandleInterval.MINUTE, latest: PAGE_CANDLES }]);
    chart.take(update(candle(2, "700.4")));
    chart.take(update(candle(3, "700.5")));
    chart.take(update(candle(3, "999"), "ASML.SIMB"));
    expect(closes()).toEqual(["700.1", "700.2", "700.4", "700.5"]);
    expect(chart.revision).toBe(drawn);
  });

  it("draws all bars again when an earlier candle was corrected or has no trade left", async () => {
    await shown();
    const drawn = chart.revision;
    chart.take(update(candle(1, "700.2")));
    expect(chart.revision).toBe(drawn);
    chart.take(update(candle(0, "650")));
    expect(closes()[0]).toBe("650");
    expect(chart.revision).toBe(drawn + 1);
    chart.take(update(candle(1, "", { openPrice: "", highPrice: "", lowPrice: "" })));
    expect(closes()).toEqual(["650", "700.3"]);
    expect(chart.revision).toBe(drawn + 2);
  });

  it("reads earlier pages up to the first candle, one at a time", async () => {
    const page = (from: number): Candle[] => Array.from({ length: PAGE_CANDLES }, (_, at) => candle(from + at, "1"));
    answer = ({ to }) => (to === undefined ? page(0) : to.seconds === BigInt(T) ? page(-PAGE_CANDLES) : [candle(-PAGE_CANDLES - 1, "1")]);
    await shown();
    expect(chart.complete).toBe(false);
    await Promise.all([chart.readOlder(), chart.readOlder()]);
    expect(chart.bars).toHaveLength(2 * PAGE_CANDLES);
    await chart.readOlder();
    expect(chart.bars).toHaveLength(2 * PAGE_CANDLES + 1);
    expect(chart.complete).toBe(true);
    await chart.readOlder();
    expect(asked).toHaveLength(3);
    expect(chart.bars.every((bar, at) => at === 0 || bar.at > (chart.bars[at - 1]?.at ?? 0))).toBe(true);
  });

  it("does not take a short page of seconds for the first one", async () => {
    await shown(CandleInterval.SECOND);
    expect(chart.complete).toBe(false);
    answer = () => [];
    await chart.readOlder();
    expect(chart.complete).toBe(true);
  });

  it("reads what came while there was no connection", async () => {
    await shown();
    now = (T + 63 * 60) * 1_000;
    answer = () => [candle(2, "700.9"), candle(62, "702"), candle(63, "703")];
    chart.begin();
    chart.live();
    await vi.waitFor(() => expect(closes().slice(-3)).toEqual(["700.9", "702", "703"]));
    expect(asked.at(-1)?.latest).toBe(63);
  });

  it("of another length than a minute reads its newest candles after an update, once", async () => {
    await shown(CandleInterval.HOUR);
    chart.take(update(candle(2, "5")));
    chart.take(update(candle(2, "6")));
    expect(timers.map((timer) => timer.ms)).toEqual([REFRESH_AFTER_MS]);
    answer = () => [candle(0, "700.1"), candle(2, "6")];
    timers[0]?.call();
    await vi.waitFor(() => expect(closes().at(-1)).toBe("6"));
    expect(asked).toHaveLength(2);
  });

  it("says why there are no candles, and repeats only what can help", async () => {
    answer = () => {
      throw new ConnectError("user vera has no right to prices of SIMA", Code.PermissionDenied);
    };
    chart.show(ID, CandleInterval.MINUTE);
    await vi.waitFor(() => expect(chart.fault).toBe("user vera has no right to prices of SIMA"));
    expect([chart.retries, timers.length]).toEqual([false, 0]);

    answer = () => {
      throw new ConnectError("connection lost", Code.Unavailable);
    };
    chart.show(ID, CandleInterval.MINUTE);
    await vi.waitFor(() => expect(chart.retries).toBe(true));
    answer = () => [candle(0, "1")];
    timers[0]?.call();
    await vi.waitFor(() => expect([chart.fault, chart.bars.length]).toEqual(["", 1]));
  });

  it("takes no answer to an earlier question", async () => {
    let late: (value: ListCandlesResponse) => void = () => undefined;
    const slow = new ChartState(({ instrumentIds }) =>
      instrumentIds[0] === ID ? new Promise((resolve) => (late = resolve)) : Promise.resolve(create(ListCandlesResponseSchema)), { nowMs: () => now, later: () => () => undefined });
    slow.show(ID, CandleInterval.MINUTE);
    slow.show("SAP.SIMA", CandleInterval.MINUTE);
    late(create(ListCandlesResponseSchema, { instruments: [{ instrumentId: ID, candles: [candle(0, "1")] }] }));
    await vi.waitFor(() => expect(slow.read).toBe(true));
    expect(slow.bars).toEqual([]);
  });
});

describe("the time axis", () => {
  it("puts a trading day at its date, whatever the zone in which it begins", () => {
    const midnight = Date.UTC(2027, 0, 31) / 1_000;
    for (const shift of [0, -3_600, -2 * 3_600, 5 * 3_600]) expect(axisTime(midnight + shift, CandleInterval.DAY)).toBe(midnight);
    expect(axisTime(T, CandleInterval.HOUR)).toBe(T);
  });
});

describe("gaps", () => {
  it("are named with venue, time and cause", () => {
    const at = (seconds: number): { seconds: bigint } => ({ seconds: BigInt(seconds) });
    const gap = { venueMic: "SIMA", from: at(T), until: at(T + 300), cause: HistoryGapCause.NOT_RECORDED };
    expect(gapWords(create(HistoryGapSchema, gap))).toBe("SIMA 2023-11-14 22:14:00 to 22:19:00: was not recorded");
    const dropped = { ...gap, until: at(T + 90_000), cause: HistoryGapCause.DROPPED, droppedTrades: 7n };
    expect(gapWords(create(HistoryGapSchema, dropped))).toBe(
      "SIMA 2023-11-14 22:14:00 to 2023-11-15 23:14:00: 7 trades were dropped, the database was too slow",
    );
  });
});
