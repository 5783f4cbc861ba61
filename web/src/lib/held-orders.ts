/** Orders that were placed to be approved by a second person, for whoever decides about orders of all accounts. */

import { OrderState, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";
import type { ListResponse } from "$gen/ordermesh/oms/v1/order_service_pb.js";

import { Asking } from "./asking";

export class HeldOrders extends Asking<ListResponse> {
  /** Newest first. */
  orders: readonly Order[] = [];

  protected take(answer: ListResponse): void {
    this.orders = answer.orders;
  }
}

/** What waits for a decision of this user: whoever placed an order cannot approve it. Newest first. */
export function waitingFor(userId: string, own: readonly Order[], others: readonly Order[]): readonly Order[] {
  const held = new Map([...own, ...others].filter(({ progress }) => progress?.state === OrderState.HELD).map((order) => [order.orderId, order]));
  // The order stream is newer than a list that was read.
  for (const order of own) if (order.progress?.state !== OrderState.HELD) held.delete(order.orderId);
  return [...held.values()].filter(({ placedBy }) => placedBy !== userId);
}
