import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderType, PegReference, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { beginListing, check, emptyDraft, fieldOfPath, touch, valueOf } from "$lib/ticket";

import { instrument } from "../../clients/typescript/test/builders";

describe("the ticket", () => {
  const listing = instrument();
  const draft = { ...emptyDraft("ACC-ALICE"), instrumentId: "ASML.SIMA", quantity: "100", limitPrice: "612.40" };

  it("gives the order in canonical form", () => {
    expect(check(draft, listing).body).toMatchObject({ quantity: "100", limitPrice: "612.4" });
  });

  it("names every field at fault", () => {
    const { faults } = check({ ...draft, quantity: "0.5", limitPrice: "612.45" }, listing);
    expect(faults).toEqual({
      quantity: "must be a multiple of the lot 1",
      limitPrice: "must be a multiple of the tick 0.1: 612.4 or 612.5",
    });
    expect(check({ ...draft, instrumentId: "" }, undefined).faults?.instrumentId).toBe("is missing");
  });

  it.each([
    [TradingStatus.OPEN, undefined],
    [TradingStatus.AUCTION, undefined],
    [TradingStatus.PRE_OPEN, undefined],
    [TradingStatus.NOT_KNOWN, undefined],
    [TradingStatus.UNSPECIFIED, "is not open for trading"],
    [TradingStatus.HALTED, "is not open for trading"],
    [TradingStatus.CLOSED, "is not open for trading"],
    [TradingStatus.DELISTED, "is not open for trading"],
  ])("takes orders in the states in which the mesh does: %s", (tradingStatus, fault) => {
    expect(check(draft, { ...listing, tradingStatus }).faults?.instrumentId).toBe(fault);
  });

  it("sends no price with a market order", () => {
    expect(check({ ...draft, type: OrderType.MARKET, limitPrice: "nonsense" }, listing).body?.limitPrice).toBe("");
  });

  const NOON = Date.parse("2027-01-31T12:00");
  const typed: [string, Partial<typeof draft>, object][] = [
    ["a stop", { type: OrderType.STOP, stopPrice: "600.0" }, { limitPrice: "", stopPrice: "600" }],
    ["a stop limit", { type: OrderType.STOP_LIMIT, stopPrice: "613" }, { limitPrice: "612.4", stopPrice: "613" }],
    ["a trailing stop", { type: OrderType.TRAILING_STOP, trailingOffset: "2.5" }, { limitPrice: "", trailingOffset: "2.5" }],
    ["an iceberg", { type: OrderType.ICEBERG, displayQuantity: "10" }, { limitPrice: "612.4", displayQuantity: "10" }],
    [
      "a peg without a cap",
      { type: OrderType.PEGGED, limitPrice: "", pegReference: PegReference.PRIMARY },
      { limitPrice: "", peg: { reference: PegReference.PRIMARY, offset: "" } },
    ],
    [
      "good till a time",
      { timeInForce: TimeInForce.GTD, expires: "2027-02-01T17:30" },
      { timeInForce: TimeInForce.GTD, expiresAtMs: Date.parse("2027-02-01T17:30") },
    ],
    ["one held for a second person", { held: true }, { held: true }],
    ["one that only reduces the position", { reduceOnly: true }, { reduceOnly: true }],
  ];
  it.each(typed)("makes %s", (_, changes, body) => {
    expect(check({ ...draft, ...changes }, listing, NOON).body).toMatchObject(body);
  });

  it.each<[string, Partial<typeof draft>, object]>([
    ["quantity", { quantity: "-5" }, { quantity: "must be above zero" }],
    ["limit price", { limitPrice: "-5" }, { limitPrice: "must be above zero" }],
    ["stop price", { type: OrderType.STOP, stopPrice: "-5" }, { stopPrice: "must be above zero" }],
    ["distance of a trailing stop", { type: OrderType.TRAILING_STOP, trailingOffset: "-5" }, { trailingOffset: "must be above zero" }],
    ["shown quantity", { type: OrderType.ICEBERG, displayQuantity: "-5" }, { displayQuantity: "must be above zero" }],
  ])("says of a %s below zero what it must be", (_, changes, faults) => {
    expect(check({ ...draft, ...changes }, listing).faults).toEqual(faults);
  });

  it("takes a peg below its reference", () => {
    const below = { ...draft, type: OrderType.PEGGED, limitPrice: "", pegOffset: "-0.1" };
    expect(check(below, listing).body).toMatchObject({ peg: { offset: "-0.1" } });
  });

  it("leaves out what another type's fields hold", () => {
    const left = { ...draft, stopPrice: "x", displayQuantity: "x", trailingOffset: "x" };
    expect(check(left, listing).body).not.toHaveProperty("stopPrice");
  });

  it("asks for what a type needs", () => {
    expect(check({ ...draft, type: OrderType.STOP }, listing).faults).toHaveProperty("stopPrice");
    expect(check({ ...draft, type: OrderType.ICEBERG }, listing).faults).toHaveProperty("displayQuantity");
    expect(check({ ...draft, type: OrderType.ICEBERG, timeInForce: TimeInForce.FOK }, listing).faults).toHaveProperty("timeInForce");
    const expired = { ...draft, timeInForce: TimeInForce.GTD, expires: "2027-01-31T11:00" };
    expect(check(expired, listing, NOON).faults?.expires).toBe("is over already");
    expect(check({ ...expired, expires: "" }, listing, NOON).faults?.expires).toBe("is missing");
  });

  it("takes its price from the other side of the touch", () => {
    const quote = create(QuoteSchema, { bidPrice: "612.4", askPrice: "612.6", lastPrice: "612.5" });
    expect([touch(quote, Side.BUY), touch(quote, Side.SELL)]).toEqual(["612.6", "612.4"]);
    expect(touch(create(QuoteSchema, { lastPrice: "612.5" }), Side.BUY)).toBe("612.5");
    const withdrawn = { lastPrice: "612.5", lastOffMarket: true, closePrice: "600" };
    expect(touch(create(QuoteSchema, withdrawn), Side.BUY)).toBe("600");
    expect(touch(undefined, Side.BUY)).toBe("");
  });

  it("finds its field for a path of the mesh", () => {
    expect(fieldOfPath("terms.limit_price")).toBe("limitPrice");
    expect(fieldOfPath("reduce_only")).toBe("reduceOnly");
    expect(fieldOfPath("regulatory")).toBeUndefined();
  });

  it("begins another listing with nothing of the one before", () => {
    const before = { ...draft, quantity: "7000", stopPrice: "600", timeInForce: TimeInForce.GTD, expires: "2027-02-01T17:30", reduceOnly: true, deniedVenues: ["SIMB"] };
    beginListing(before, "AIR.SIMA", instrument({ instrumentId: "AIR.SIMA" }));
    expect(before).toEqual({ ...emptyDraft("ACC-ALICE"), instrumentId: "AIR.SIMA", quantity: "100" });
  });

  it("values what is typed in any form", () => {
    expect(valueOf("1.5k", "1,000.50")).toBe("1500750");
    expect(valueOf("1.5k", "")).toBe("");
  });
});
