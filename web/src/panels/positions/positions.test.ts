import { create } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";

import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { PositionSchema, type Position } from "$gen/ordermesh/oms/v1/order_pb.js";

import { instrument } from "../../../../clients/typescript/test/builders";
import { Positions, totalsOf, valued, type Prices } from "./positions";

const ISIN = "NL0010273215";

function position(quantity: string, averagePrice: string, realisedProfit = "0", isin = ISIN): Position {
  return create(PositionSchema, { accountId: "ACC-ALICE", isin, currency: "EUR", quantity, averagePrice, realisedProfit });
}

function prices(quotes: Record<string, [bid: string, ask: string]>, stale: readonly string[] = []): Prices {
  const listings = Object.entries(quotes);
  return {
    instruments: new Map(listings.map(([id]) => [id, instrument({ instrumentId: id, isin: ISIN, currency: "EUR" })])),
    lines: new Map(listings.map(([id, [bidPrice, askPrice]]) => [id, { instrumentId: id, quote: create(QuoteSchema, { bidPrice, askPrice }), sequence: 1n, moves: {} }])),
    staleBecause: (id) => (stale.includes(id) ? "the feed is down" : ""),
  };
}

const both = prices({ "ASML.SIMA": ["700.1", "700.3"], "ASML.SIMB": ["700.2", "700.4"] });

describe("a position is valued", () => {
  it.each([
    ["100", "690", "12.5", "ASML.SIMB", "700.2", "70020", "1020", "1032.5"],
    ["-100", "690", "0", "ASML.SIMA", "700.3", "-70030", "-1030", "-1030"],
    ["0", "0", "-7.25", "", "", "0", "0", "-7.25"],
  ])("at what closing it would bring: %s at %s", (quantity, average, realised, instrumentId, mark, value, unrealised, total) => {
    expect(valued(position(quantity, average, realised), both, true)).toMatchObject({ instrumentId, mark, value, unrealised, total });
  });

  it("only at prices that are current", () => {
    const stale = prices({ "ASML.SIMA": ["700.1", "700.3"], "ASML.SIMB": ["", ""] }, ["ASML.SIMA"]);
    const nothing = { mark: "", value: "", unrealised: "", total: "" };
    expect(valued(position("100", "690"), stale, true)).toMatchObject(nothing);
    expect(valued(position("100", "690"), both, false)).toMatchObject(nothing);
  });

  it("into sums by currency, that are empty while a part is missing", () => {
    const known = valued(position("100", "690", "12.5"), both, true);
    const missing = valued(position("5", "10", "1", "US0000000000"), both, true);
    expect(totalsOf([known])).toEqual([{ currency: "EUR", realised: "12.5", unrealised: "1020", total: "1032.5" }]);
    expect(totalsOf([known, missing])).toEqual([{ currency: "EUR", realised: "13.5", unrealised: "", total: "" }]);
  });
});

describe("positions of an account", () => {
  it("are read once more, not once each, after executions that come while they are read", async () => {
    const answers: ((rows: Position[]) => void)[] = [];
    const store = new Positions(() => new Promise((resolve) => answers.push(resolve)));
    const done = store.refresh("ACC-ALICE");
    void store.refresh("ACC-ALICE");
    void store.refresh("ACC-ALICE");
    answers[0]?.([position("5", "700")]);
    await Promise.resolve();
    await Promise.resolve();
    expect(store.isBehind("ACC-ALICE")).toBe(true);
    answers[1]?.([position("7", "700")]);
    await done;
    expect(answers).toHaveLength(2);
    expect(store.all[0]?.quantity).toBe("7");
    expect(store.isBehind("ACC-ALICE")).toBe(false);
  });

  it("stay, marked, when they cannot be read", async () => {
    let fails = false;
    const store = new Positions(() => (fails ? Promise.reject(new Error("gone")) : Promise.resolve([position("5", "700")])));
    await store.refresh("ACC-ALICE");
    fails = true;
    await store.refresh("ACC-ALICE");
    expect(store.all).toHaveLength(1);
    expect(store.isBehind("ACC-ALICE")).toBe(true);
    expect(store.faults.get("ACC-ALICE")).toContain("gone");
    store.stop();
  });

  it("are read again after a failure, without an execution, until they can be read", async () => {
    vi.useFakeTimers();
    let [fails, calls] = [true, 0];
    const store = new Positions(() => (calls++, fails ? Promise.reject(new Error("gone")) : Promise.resolve([position("5", "700")])));
    await store.refresh("ACC-ALICE");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.isBehind("ACC-ALICE")).toBe(true);
    expect(calls).toBeGreaterThan(5);
    fails = false;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(store.isBehind("ACC-ALICE")).toBe(false);
    const read = calls;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(read);
    fails = true;
    await store.refresh("ACC-ALICE");
    store.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(read + 1);
    vi.useRealTimers();
  });
});
