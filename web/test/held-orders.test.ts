import { describe, expect, it } from "vitest";

import { OrderState } from "$gen/ordermesh/oms/v1/order_pb.js";

import { waitingFor } from "$lib/held-orders";

import { order } from "../../clients/typescript/test/builders";

describe("orders that wait for approval", () => {
  const held = order({ orderId: "H", placedBy: "u-1", progress: { state: OrderState.HELD } });

  it("are for everybody but the person who placed them", () => {
    expect(waitingFor("u-2", [held], [])).toEqual([held]);
    expect(waitingFor("u-2", [], [held])).toEqual([held]);
    expect(waitingFor("u-1", [held], [held])).toEqual([]);
  });

  it("are gone when the order stream says that they are decided", () => {
    expect(waitingFor("u-2", [order({ orderId: "H", placedBy: "u-1", progress: { state: OrderState.REJECTED } })], [held])).toEqual([]);
  });
});
