/** What the state of an order means for the page. Orders come from the stream; none is derived here. */

import type { OrderEvent } from "../../../gen/ts/ordermesh/oms/v1/event_pb.js";
import { OrderState, type Order } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";

/** States in which nothing more is expected of the venue. */
const CLOSED = new Set([
  OrderState.FILLED,
  OrderState.CANCELED,
  OrderState.REJECTED,
  OrderState.EXPIRED,
]);

export function stateOf(order: Order): OrderState {
  return order.progress?.state ?? OrderState.UNSPECIFIED;
}

/** Still open: it may trade, or it is not known whether it may. */
export function isOpen(order: Order): boolean {
  return !CLOSED.has(stateOf(order));
}

/** A kind of event this page was not built for, and may not pass over. */
export function isForeign(event: OrderEvent): boolean {
  return event.kind.case === undefined && !event.skippable;
}
