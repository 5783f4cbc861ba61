import { describe, expect, it } from "vitest";

import { OrderState, WaitsFor } from "$gen/ordermesh/oms/v1/order_pb.js";

import { extraTerms, orderMarks, orderName, stateMeaning, stateWord, toneOf } from "$lib/labels";
import { isOpen } from "@ordermesh/client";

import { instrument, order } from "../../clients/typescript/test/builders";

describe("the name of an order", () => {
  it("has the symbol as the venue writes it", () => {
    const odd = { instrumentId: "BRK_2EB.SIMA", venueMic: "SIMA", terms: { quantity: "5" } };
    expect(orderName(order(odd))).toContain("5 BRK_2EB.SIMA");
    expect(orderName(order({ ...odd, venueSymbol: "BRK.B" }))).toContain("5 BRK.B.SIMA");
  });

  it("that is routed has the symbol of its instrument, and its ISIN only while no listing is known", () => {
    const routed = order({ instrumentId: "", symbol: "", venueMic: "", isin: "NL0010273215" });
    expect([orderName(routed, instrument()), orderName(routed)]).toEqual(["Buy 100 ASML", "Buy 100 NL0010273215"]);
  });
});

describe("marks", () => {
  const words = (changes: Parameters<typeof order>[0]): string[] => orderMarks(order(changes)).map(({ word }) => word);

  it("say what sets an order apart", () => {
    expect(words({})).toEqual([]);
    expect(words({ reduceOnly: true })).toEqual(["reduce only"]);
    expect(words({ forNextSession: true, reduceOnly: true })).toEqual(["next session", "reduce only"]);
    expect(words({ listingStatusNotKnown: true })).toEqual(["status not known"]);
    expect(words({ listingStatusNotKnown: true, progress: { state: OrderState.FILLED } })).toEqual([]);
  });

  it("do not name a next trading session for an order that is closed", () => {
    expect(words({ forNextSession: true, progress: { state: OrderState.CANCELED } })).toEqual([]);
  });
});

describe("states", () => {
  it("of an order that waits say what it waits for, until it goes", () => {
    const held = order({ progress: { state: OrderState.HELD }, waitsFor: WaitsFor.APPROVAL });
    expect(stateMeaning(held)).toContain("second person");
    const waiting = order({ progress: { state: OrderState.AWAITING_TRIGGER }, waitsFor: WaitsFor.PRICE });
    expect(stateMeaning(waiting)).toContain("watches the price");
    expect(extraTerms(waiting.terms, "611")).toBe("stop 611");
    expect(stateMeaning(order())).toBe("");
  });

  it("are open until nothing more is expected of the venue; a doubt is open", () => {
    expect(isOpen(order({ progress: { state: OrderState.UNKNOWN } }))).toBe(true);
    expect(isOpen(order({ progress: { state: OrderState.CANCELED } }))).toBe(false);
  });

  it("have a word and a tone each, unknown ones included", () => {
    for (const state of Object.values(OrderState).filter((value) => typeof value === "number")) {
      expect(stateWord(state)).toMatch(/^[A-Z ]+$/);
      expect(toneOf(state)).toBeTruthy();
    }
    expect(stateWord(99 as OrderState)).toBe("STATE 99");
    expect(toneOf(99 as OrderState)).toBe("doubt");
  });
});
