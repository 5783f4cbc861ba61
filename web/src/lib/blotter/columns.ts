/**
 * The columns of the order blotter: the one list of what a column is called, what an order has in
 * it as exact text, and how it is sorted. Sort keys are strings that compare as their values do, so
 * that no number is ever rounded and a key is computed once per order.
 */

import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

import type { Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { stateOf } from "@ordermesh/client";
import { rejectionText, sideWord, stateName, timeWord, typeWord, venueWord } from "../labels";
import { endReason } from "../progress";

export type ColumnId =
  | "time" | "account" | "listing" | "state" | "side" | "type" | "quantity" | "limit" | "filled" | "leaves" | "average"
  | "stop" | "why" | "note" | "isin" | "currency" | "updated" | "venue_order" | "order";

export interface Column {
  readonly id: ColumnId;
  /** Its heading. */
  readonly word: string;
  /** Numbers stand at the right. */
  readonly number: boolean;
  /** Shown to a person who has chosen nothing. */
  readonly first: boolean;
  /** The least width, in characters: what scrolls into view does not move the columns. */
  readonly width: number;
  /** Exact text: decimals as the contract has them, times in ISO 8601, UTC. */
  readonly text: (order: Order) => string;
  /** Sorted by this in place of the text. */
  readonly key?: (order: Order) => string;
}

const text = (of: (order: Order) => string, width: number, first = true): Omit<Column, "id" | "word"> => ({ number: false, first, width, text: of });
const number = (of: (order: Order) => string, width: number, first = true): Omit<Column, "id" | "word"> => ({
  number: true,
  first,
  width,
  text: of,
  key: (order) => decimalKey(of(order)),
});

/** In the order in which they stand at first. */
export const COLUMNS: readonly Column[] = [
  // Ids sort by time of acceptance.
  { id: "time", word: "Time", ...text((order) => isoTime(order.createdAt), 9), key: (order) => order.orderId },
  { id: "account", word: "Account", ...text((order) => order.accountId, 10) },
  { id: "listing", word: "Listing", ...text(listingText, 17) },
  { id: "state", word: "State", ...text((order) => stateName(stateOf(order)), 17) },
  { id: "side", word: "Side", ...text((order) => sideWord(order.side), 5) },
  { id: "type", word: "Type", ...text((order) => `${typeWord(order.type)} ${timeWord(order.terms?.timeInForce ?? 0)}`, 12) },
  { id: "quantity", word: "Quantity", ...number((order) => order.terms?.quantity ?? "", 9) },
  { id: "limit", word: "Limit", ...number((order) => order.terms?.limitPrice ?? "", 10) },
  { id: "filled", word: "Filled", ...number((order) => order.progress?.cumQuantity ?? "", 8) },
  { id: "leaves", word: "Leaves", ...number((order) => order.progress?.leavesQuantity ?? "", 8) },
  { id: "average", word: "Average", ...number((order) => (order.progress?.averagePrice === "0" ? "" : (order.progress?.averagePrice ?? "")), 11) },
  { id: "stop", word: "Stop", ...number((order) => order.trigger?.stopPrice || order.terms?.stopPrice || "", 9, false) },
  { id: "why", word: "Reason", ...text((order) => (order.rejection?.text ? rejectionText(order.rejection) : endReason(order)), 16, false) },
  { id: "note", word: "Note", ...text((order) => order.clientNote, 12, false) },
  { id: "isin", word: "ISIN", ...text((order) => order.isin, 13, false) },
  { id: "currency", word: "Currency", ...text((order) => order.currency, 8, false) },
  { id: "updated", word: "Last event", ...text((order) => isoTime(order.updatedAt), 9, false) },
  { id: "venue_order", word: "OrderID at the venue", ...text((order) => order.venueOrderId, 14, false) },
  { id: "order", word: "Order id", ...text((order) => order.orderId, 27, false) },
];

export const COLUMN: ReadonlyMap<string, Column> = new Map(COLUMNS.map((column) => [column.id, column]));

/** The venue's symbol and venue; of a routed order the instrument. */
export function listingText(order: Order): string {
  return order.instrumentId ? `${order.venueSymbol || order.symbol || order.instrumentId} ${venueWord(order)}` : `${order.symbol || order.isin} ${venueWord(order)}`;
}

/** A key of a column; equal keys are sorted by time. */
export function sortKey(column: Column, order: Order): string {
  return column.key ? column.key(order) : column.text(order).toLowerCase();
}

/** Digits before the point, of all that the contract allows. */
const KEY_DIGITS = 20;

/** A text that compares as a decimal does; what is no number comes before all numbers. */
export function decimalKey(decimal: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (!match) return "";
  const [, sign = "", whole = "", fraction = ""] = match;
  const digits = `${whole.padStart(KEY_DIGITS, "0")}.${fraction}`;
  // Of two negative numbers the one with the larger digits is the smaller: each digit is turned round, and an end comes last.
  return sign ? `0${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}~` : `1${digits}`;
}

function isoTime(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString() : "";
}
