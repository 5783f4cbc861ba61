import { describe, expect, it } from "vitest";

import { OrderLinkKind, OrderState, RoutingStrategy, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { blotterRows, orderCount } from "$lib/blotter-rows";

import { order } from "../../clients/typescript/test/builders";

const ISIN = "NL0010273215";
const progress = (state: OrderState): { state: OrderState } => ({ state });

function parent(orderId: string, state = OrderState.NEW): Order {
  const link = { kind: OrderLinkKind.ROUTED, groupId: orderId };
  return order({ orderId, instrumentId: "", isin: ISIN, routing: { strategy: RoutingStrategy.BEST }, link, progress: progress(state) });
}
function child(orderId: string, of: string, instrumentId: string, state = OrderState.FILLED): Order {
  return order({ orderId, instrumentId, isin: ISIN, link: { kind: OrderLinkKind.ROUTED, groupId: of, parentOrderId: of }, progress: progress(state) });
}

const plain = order({ orderId: "9", instrumentId: "SAP.SIMA", isin: "DE0007164600", progress: progress(OrderState.FILLED) });
const ORDERS = [plain, child("3", "1", "ASML.SIMB"), child("2", "1", "ASML.SIMA"), parent("1"), child("0", "gone", "ASML.SIMA")];
const ALL = { openOnly: false, text: "", unfolded: new Set<string>() };
const ids = (filter: Partial<typeof ALL>): string[] =>
  blotterRows(ORDERS, { ...ALL, ...filter }).map((row) => `${row.child ? "  " : ""}${row.order.orderId}${row.children === undefined ? "" : ` (${String(row.children)})`}`);

describe("the rows of the blotter", () => {
  it("have the children of a routed order under it when it is unfolded, first placed first", () => {
    expect(ids({})).toEqual(["9", "1 (2)", "0"]);
    expect(ids({ unfolded: new Set(["1"]) })).toEqual(["9", "1 (2)", "  2", "  3", "0"]);
  });

  it("show a routed order if a child fits, with the children that fit", () => {
    expect(ids({ text: "ASML.SIMB", unfolded: new Set(["1"]) })).toEqual(["1 (1)", "  3"]);
    expect(ids({ text: ISIN })).toEqual(["1 (2)", "0"]);
    expect(ids({ text: "SAP" })).toEqual(["9"]);
  });

  it("leave closed ones out when only open ones are asked for", () => {
    expect(ids({ openOnly: true, unfolded: new Set(["1"]) })).toEqual(["1 (0)"]);
    const closed = [child("2", "1", "ASML.SIMA", OrderState.UNKNOWN), parent("1", OrderState.CANCELED)];
    expect(blotterRows(closed, { ...ALL, openOnly: true }).map((row) => row.order.orderId)).toEqual(["1"]);
  });

  it("are counted without the children of routed orders", () => {
    expect([orderCount(ORDERS, false), orderCount(ORDERS, true)]).toEqual([3, 1]);
    const done = [child("2", "1", "ASML.SIMA", OrderState.NEW), parent("1", OrderState.UNKNOWN)];
    expect(orderCount(done, true)).toBe(1);
  });
});
