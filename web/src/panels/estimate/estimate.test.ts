import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { ConsolidatedBookSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { RoutingStrategy, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { parse } from "$lib/decimals";

import { estimate, firstSlice, type Wanted } from "./estimate";

function level(price: string, sima: string, simb: string): { price: string; shares: { instrumentId: string; size: string }[] } {
  const shares = [{ instrumentId: "ASML.SIMA", size: sima }, { instrumentId: "ASML.SIMB", size: simb }];
  return { price, shares: shares.filter(({ size }) => size !== "0") };
}

const BOOK = create(ConsolidatedBookSchema, {
  asks: [level("100", "10", "0"), level("101", "20", "30"), level("103", "0", "100")],
  bids: [level("99", "0", "40"), level("98", "60", "0")],
});

function split(changes: Partial<Wanted> = {}, lot = "1"): { of: Record<string, [string, string]>; rest: string } {
  const wanted: Wanted = { side: Side.BUY, strategy: RoutingStrategy.BEST, timeInForce: TimeInForce.DAY, quantity: "50", limitPrice: "102", mics: ["SIMA", "SIMB"], ...changes };
  const { parts, rest } = estimate(BOOK, wanted, () => parse(lot));
  return { of: Object.fromEntries(parts.map(({ mic, quantity, price }) => [mic, [quantity, price]])), rest };
}

describe("the estimated split", () => {
  it("takes the best prices within the limit first", () => {
    expect(split()).toEqual({ of: { SIMA: ["30", "100.6667"], SIMB: ["20", "101"] }, rest: "0" });
    expect(split({ quantity: "90" })).toMatchObject({ of: { SIMA: ["30", "100.6667"], SIMB: ["30", "101"] }, rest: "30" });
    expect(split({ quantity: "90", limitPrice: "" }).rest).toBe("0");
    expect(split({ side: Side.SELL, limitPrice: "98.5" })).toEqual({ of: { SIMA: ["0", ""], SIMB: ["40", "99"] }, rest: "10" });
  });

  it("uses no venue that is not wanted, and gives lots", () => {
    expect(split({ mics: ["SIMB"] })).toEqual({ of: { SIMB: ["30", "101"] }, rest: "20" });
    expect(split({ quantity: "45" }, "10")).toMatchObject({ of: { SIMA: ["30", "100.6667"], SIMB: ["10", "101"] }, rest: "5" });
  });

  it("is in proportion to what is displayed for SPLIT; the largest remainders get what lots leave over", () => {
    const both = { strategy: RoutingStrategy.SPLIT, limitPrice: "" };
    expect(split({ ...both, quantity: "16" }).of).toEqual({ SIMA: ["3", "100"], SIMB: ["13", "101"] });
    expect(split({ ...both, quantity: "15" }).of).toMatchObject({ SIMA: ["3", "100"], SIMB: ["12", "101"] });
    expect(split({ ...both, mics: [] })).toEqual({ of: {}, rest: "50" });
  });

  it("is all of one venue for FOK, the one that displays it at the best price, and for LIST the first one", () => {
    const all = { timeInForce: TimeInForce.FOK, quantity: "30" };
    expect(split(all)).toMatchObject({ of: { SIMA: ["30", "100.6667"], SIMB: ["0", ""] }, rest: "0" });
    expect(split({ ...all, strategy: RoutingStrategy.LIST, mics: ["SIMB", "SIMA"] }).of).toMatchObject({ SIMB: ["30", "101"] });
    expect(split({ ...all, quantity: "31" }).rest).toBe("31");
    expect(split({ strategy: RoutingStrategy.LIST })).toMatchObject({ of: { SIMA: ["30", "100.6667"], SIMB: ["0", ""] }, rest: "20" });
  });

  it("is nothing for POST, which rests", () => {
    expect(split({ strategy: RoutingStrategy.POST })).toMatchObject({ of: { SIMA: ["0", ""], SIMB: ["0", ""] }, rest: "50" });
  });

  it("is of the first slice for a schedule", () => {
    expect([firstSlice("1000", 3, parse("1")), firstSlice("1000", 60, parse("10")), firstSlice("x", 2, parse("1")), firstSlice("10", 0, parse("1"))]).toEqual(["333", "10", "", ""]);
  });
});
