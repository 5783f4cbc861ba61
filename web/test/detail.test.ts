import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { PriceRight, Topic, type MarketDataUpdate } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { WatchResponseSchema, type WatchResponse } from "$gen/ordermesh/marketdata/v1/market_data_service_pb.js";

import { type DetailReader, DetailPrices, type DetailTopic } from "$lib/detail";
import { rightWords } from "$lib/rights";

import { price } from "../../clients/typescript/test/builders";

class Panel implements DetailReader {
  readonly seen: string[] = [];
  begin(): void {
    this.seen.push("begin");
  }
  take(update: MarketDataUpdate): void {
    this.seen.push(update.value.case ?? "");
  }
  live(): void {
    this.seen.push("live");
  }
}

const FRAME = create(WatchResponseSchema, {
  items: [
    price({ case: "update", value: { instrumentId: "ASML.SIMA", value: { case: "candle", value: {} } } }),
    price({ case: "update", value: { instrumentId: "NL0010273215/EUR", value: { case: "consolidatedBook", value: {} } } }),
    price({ case: "snapshotComplete", value: {} }),
  ],
});

let opened: [string, DetailTopic[]][];
let signals: AbortSignal[];
let breaks: (() => void)[];
let detail: DetailPrices;

beforeEach(() => {
  opened = [];
  signals = [];
  breaks = [];
  async function* open(instrumentId: string, topics: DetailTopic[], signal: AbortSignal): AsyncGenerator<WatchResponse> {
    opened.push([instrumentId, topics]);
    signals.push(signal);
    yield FRAME;
    await new Promise((_, reject) => breaks.push(() => reject(new ConnectError("missing trailer", Code.Unknown))));
  }
  detail = new DetailPrices(open, { heartbeatMs: 2_000, renewToken: () => Promise.resolve() });
  return () => detail.stop();
});

const live = (): Promise<void> => vi.waitFor(() => expect(detail.stream.phase).toBe("live"));

describe("the stream that panels share", () => {
  it("is open only while a listing is chosen and a panel reads", async () => {
    const close = detail.read(Topic.CANDLE, new Panel());
    await vi.waitFor(() => expect(detail.stream.phase).toBe("stopped"));
    detail.follow("ASML.SIMA");
    await live();
    expect(opened).toEqual([["ASML.SIMA", [Topic.CANDLE]]]);
    close();
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true));
    expect(detail.stream.phase).toBe("stopped");
  });

  it("gives each panel its topic, and begins anew for another listing, once", async () => {
    const [chart, book] = [new Panel(), new Panel()];
    detail.read(Topic.CANDLE, chart);
    detail.read(Topic.CONSOLIDATED_BOOK, book);
    detail.follow("ASML.SIMA");
    await live();
    detail.follow("SAP.SIMA");
    detail.follow("SAP.SIMA");
    await vi.waitFor(() => expect(chart.seen).toHaveLength(6));
    expect(opened.map(([id, topics]) => `${id} ${topics.join()}`)).toEqual(["ASML.SIMA 4,5", "SAP.SIMA 4,5"]);
    expect(chart.seen).toEqual(["begin", "candle", "live", "begin", "candle", "live"]);
    expect(book.seen).toEqual(["begin", "consolidatedBook", "live", "begin", "consolidatedBook", "live"]);
  });

  it("resumes after a break", async () => {
    const chart = new Panel();
    detail.read(Topic.CANDLE, chart);
    detail.follow("ASML.SIMA");
    await vi.waitFor(() => expect(breaks).toHaveLength(1));
    breaks[0]?.();
    await vi.waitFor(() => expect(chart.seen).toEqual(["begin", "candle", "live", "begin", "candle", "live"]));
  });
});

describe("rights to prices", () => {
  it("have a mark and a meaning each", () => {
    expect(rightWords(PriceRight.REAL_TIME, "SIMA")).toMatchObject({ mark: "real-time", limited: false });
    expect(rightWords(PriceRight.DELAYED, "SIMA")).toMatchObject({ mark: "15 min", limited: true });
    expect(rightWords(PriceRight.NONE, "SIMA")).toMatchObject({ mark: "no right", limited: true });
    expect(rightWords(undefined, "SIMA").meaning).toContain("not known");
  });
});
