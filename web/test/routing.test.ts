import { describe, expect, it } from "vitest";

import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { OrderType, RoutingStrategy, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { fitRouting, movedUp, orderedVenues, routeOf, strategyWord, timesOf, venuesOf } from "$lib/routing";
import { check, type Draft, emptyDraft, fieldOfPath } from "$lib/ticket";

import { instrument } from "../../clients/typescript/test/builders";

const sima = instrument({ tradingStatus: TradingStatus.HALTED });
const simb = instrument({ instrumentId: "ASML.SIMB", venueMic: "SIMB" });
const dollars = instrument({ instrumentId: "ASML.XNAS", venueMic: "XNAS", currency: "USD" });
const MICS = ["SIMA", "SIMB"];

function draft(changes: Partial<Draft> = {}): Draft {
  const best = { instrumentId: "ASML.SIMA", quantity: "0.5", limitPrice: "612.45", strategy: RoutingStrategy.BEST };
  return { ...emptyDraft("ACC-ALICE"), ...best, ...changes };
}

describe("a routed order of the ticket", () => {
  it("names the instrument, and keeps to no single venue's lot, tick or status", () => {
    expect(check(draft(), sima, 0, MICS).body).toMatchObject({
      instrumentId: "", isin: "NL0010273215", currency: "EUR", quantity: "0.5", limitPrice: "612.45",
      routing: { strategy: RoutingStrategy.BEST, venues: [], deniedVenues: [] },
    });
  });

  it("has its faults named", () => {
    expect(check(draft({ quantity: "0", limitPrice: "-1" }), sima, 0, MICS).faults).toEqual({ quantity: "must be above zero", limitPrice: "must be above zero" });
    expect(check(draft({ deniedVenues: MICS }), sima, 0, MICS).faults).toEqual({ deniedVenues: "leave no venue" });
    expect(check(draft(), instrument({ isin: "" }), 0, ["SIMA"]).faults?.instrumentId).toContain("no ISIN");
    expect(check(draft({ strategy: RoutingStrategy.SPLIT, timeInForce: TimeInForce.FOK }), sima, 0, MICS).faults?.timeInForce).toBeDefined();
    expect([fieldOfPath("routing.venues"), fieldOfPath("isin")]).toEqual(["deniedVenues", "instrumentId"]);
  });

  it("without a strategy names its listing only", () => {
    expect(check(draft({ strategy: RoutingStrategy.UNSPECIFIED, quantity: "1", limitPrice: "612.4" }), simb, 0, MICS).body).toMatchObject({ instrumentId: "ASML.SIMA" });
    expect(routeOf(draft({ strategy: RoutingStrategy.UNSPECIFIED }), MICS)).toBeUndefined();
  });

  it("lists its venues in the person's order for LIST, and names those that are not wanted for others", () => {
    const chosen = { venueOrder: ["SIMB", "GONE"], deniedVenues: ["SIMA", "GONE"] };
    expect(routeOf(draft({ ...chosen, strategy: RoutingStrategy.LIST }), MICS)).toEqual({ strategy: RoutingStrategy.LIST, venues: ["SIMB"], deniedVenues: [] });
    expect(routeOf(draft(chosen), MICS)).toEqual({ strategy: RoutingStrategy.BEST, venues: [], deniedVenues: ["SIMA"] });
    expect(orderedVenues(draft(chosen), MICS)).toEqual(["SIMB", "SIMA"]);
    expect(movedUp(MICS, "SIMB")).toEqual(["SIMB", "SIMA"]);
    expect(movedUp(MICS, "SIMA")).toEqual(MICS);
  });

  it("is brought to what its strategy takes", () => {
    const kept = draft({ strategy: RoutingStrategy.POST, type: OrderType.MARKET, timeInForce: TimeInForce.IOC, held: true, reduceOnly: true });
    fitRouting(kept);
    expect(kept).toMatchObject({ type: OrderType.LIMIT, timeInForce: TimeInForce.DAY, held: false, reduceOnly: false });
    expect(timesOf(kept)).toEqual([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD]);
    expect([strategyWord(RoutingStrategy.BEST), strategyWord(99 as RoutingStrategy)]).toEqual(["Best", "strategy 99"]);
  });

  it("goes to the venues of the same instrument in the same currency", () => {
    const all = [dollars, simb, sima];
    expect(venuesOf(sima, all)).toEqual(MICS);
    expect(venuesOf(instrument({ isin: "" }), all)).toEqual(["SIMA"]);
    expect(venuesOf(undefined, all)).toEqual([]);
  });
});
