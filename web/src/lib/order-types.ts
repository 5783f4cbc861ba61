/** Which fields each order type needs and may have, and how long it may live, by the rules of the mesh. */

import { OrderType, PegReference, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

/** Prices and sizes other than the quantity. */
export type TermField = "limitPrice" | "stopPrice" | "trailingOffset" | "displayQuantity" | "pegReference" | "pegOffset";

export interface TypeRule {
  readonly needs: readonly TermField[];
  readonly may: readonly TermField[];
  readonly times: readonly TimeInForce[];
}

const KEPT = [TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD] as const;
const AT_ONCE = [TimeInForce.IOC, TimeInForce.FOK] as const;
const AUCTION = [TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE] as const;

function rule(needs: TermField[], times: readonly TimeInForce[], may: TermField[] = []): TypeRule {
  return { needs, may, times };
}

/** The types of the ticket. The mesh decides whether a venue takes one or the OMS works it. */
export const TYPE_RULES: ReadonlyMap<OrderType, TypeRule> = new Map([
  [OrderType.LIMIT, rule(["limitPrice"], [...KEPT, ...AT_ONCE, ...AUCTION])],
  [OrderType.MARKET, rule([], [...KEPT, ...AT_ONCE, ...AUCTION])],
  [OrderType.STOP, rule(["stopPrice"], [...KEPT, ...AT_ONCE])],
  [OrderType.STOP_LIMIT, rule(["stopPrice", "limitPrice"], [...KEPT, ...AT_ONCE])],
  [OrderType.TRAILING_STOP, rule(["trailingOffset"], [...KEPT, ...AT_ONCE], ["stopPrice"])],
  [OrderType.ICEBERG, rule(["limitPrice", "displayQuantity"], KEPT)],
  [OrderType.PEGGED, rule(["pegReference"], KEPT, ["pegOffset", "limitPrice"])],
  [OrderType.MARKET_TO_LIMIT, rule([], KEPT)],
]);

export function ruleOf(type: OrderType): TypeRule {
  return TYPE_RULES.get(type) ?? rule([], [TimeInForce.DAY]);
}

/** Whether the ticket shows a field for a type. */
export function hasField(type: OrderType, field: TermField): boolean {
  const { needs, may } = ruleOf(type);
  return needs.includes(field) || may.includes(field);
}

export const PEG_WORDS: ReadonlyMap<PegReference, string> = new Map([
  [PegReference.PRIMARY, "Own side of the quote"],
  [PegReference.MIDPOINT, "Middle of the quote"],
  [PegReference.MARKET, "Other side of the quote"],
]);
