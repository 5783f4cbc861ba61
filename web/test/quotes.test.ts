import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";

import { InstrumentSchema, NoPrices } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { PriceRight, QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { GapKind } from "$gen/ordermesh/type/v1/stream_pb.js";

import { changePercent, QuoteStore } from "$lib/quotes";
import { ServerClock } from "$lib/server-clock";

import { price } from "../../clients/typescript/test/builders";

const ID = "ASML.SIMA";
let now: number;
let clock: ServerClock;
let store: QuoteStore;

beforeEach(() => {
  now = 1_700_000_100_000;
  clock = new ServerClock(() => now);
  store = new QuoteStore(clock);
});

function update(sequence: number, bidPrice: string, more: { conflatedUpdates?: number; snapshot?: boolean; stale?: boolean } = {}): void {
  const { stale, ...envelope } = more;
  const quote = { bidPrice, askPrice: "612.6", lastPrice: "612.5", receivedAt: timestampFromMs(1_700_000_000_000), stale };
  store.take([price({ case: "update", value: { instrumentId: ID, sequence: BigInt(sequence), ...envelope, value: { case: "quote", value: quote } } })]);
}

describe("quotes", () => {
  it("show the way a price moved, and count its moves", () => {
    update(1, "612.4", { snapshot: true });
    expect(store.lines.get(ID)?.moves).toEqual({});
    update(2, "612.5");
    expect(store.lines.get(ID)?.moves.bidPrice).toEqual({ up: true, count: 1 });
    update(3, "612.3");
    expect(store.lines.get(ID)?.moves.bidPrice).toEqual({ up: false, count: 2 });
    update(4, "612.3");
    expect(store.lines.get(ID)?.moves.bidPrice).toEqual({ up: false, count: 2 });
    expect(store.lines.get(ID)?.moves.askPrice).toBeUndefined();
  });

  it("count missed updates, and take conflation for what it is", () => {
    update(1, "1", { snapshot: true });
    update(5, "2", { conflatedUpdates: 3 });
    expect(store.missed).toBe(0);
    update(9, "3", { conflatedUpdates: 1 });
    expect(store.missed).toBe(2);
    update(50, "3", { snapshot: true });
    expect(store.missed).toBe(2);
  });

  it("are forgotten on a resync of their venue", () => {
    update(1, "1");
    store.take([price({ case: "resync", value: { channel: "SIMB" } })]);
    expect(store.lines.size).toBe(1);
    store.take([price({ case: "resync", value: { channel: "SIMA" } })]);
    expect(store.lines.size).toBe(0);
  });
});

describe("a venue without prices", () => {
  it("differs from one whose feed is down", () => {
    store.take([price({ case: "venueStatus", value: { venueMic: "SIMA", feedUp: false } })]);
    expect(store.hasPrices("SIMA")).toBe(false);
    update(1, "1");
    expect(store.hasPrices("SIMA")).toBe(true);
    expect(store.hasPrices("IMA")).toBe(false);
  });
});

describe("staleness", () => {
  it("comes from the mesh's mark, the venue's feed, or a gap", () => {
    update(1, "1");
    expect(store.staleBecause(ID)).toBe("");
    update(2, "1", { stale: true });
    expect(store.staleBecause(ID)).toContain("older than its limit");
    update(3, "1");
    store.take([price({ case: "venueStatus", value: { venueMic: "SIMA", feedUp: false } })]);
    expect(store.staleBecause(ID)).toBe("the feed of SIMA is down");
    const silentBecause = "no prices came for more than 60 s (price_silence_max_s)";
    store.take([price({ case: "venueStatus", value: { venueMic: "SIMA", feedUp: false, silentBecause } })]);
    expect(store.staleBecause(ID)).toBe(silentBecause);
    store.take([price({ case: "venueStatus", value: { venueMic: "SIMA", feedUp: true } })]);
    expect(store.staleBecause(ID)).toBe("");
    store.take([price({ case: "gap", value: { kind: GapKind.LINK_DOWN, channel: "SIMA", text: "logged out" } })]);
    expect(store.staleBecause(ID)).toBe("logged out");
    store.take([price({ case: "gap", value: { kind: GapKind.LINK_UP, channel: "SIMA" } })]);
    expect(store.staleBecause(ID)).toBe("");
  });
});

describe("rights to prices", () => {
  function right(priceRight: PriceRight): void {
    store.take([price({ case: "venueStatus", value: { venueMic: "SIMA", feedUp: true, priceRight } })]);
  }

  it("are named where prices are missing or late, and prices of another right are forgotten", () => {
    right(PriceRight.REAL_TIME);
    update(1, "1");
    right(PriceRight.REAL_TIME);
    expect(store.lines.size).toBe(1);
    right(PriceRight.DELAYED);
    expect(store.lines.size).toBe(0);
    update(2, "1");
    expect(store.staleBecause(ID)).toContain("delayed by 15 minutes");
    right(PriceRight.NONE);
    expect(store.lines.size).toBe(0);
    expect(store.staleBecause(ID)).toBe("you have no right to prices of SIMA");
  });
});

describe("a listing without a price", () => {
  function list(noPrices: NoPrices, noPricesText = ""): void {
    store.putInstruments([create(InstrumentSchema, { instrumentId: ID, venueMic: "SIMA", noPrices, noPricesText })]);
  }

  it("says why", () => {
    list(NoPrices.UNSPECIFIED);
    expect(store.staleBecause(ID)).toBe("SIMA has sent none yet");
    list(NoPrices.REFUSED, "unknown symbol");
    expect(store.staleBecause(ID)).toBe("the venue refuses them: unknown symbol");
    list(NoPrices.NO_SESSION);
    expect(store.staleBecause(ID)).toBe("there is no market-data session with SIMA");
    list(NoPrices.DELISTED);
    update(1, "1");
    expect(store.staleBecause(ID)).toBe("SIMA does not list it any more");
    list(NoPrices.UNSPECIFIED);
    expect(store.staleBecause(ID)).toBe("");
  });
});

describe("age", () => {
  it("is reckoned on the server's clock, whatever the clock here says", () => {
    update(1, "1");
    // The clock here is 90 s ahead; the least delayed heartbeat shows it best.
    store.take([price({ case: "heartbeat", value: { serverTime: timestampFromMs(now - 90_400) } })]);
    store.take([price({ case: "heartbeat", value: { serverTime: timestampFromMs(now - 90_000) } })]);
    expect(store.ageMs(ID)).toBe(10_000);
    now += 250;
    expect(store.ageMs(ID)).toBe(10_250);
    expect(store.ageMs("NONE.SIMA")).toBeUndefined();
  });
});

describe("the change of the day", () => {
  it.each([
    ["101", "100", "+1.00"],
    ["99.995", "100", "−0.01"],
    ["100", "100", "0.00"],
    ["612.45", "600.1", "+2.06"],
    ["", "100", ""],
    ["1", "0", ""],
  ])("%s against %s is %s", (lastPrice, closePrice, text) => {
    expect(changePercent(create(QuoteSchema, { lastPrice, closePrice }))).toBe(text);
  });
});
