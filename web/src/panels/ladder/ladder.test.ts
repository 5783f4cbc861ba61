import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";

import { MarketDataUpdateSchema, type MarketDataUpdate } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderState, Side, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { ACCOUNT, instrument, order } from "../../../../clients/typescript/test/builders";
import { Ladder } from "./ladder";

const ASML = instrument({ instrumentId: "ASML.SIMA", tickTable: [{ fromPrice: "0", tickSize: "0.1" }] });

function book(bids: [string, string][], asks: [string, string][], stale = false): MarketDataUpdate {
  const levels = (side: [string, string][]): { price: string; size: string }[] => side.map(([price, size]) => ({ price, size }));
  return create(MarketDataUpdateSchema, { instrumentId: "ASML.SIMA", value: { case: "book", value: { bids: levels(bids), asks: levels(asks), stale } } });
}

function trade(sequence: number, price: string, size: string, changes: { snapshot?: boolean; withdrawn?: boolean; conflatedUpdates?: number } = {}): MarketDataUpdate {
  const { withdrawn = false, ...rest } = changes;
  return create(MarketDataUpdateSchema, { instrumentId: "ASML.SIMA", sequence: BigInt(sequence), ...rest, value: { case: "trade", value: { price, size, withdrawn } } });
}

let ladder: Ladder;

beforeEach(() => {
  ladder = new Ladder();
  ladder.show(ASML);
});

function shown(count: number): string[] {
  return ladder.rows(count).map(({ price, bid, ask }) => `${bid || "."} ${price} ${ask || "."}`);
}

describe("a ladder", () => {
  it("has no rows before there is a market", () => {
    expect(ladder.rows(10)).toEqual([]);
    ladder.move(3);
    ladder.centre();
    expect(ladder.rows(10)).toEqual([]);
  });

  it("has a row for each tick, the market in the middle", () => {
    ladder.book.take(book([["700.1", "5"], ["700", "7"]], [["700.3", "9"]]));
    expect(shown(5)).toEqual([". 700.3 9", ". 700.2 .", "5 700.1 .", "7 700 .", ". 699.9 ."]);
    expect(ladder.current).toBe(true);
  });

  it.each([
    [5, ["5 700 .", "9 699.5 ."], [". 701 9", ". 700.5 12"]],
    [10, ["5 700 .", "9 699 ."], [". 701 21"]],
  ])("groups ticks: bids into the row at or below, offers into the one at or above: %i", (group, bids, asks) => {
    ladder.setGroup(group);
    ladder.book.take(book([["700.1", "5"], ["699.7", "9"]], [["700.3", "2"], ["700.5", "10"], ["700.6", "9"]]));
    const rows = shown(8);
    for (const row of [...bids, ...asks]) expect(rows).toContain(row);
  });

  it("follows a market that moves away, unless it is pinned", () => {
    ladder.book.take(book([["700.1", "5"]], []));
    expect(shown(8)[4]).toBe("5 700.1 .");
    ladder.book.take(book([["700.3", "5"]], []));
    expect(shown(8)[2]).toBe("5 700.3 .");
    ladder.togglePin();
    ladder.book.take(book([["710", "5"]], []));
    expect(shown(8)[4]).toBe(". 700.1 .");
    ladder.centre();
    expect(shown(8)[4]).toBe("5 710 .");
  });

  it("stays under a pointer, and follows again when it has left", () => {
    ladder.book.take(book([["700.1", "5"]], []));
    ladder.rows(8);
    ladder.held = true;
    ladder.book.take(book([["710", "5"]], [["710.1", "3"]]));
    expect(shown(8)[4]).toBe(". 700.1 .");
    expect(ladder.touch).toEqual({ bidPrice: "710", askPrice: "710.1", lastPrice: "" });
    ladder.held = false;
    expect(shown(8)[4]).toBe("5 710 .");
  });

  it("has the own orders of the listing that is shown and of the account alone, also right after another listing was", () => {
    const resting = { side: Side.BUY, terms: { quantity: "9", limitPrice: "700" }, progress: { state: OrderState.NEW, leavesQuantity: "9" } };
    const orders = [order({ ...resting, orderId: "A" }), { ...order({ ...resting, orderId: "S" }), instrumentId: "SAP.SIMA" }, { ...order({ ...resting, orderId: "B", accountId: "ACC-BOB" }), instrumentId: "SAP.SIMA" }];
    ladder.setOrders(orders, ACCOUNT);
    ladder.show(instrument({ instrumentId: "SAP.SIMA", tickTable: [{ fromPrice: "0", tickSize: "0.1" }] }));
    expect(ladder.ownAt("700", Side.BUY)).toEqual([]);
    ladder.setOrders(orders, ACCOUNT);
    ladder.book.take(create(MarketDataUpdateSchema, { instrumentId: "SAP.SIMA", value: { case: "book", value: { bids: [{ price: "700", size: "5" }] } } }));
    expect(ladder.rows(5).find(({ price }) => price === "700")?.ownBuy).toBe("9");
    expect(ladder.ownAt("700", Side.BUY).map(({ orderId }) => orderId)).toEqual(["S"]);
  });

  it("stays where a person moves it, and goes to no price at or below zero", () => {
    ladder.book.take(book([["0.3", "5"]], []));
    ladder.rows(4);
    ladder.move(-9);
    ladder.move(1);
    expect(ladder.pinned).toBe(true);
    expect(shown(8)).toEqual([". 0.8 .", ". 0.7 .", ". 0.6 .", ". 0.5 .", ". 0.4 .", "5 0.3 .", ". 0.2 .", ". 0.1 ."]);
  });

  it("shows own orders that rest, and finds them by their price", () => {
    const own = (orderId: string, side: Side, limitPrice: string, leavesQuantity: string, state = OrderState.NEW): Order =>
      order({ orderId, side, terms: { quantity: "100", limitPrice }, progress: { state, leavesQuantity } });
    ladder.book.take(book([["700.1", "5"]], []));
    ladder.setOrders([
      own("A", Side.BUY, "700", "40"), own("B", Side.BUY, "700", "2.5"), own("C", Side.SELL, "700.2", "7"),
      own("D", Side.BUY, "700", "9", OrderState.CANCELED), { ...own("E", Side.BUY, "700", "9"), instrumentId: "SAP.SIMA" },
    ], ACCOUNT);
    const rows = ladder.rows(5);
    expect(rows.find(({ price }) => price === "700")?.ownBuy).toBe("42.5");
    expect(rows.find(({ price }) => price === "700.2")?.ownSell).toBe("7");
    expect(ladder.ownAt("700", Side.BUY).map(({ orderId }) => orderId)).toEqual(["A", "B"]);
    expect(ladder.ownAt("700", Side.SELL)).toEqual([]);
  });

  it("counts what was traded since it was opened, less what was withdrawn", () => {
    ladder.book.take(book([["700.1", "5"]], []));
    ladder.trades.take(trade(4, "700.2", "99", { snapshot: true }));
    ladder.trades.take(trade(5, "700.1", "10"));
    ladder.trades.take(trade(6, "700.1", "5"));
    ladder.trades.take(trade(7, "700.1", "5", { withdrawn: true }));
    const rows = ladder.rows(5);
    expect(rows.find(({ price }) => price === "700.1")).toMatchObject({ traded: "10", last: true });
    expect(rows.find(({ price }) => price === "700.2")?.traded).toBe("");
    expect(ladder.tradesMissed).toBe(false);
  });

  it.each([
    ["a hole", () => ladder.trades.take(trade(9, "700.1", "1"))],
    ["conflated trades", () => ladder.trades.take(trade(6, "700.1", "1", { conflatedUpdates: 2 }))],
    ["another connection", () => ladder.trades.begin()],
  ])("says that trades were missed: %s", (_, happen) => {
    ladder.trades.take(trade(5, "700.1", "10"));
    happen();
    expect(ladder.tradesMissed).toBe(true);
  });

  it("is not current while its book is stale or awaited, and forgets another listing", () => {
    ladder.book.take(book([["700.1", "5"]], [], true));
    expect(ladder.current).toBe(false);
    ladder.book.take(book([["700.1", "5"]], []));
    ladder.book.begin();
    expect(ladder.current).toBe(false);
    ladder.show(instrument({ instrumentId: "SAP.SIMA" }));
    expect(ladder.rows(5)).toEqual([]);
  });
});
