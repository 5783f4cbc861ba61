/** The rows of the blotter: routed orders with their child orders under them, all others by themselves. */

import { type Order, RoutingStrategy } from "$gen/ordermesh/oms/v1/order_pb.js";

import { isOpen, routedParentOf } from "@ordermesh/client";

export interface BlotterRow {
  readonly order: Order;
  /** It stands under its routed order. */
  readonly child: boolean;
  /** Children that fit; undefined if the order is not routed. */
  readonly children: number | undefined;
  /** Its children are shown. */
  readonly unfolded: boolean;
}

export interface RowFilter {
  readonly openOnly: boolean;
  /** Part of a listing or an ISIN, in upper case. */
  readonly text: string;
  /** Ids of the routed orders whose children are shown. */
  readonly unfolded: ReadonlySet<string>;
}

export function isParent(order: Order): boolean {
  return order.routing !== undefined && order.routing.strategy !== RoutingStrategy.UNSPECIFIED;
}

/**
 * The rows in the order of `orders`, newest first. A routed order is shown if it fits, or one of its
 * children does; its children are shown under it, the first placed first, if it is unfolded. A
 * child whose parent is not among the orders stands by itself.
 */
export function blotterRows(orders: readonly Order[], { openOnly, text, unfolded }: RowFilter): readonly BlotterRow[] {
  const fits = (order: Order): boolean => (!openOnly || isOpen(order)) && `${order.instrumentId} ${order.isin}`.includes(text);
  const parents = new Set(orders.filter(isParent).map((order) => order.orderId));
  const children = new Map<string, Order[]>();
  for (const order of orders) {
    const parent = routedParentOf(order);
    if (!parents.has(parent) || !fits(order)) continue;
    // Orders come newest first, children are shown as they were placed.
    const siblings = children.get(parent);
    if (siblings) siblings.unshift(order);
    else children.set(parent, [order]);
  }
  return orders.flatMap((order): BlotterRow[] => {
    if (parents.has(routedParentOf(order))) return [];
    if (!parents.has(order.orderId)) return fits(order) ? [{ order, child: false, children: undefined, unfolded: false }] : [];
    const own = children.get(order.orderId) ?? [];
    if (!fits(order) && own.length === 0) return [];
    const open = unfolded.has(order.orderId);
    const row = { order, child: false, children: own.length, unfolded: open };
    return [row, ...(open ? own.map((child) => ({ order: child, child: true, children: undefined, unfolded: false })) : [])];
  });
}

/** Orders that stand by themselves: what a person sees with every routed order folded. */
export function orderCount(orders: readonly Order[], openOnly: boolean): number {
  return blotterRows(orders, { openOnly, text: "", unfolded: NONE }).length;
}

const NONE: ReadonlySet<string> = new Set();
