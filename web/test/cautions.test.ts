import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderType, RoutingStrategy, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import type { PlaceBody } from "@ordermesh/client";
import { cautionOfChange, cautionsOf, type Market } from "$lib/cautions";

import { instrument, order } from "../../clients/typescript/test/builders";

const body: PlaceBody = {
  accountId: "ACC-ALICE",
  instrumentId: "ASML.SIMA",
  side: Side.BUY,
  type: OrderType.LIMIT,
  quantity: "10",
  limitPrice: "700",
  timeInForce: TimeInForce.DAY,
};
const quote = create(QuoteSchema, { bidPrice: "702.1", askPrice: "702.2", lastPrice: "702.1" });
const market: Market = { instrument: instrument({ currency: "EUR" }), quote, linksDown: new Map() };

describe("cautions about an order", () => {
  it("are none for an order of ordinary size that rests", () => {
    expect(cautionsOf(body, market)).toEqual([]);
  });

  it.each([
    [Side.BUY, "7000", "Far from the market: the limit 7,000 is 896.9 % above 702.2."],
    [Side.SELL, "70", "Far from the market: the limit 70 is 90 % below 702.1."],
  ])("ask for a second press when the limit is far from the market: side %s at %s", (side, limitPrice, text) => {
    expect(cautionsOf({ ...body, side, limitPrice }, market)).toEqual([{ text, confirm: true }]);
  });

  it.each([
    [{ quantity: "357" }, 0],
    [{ quantity: "358" }, 1],
    [{ type: OrderType.MARKET, limitPrice: "", quantity: "356" }, 0],
    [{ type: OrderType.MARKET, limitPrice: "", quantity: "357" }, 1],
  ])("ask for a second press from a value on: %j", (changes, confirmed) => {
    expect(cautionsOf({ ...body, ...changes }, market).filter(({ confirm }) => confirm)).toHaveLength(confirmed);
  });

  it("say that a limit reaches the other side, without a second press", () => {
    const [caution] = cautionsOf({ ...body, limitPrice: "702.2" }, market);
    expect(caution).toEqual({ text: "It can trade at once: its limit reaches the ask of 702.2.", confirm: false });
  });

  it("say nothing about a limit while there is no current price", () => {
    expect(cautionsOf({ ...body, limitPrice: "7000" }, { ...market, quote: undefined })).toEqual([]);
  });

  it("ask for a second press when nothing says what an order without a limit is worth", () => {
    const [caution] = cautionsOf({ ...body, type: OrderType.MARKET, limitPrice: "" }, { ...market, quote: undefined });
    expect(caution).toEqual({ text: "Its value is not known: the order has no limit, and the listing no current price.", confirm: true });
  });

  it.each([
    ["10", "7000", "Far from the market"],
    ["500", "700", "Large"],
    ["20", "700", ""],
    ["10", "700", ""],
  ])("ask before an order is changed to %s at %s", (quantity, limitPrice, words) => {
    const before = order({ side: Side.BUY, type: OrderType.LIMIT, terms: { quantity: "10", limitPrice: "700" } });
    expect(cautionOfChange(before, quantity, limitPrice, market)).toContain(words);
    expect(cautionOfChange(before, quantity, limitPrice, market) === "").toBe(words === "");
  });

  it("do not ask when a large order is made smaller", () => {
    const before = order({ side: Side.BUY, type: OrderType.LIMIT, terms: { quantity: "900", limitPrice: "700" } });
    expect(cautionOfChange(before, "800", "700", market)).toBe("");
  });

  it("name a venue whose order link is down, unless the order is routed", () => {
    const down = { ...market, linksDown: new Map([["SIMA", {}]]) };
    expect(cautionsOf(body, down)[0]?.text).toContain("The order link to SIMA is down");
    const routing = { strategy: RoutingStrategy.BEST, venues: [], deniedVenues: [] };
    expect(cautionsOf({ ...body, instrumentId: "", routing }, down)).toEqual([]);
  });
});
