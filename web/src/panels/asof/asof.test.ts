import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";

import { PositionSchema, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { order } from "../../../../clients/typescript/test/builders";

import { instantOf, Past, type ReadPast } from "./asof";

const NOON = Date.parse("2027-01-31T12:00:00");
type Asked = Parameters<ReadPast["orders"]>[0];

function past(pages: (Order[] | ConnectError)[]): { held: Past; asked: Asked[] } {
  const asked: Asked[] = [];
  const held = new Past({
    orders: (request) => {
      asked.push(request);
      const page = pages.shift() ?? [];
      if (page instanceof ConnectError) return Promise.reject(page);
      return Promise.resolve({ orders: page, nextPageToken: pages.length > 0 ? "next" : "" });
    },
    positions: ({ accountId }) => Promise.resolve({ positions: [create(PositionSchema, { accountId, quantity: "5" })] }),
  });
  return { held, asked };
}

describe("orders and positions of the past", () => {
  it("are those of an account at an instant, read in pages", async () => {
    const { held, asked } = past([[order({ orderId: "2" })], [order({ orderId: "1" })]]);
    await held.show("ACC-ALICE", NOON);
    expect([held.orders.length, held.positions[0]?.accountId, held.more]).toEqual([1, "ACC-ALICE", true]);
    await held.readOlder();
    expect([held.orders.map((one) => one.orderId), held.more, held.reading]).toEqual([["2", "1"], false, false]);
    expect(asked.map(({ asOf, pageToken }) => [Number(asOf.seconds) * 1_000, pageToken])).toEqual([[NOON, ""], [NOON, "next"]]);
  });

  it("show why they could not be read, and nothing else", async () => {
    const { held } = past([[order()], new ConnectError("the log begins later", Code.InvalidArgument)]);
    await held.show("ACC-ALICE", NOON);
    await held.show("ACC-ALICE", NOON - 1);
    expect([held.orders, held.positions, held.fault]).toEqual([[], [], "the log begins later"]);
  });

  it("are those that were asked for last", async () => {
    const { held } = past([[order({ orderId: "old" })], [order({ orderId: "new" })]]);
    await Promise.all([held.show("ACC-ALICE", NOON), held.show("ACC-ALICE", NOON + 1)]);
    expect(held.orders.map((one) => one.orderId)).toEqual(["new"]);
    await Promise.all([held.show("ACC-ALICE", NOON), held.show("ACC-BOB", NOON)]);
    expect([held.accountId, held.positions[0]?.accountId]).toEqual(["ACC-BOB", "ACC-BOB"]);
  });

  it("are of an instant that has passed", () => {
    expect(instantOf("2027-01-31T11:59:59", NOON)).toEqual({ atMs: NOON - 1_000 });
    expect([instantOf("", NOON).fault, instantOf("2027-01-31T12:00:00", NOON).fault]).toEqual(["Date and time are needed.", "The instant must have passed."]);
  });
});
