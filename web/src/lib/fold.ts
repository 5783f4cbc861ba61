/**
 * The order as the fold of its events, the same fold the OMS makes: the envelope's progress is
 * where the order stands, the kind tells what else changed. Pure; orders are never changed in place.
 */

import type { OrderEvent } from "$gen/ordermesh/oms/v1/event_pb.js";
import { OrderState, WaitsFor, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

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

/** Here and not at the venue: it waits for a price, another order or a person. */
export function isWaiting(order: Order): boolean {
  const state = stateOf(order);
  return state === OrderState.HELD || state === OrderState.AWAITING_TRIGGER;
}

/** A kind of event this page was not built for, and may not pass over. */
export function isForeign(event: OrderEvent): boolean {
  return event.kind.case === undefined && !event.skippable;
}

/** The order behind an event. `undefined` if the event needs an order that is not known here. */
export function fold(order: Order | undefined, event: OrderEvent): Order | undefined {
  const before = event.kind.case === "accepted" ? event.kind.value.order : order;
  if (!before) return undefined;
  const after: Order = {
    ...before,
    ...changes(before, event),
    lastSequence: event.sequence,
    updatedAt: event.occurredAt ?? before.updatedAt,
    anomalyCount: before.anomalyCount + (event.anomaly === "" ? 0 : 1),
  };
  if (event.progress) after.progress = event.progress;
  if (!isWaiting(after)) after.waitsFor = WaitsFor.UNSPECIFIED;
  if (!isOpen(after)) after.pendingTerms = undefined;
  return after;
}

function changes(order: Order, { kind }: OrderEvent): Partial<Order> {
  switch (kind.case) {
    case "acknowledged":
      return venueOrder(order, kind.value.venueOrderId);
    case "replaceRequested":
      return { pendingTerms: kind.value.terms };
    case "replaced":
      return {
        ...venueOrder(order, kind.value.venueOrderId),
        terms: kind.value.terms ?? order.pendingTerms ?? order.terms,
        pendingTerms: undefined,
      };
    case "replaceRefused":
      return { pendingTerms: undefined, rejection: kind.value.rejection };
    case "cancelRefused":
    case "rejected":
      return { rejection: kind.value.rejection };
    case "restated":
      return { terms: kind.value.terms ?? order.terms };
    case "resolved":
      return {
        ...venueOrder(order, kind.value.venueOrderId),
        rejection: kind.value.rejection ?? order.rejection,
      };
    case "approved":
      return { approvedBy: kind.value.approvedBy, waitsFor: kind.value.waitsFor };
    case "released":
      return { waitsFor: kind.value.waitsFor };
    case "triggerMoved":
      return { trigger: kind.value.trigger ?? order.trigger };
    default:
      // The rest moves progress only.
      return {};
  }
}

function venueOrder(order: Order, venueOrderId: string): Partial<Order> {
  return { venueOrderId: venueOrderId || order.venueOrderId };
}
