/** What the state of an order means for the page. Orders come from the stream; none is derived here. */

import type { OrderEvent } from "../../../gen/ts/ordermesh/oms/v1/event_pb.js";
import { OrderLinkKind, OrderState, type Order } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";

/** States in which no more reports of the venue are expected. */
const CLOSED = new Set([
  OrderState.FILLED,
  OrderState.CANCELED,
  OrderState.REJECTED,
  OrderState.EXPIRED,
]);

export function stateOf(order: Order): OrderState {
  return order.progress?.state ?? OrderState.UNSPECIFIED;
}

/** Open: the order can trade, or it is not known whether it can. */
export function isOpen(order: Order): boolean {
  return !CLOSED.has(stateOf(order));
}

/** The id of the routed order of which an order is a child; "" if it is none. */
export function routedParentOf(order: Order): string {
  return order.link?.kind === OrderLinkKind.ROUTED ? order.link.parentOrderId : "";
}

/** A kind of event that this page does not know and must not skip. */
export function isForeign(event: OrderEvent): boolean {
  return event.kind.case === undefined && !event.skippable;
}
