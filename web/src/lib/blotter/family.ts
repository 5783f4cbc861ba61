/** Routed orders and their children: which of the orders a page holds stand under which. */

import { RoutingStrategy, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { isOpen, routedParentOf } from "@ordermesh/client";

/** Whether an order is routed to several venues. */
export function isParent(order: Order): boolean {
  return order.routing !== undefined && order.routing.strategy !== RoutingStrategy.UNSPECIFIED;
}

/** The orders that are held, with the children of routed ones by their parent. */
export class Families {
  readonly orders = new Map<string, Order>();
  readonly #children = new Map<string, Map<string, Order>>();

  clear(): void {
    this.orders.clear();
    this.#children.clear();
  }

  put(order: Order): void {
    this.orders.set(order.orderId, order);
    const parent = routedParentOf(order);
    if (parent === "") return;
    const siblings = this.#children.get(parent);
    if (siblings) siblings.set(order.orderId, order);
    else this.#children.set(parent, new Map([[order.orderId, order]]));
  }

  /** The routed order under which an order stands; "" for one that stands by itself, such as a child whose parent is not held. */
  parentOf(order: Order): string {
    const id = routedParentOf(order);
    const parent = id === "" ? undefined : this.orders.get(id);
    return parent && isParent(parent) ? id : "";
  }

  /** Children of an order, the first placed first. */
  childrenOf(orderId: string): readonly Order[] {
    return [...(this.#children.get(orderId)?.values() ?? [])].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  }

  /** Whether an order, or a child of it, can trade. */
  isOpen(order: Order): boolean {
    return isOpen(order) || (isParent(order) && this.childrenOf(order.orderId).some(isOpen));
  }
}
