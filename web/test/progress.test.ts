import { describe, expect, it } from "vitest";

import { OrderState, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

import { averageText, endReason, progressWords } from "$lib/progress";

import { instrument, order } from "../../clients/typescript/test/builders";

describe("an average price", () => {
  const listing = instrument();

  it.each([
    ["612.444444445", "612.444"],
    ["612.4", "612.400"],
    ["1234.5", "1,234.500"],
    ["0", "–"],
    ["", "–"],
  ])("%s has the places of the listing: %s", (average, text) => {
    expect(averageText(average, listing, "612.4")).toBe(text);
  });

  it("has four places where the listing is not known", () => {
    expect(averageText("612.4", undefined)).toBe("612.4000");
  });
});

describe("what became of an order", () => {
  const stood = (state: OrderState, cumQuantity: string): Order => order({ progress: { state, cumQuantity, leavesQuantity: "0", averagePrice: "612.4", version: 3n } });

  it.each([
    [OrderState.PENDING_NEW, "0", "on its way to the venue"],
    [OrderState.NEW, "0", "working at the venue, nothing executed yet"],
    [OrderState.PARTIALLY_FILLED, "40", "partially filled, 40 of 100 executed at 612.40"],
    [OrderState.FILLED, "100", "filled, 100 at 612.40"],
    [OrderState.CANCELED, "0", "canceled"],
    [OrderState.UNKNOWN, "0", "unknown"],
  ])("is said as the mesh reports it: %s with %s", (state, cumQuantity, words) => {
    expect(progressWords(stood(state, cumQuantity), "612.40")).toBe(words);
  });

  it("is said with the reason of a reject", () => {
    const rejection = { reason: ErrorReason.VENUE_REJECTED, text: "no such symbol" };
    expect(progressWords(order({ progress: { state: OrderState.REJECTED }, rejection }), "–")).toBe("rejected. Venue rejected: no such symbol");
  });
});

describe("why an order ended", () => {
  const ended = (state: OrderState, endedText: string): string => endReason(order({ progress: { state }, endedText }));

  it.each([
    [OrderState.CANCELED, "end of day", "end of day"],
    [OrderState.CANCELED, "unsolicited: halt", "by the venue, unasked: halt"],
    [OrderState.CANCELED, "unsolicited", "by the venue, unasked"],
    [OrderState.EXPIRED, "unsolicitedly late", "unsolicitedly late"],
    [OrderState.CANCELED, "", ""],
    [OrderState.NEW, "end of day", ""],
  ])("is on the order: in state %s with %j it is %j", (state, text, words) => {
    expect(ended(state, text)).toBe(words);
  });
});
