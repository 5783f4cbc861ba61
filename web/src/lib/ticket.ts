/** The order ticket: what was typed, what is wrong with it, and the order it makes. */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import type { Quote } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderType, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import type { PlaceBody } from "./commands";
import { format, fromInput, multiply, parse, tryParse } from "./decimals";
import { lotOf, priceFault, quantityFault } from "./tick";

/** What stands in the ticket's fields. */
export interface Draft {
  accountId: string;
  instrumentId: string;
  side: Side;
  type: OrderType;
  quantity: string;
  limitPrice: string;
  timeInForce: TimeInForce;
}

export type DraftField = keyof Draft;
export type Faults = Partial<Record<DraftField, string>>;

/** Types and times in force the ticket offers. */
export const OFFERED_TYPES = [OrderType.LIMIT, OrderType.MARKET] as const;
export const OFFERED_TIMES = [TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK] as const;

export function emptyDraft(accountId: string): Draft {
  return {
    accountId,
    instrumentId: "",
    side: Side.BUY,
    type: OrderType.LIMIT,
    quantity: "",
    limitPrice: "",
    timeInForce: TimeInForce.DAY,
  };
}

/** The price of the other side: what an order would trade at now. Empty if there is none. */
export function touch(quote: Quote | undefined, side: Side): string {
  if (!quote) return "";
  const [near, far] = side === Side.BUY ? [quote.bidPrice, quote.askPrice] : [quote.askPrice, quote.bidPrice];
  return far || near || quote.lastPrice || quote.closePrice;
}

/** A quantity to begin with: a hundred, or one lot where the lot does not fit. */
export function firstQuantity(instrument: Instrument): string {
  return quantityFault(instrument, "100") === "" ? "100" : format(lotOf(instrument));
}

/** Checks a draft as the mesh will; gives the order, or what is wrong by field. */
export function check(
  draft: Draft,
  instrument: Instrument | undefined,
): { body: PlaceBody; faults?: undefined } | { body?: undefined; faults: Faults } {
  const faults: Faults = {};
  if (draft.accountId === "") faults.accountId = "is missing";
  if (!instrument) faults.instrumentId = draft.instrumentId === "" ? "is missing" : "is not a listing";
  else if (instrument.tradingStatus !== TradingStatus.OPEN) faults.instrumentId = "is not open for trading";
  const quantity = checkNumber(draft.quantity, (text) => (instrument ? quantityFault(instrument, text) : ""));
  if (quantity.why) faults.quantity = quantity.why;
  let limitPrice = { text: "", why: "" };
  if (draft.type === OrderType.LIMIT) {
    limitPrice = checkNumber(draft.limitPrice, (text) => (instrument ? priceFault(instrument, text) : ""));
    if (limitPrice.why) faults.limitPrice = limitPrice.why;
  }
  if (Object.keys(faults).length > 0) return { faults };
  return { body: { ...draft, quantity: quantity.text, limitPrice: limitPrice.text } };
}

/** Reads one number and checks what it means. */
export function checkNumber(typed: string, faultOf: (text: string) => string): { text: string; why: string } {
  const read = fromInput(typed);
  if (!read.ok) return { text: "", why: read.why };
  return { text: read.text, why: faultOf(read.text) };
}

/** Quantity × price, or "" while one of them is missing. */
export function valueOf(quantity: string, price: string): string {
  const [q, p] = [tryParse(quantity.trim()), tryParse(price.trim())];
  return q && p ? format(multiply(q, p)) : "";
}

const FIELD_BY_PATH: Readonly<Record<string, DraftField>> = {
  account_id: "accountId",
  instrument_id: "instrumentId",
  side: "side",
  type: "type",
  "terms.quantity": "quantity",
  "terms.limit_price": "limitPrice",
  "terms.time_in_force": "timeInForce",
};

/** The ticket's field behind a proto path of a refusal. */
export function fieldOfPath(path: string): DraftField | undefined {
  return FIELD_BY_PATH[path];
}

/** Tells whether two decimals in any form are the same number. */
export function sameNumber(a: string, b: string): boolean {
  const [left, right] = [fromInput(a), fromInput(b)];
  return left.ok && right.ok && format(parse(left.text)) === format(parse(right.text));
}
