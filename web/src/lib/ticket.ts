/** The order ticket: the typed fields, their faults, and the order they make. */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import type { Quote } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderType, PegReference, RoutingStrategy, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { type PlaceBody } from "@ordermesh/client";
import { format, fromInput, multiply, numberOf, parse, tryParse } from "./decimals";
import { hasField, ruleOf, type TermField } from "./order-types";
import { isRouted, routeOf, timesOf } from "./routing";
import { checkSchedule } from "./schedule";
import { lotOf, priceFault, quantityFault } from "./tick";

/** The values of the ticket's fields. */
export interface Draft {
  accountId: string;
  instrumentId: string;
  side: Side;
  type: OrderType;
  quantity: string;
  limitPrice: string;
  stopPrice: string;
  trailingOffset: string;
  displayQuantity: string;
  pegReference: PegReference;
  pegOffset: string;
  timeInForce: TimeInForce;
  /** In the form of an input of type datetime-local: local time, "2027-01-31T17:30". */
  expires: string;
  /** Nothing is sent before a second person approves. */
  held: boolean;
  /** The order may only reduce the position. */
  reduceOnly: boolean;
  /** How it is executed at several venues; UNSPECIFIED: at the listing's venue. */
  strategy: RoutingStrategy;
  /** With a strategy: MICs that are not used. */
  deniedVenues: string[];
  /** With LIST: MICs in the order in which they are tried. */
  venueOrder: string[];
  /** With TWAP and POV: begin and end as in `expires`; an empty begin is now. */
  scheduleStart: string;
  scheduleEnd: string;
  /** Seconds. */
  sliceSeconds: string;
  /** With POV: percent of the traded quantity. */
  participation: string;
  /** The most that is placed within a slice; empty for the mesh's own bound. */
  sliceMax: string;
}

export type DraftField = keyof Draft;
export type Faults = Partial<Record<DraftField, string>>;

export function emptyDraft(accountId: string): Draft {
  return {
    accountId,
    instrumentId: "",
    side: Side.BUY,
    type: OrderType.LIMIT,
    quantity: "",
    limitPrice: "",
    stopPrice: "",
    trailingOffset: "",
    displayQuantity: "",
    pegReference: PegReference.MIDPOINT,
    pegOffset: "",
    timeInForce: TimeInForce.DAY,
    expires: "",
    held: false,
    reduceOnly: false,
    strategy: RoutingStrategy.UNSPECIFIED,
    deniedVenues: [],
    venueOrder: [],
    scheduleStart: "",
    scheduleEnd: "",
    sliceSeconds: "60",
    participation: "10",
    sliceMax: "",
  };
}

/** The price of the other side: what an order would trade at now. Empty if there is none. */
export function touch(quote: Quote | undefined, side: Side): string {
  if (!quote) return "";
  const [near, far] = side === Side.BUY ? [quote.bidPrice, quote.askPrice] : [quote.askPrice, quote.bidPrice];
  return far || near || (quote.lastOffMarket ? "" : quote.lastPrice) || quote.closePrice;
}

/** A quantity to begin with: a hundred, or one lot where the lot does not fit. */
export function firstQuantity(instrument: Instrument): string {
  return quantityFault(instrument, "100") === "" ? "100" : format(lotOf(instrument));
}

/**
 * Begins the ticket of another listing: a quantity to begin with, for today, and none of the prices,
 * sizes and times that were typed for the one before. Account, side, type, routing and approval stay.
 */
export function beginListing(draft: Draft, instrumentId: string, instrument: Instrument | undefined): void {
  const { limitPrice, stopPrice, trailingOffset, displayQuantity, pegOffset, timeInForce, expires, reduceOnly } = emptyDraft("");
  const { deniedVenues, venueOrder, scheduleStart, scheduleEnd, sliceSeconds, participation, sliceMax } = emptyDraft("");
  const prices = { limitPrice, stopPrice, trailingOffset, displayQuantity, pegOffset };
  const route = { deniedVenues, venueOrder, scheduleStart, scheduleEnd, sliceSeconds, participation, sliceMax };
  const quantity = instrument ? firstQuantity(instrument) : "";
  Object.assign(draft, { instrumentId, quantity, timeInForce, expires, reduceOnly, ...prices, ...route });
}

/** States of a listing in which the mesh takes orders. */
const TAKES_ORDERS: ReadonlySet<TradingStatus> = new Set([TradingStatus.OPEN, TradingStatus.PRE_OPEN, TradingStatus.AUCTION, TradingStatus.NOT_KNOWN]);

/**
 * Checks a draft as the mesh will; returns the order, or the faults by field. `mics` are the venues of
 * the instrument. What is routed is checked against no venue's lot, ticks or status: each has its own.
 */
export function check(
  draft: Draft,
  instrument: Instrument | undefined,
  nowMs = Date.now(),
  mics: readonly string[] = [],
): { body: PlaceBody; faults?: undefined } | { body?: undefined; faults: Faults } {
  const faults: Faults = {};
  if (draft.accountId === "") faults.accountId = "is missing";
  if (!instrument) faults.instrumentId = draft.instrumentId === "" ? "is missing" : "is not a listing";
  else if (isRouted(draft)) checkRouting(draft, instrument, mics, faults);
  else if (!TAKES_ORDERS.has(instrument.tradingStatus)) faults.instrumentId = "is not open for trading";
  const rules = isRouted(draft) ? undefined : instrument;
  const quantity = checkNumber(draft.quantity, (text) => (rules ? quantityFault(rules, text) : aboveZero(text)));
  if (quantity.why) faults.quantity = quantity.why;
  const terms = checkTerms(draft, rules, faults);
  const expiresAtMs = checkExpiry(draft, nowMs, faults);
  const schedule = checkSchedule(draft, nowMs, faults);
  if (!timesOf(draft).includes(draft.timeInForce)) faults.timeInForce = "does not go with this type";
  if (Object.keys(faults).length > 0) return { faults };
  const { accountId, side, type, timeInForce, held, reduceOnly } = draft;
  const routing = routeOf(draft, mics, schedule);
  const what = routing ? { instrumentId: "", isin: instrument?.isin, currency: instrument?.currency, routing } : { instrumentId: draft.instrumentId };
  const body = { accountId, ...what, side, type, timeInForce, held, reduceOnly, quantity: quantity.text, ...terms };
  return { body: expiresAtMs === undefined ? body : { ...body, expiresAtMs } };
}

function checkRouting(draft: Draft, instrument: Instrument, mics: readonly string[], faults: Faults): void {
  if (instrument.isin === "" || instrument.currency === "") faults.instrumentId = "has no ISIN or no currency and cannot be routed";
  else if (mics.every((mic) => draft.deniedVenues.includes(mic))) faults.deniedVenues = "leave no venue";
}

function aboveZero(text: string): string {
  return parse(text).units > 0n ? "" : "must be above zero";
}

/** The terms that the type has, checked; others are left out. */
function checkTerms(draft: Draft, instrument: Instrument | undefined, faults: Faults): Partial<PlaceBody> & { limitPrice: string } {
  const price = (text: string): string => (instrument ? priceFault(instrument, text) : aboveZero(text));
  const size = (text: string): string => (instrument ? quantityFault(instrument, text) : aboveZero(text));
  const distance = aboveZero;
  const free = (): string => "";
  const read = (field: TermField & DraftField, faultOf: (text: string) => string): string => {
    if (!hasField(draft.type, field)) return "";
    const typed = String(draft[field]);
    if (typed.trim() === "" && !ruleOf(draft.type).needs.includes(field)) return "";
    const { text, why } = checkNumber(typed, faultOf);
    if (why) faults[field] = why;
    return text;
  };
  const limitPrice = read("limitPrice", price);
  const others = {
    stopPrice: read("stopPrice", price),
    trailingOffset: read("trailingOffset", distance),
    displayQuantity: read("displayQuantity", size),
  };
  const given = Object.fromEntries(Object.entries(others).filter(([, text]) => text !== ""));
  if (!hasField(draft.type, "pegReference")) return { limitPrice, ...given };
  return { limitPrice, ...given, peg: { reference: draft.pegReference, offset: read("pegOffset", free) } };
}

function checkExpiry(draft: Draft, nowMs: number, faults: Faults): number | undefined {
  if (draft.timeInForce !== TimeInForce.GTD) return undefined;
  const at = Date.parse(draft.expires);
  if (Number.isNaN(at)) faults.expires = "is missing";
  else if (at <= nowMs) faults.expires = "is over already";
  return at;
}

/** Reads one number and checks it. */
export function checkNumber(typed: string, faultOf: (text: string) => string): { text: string; why: string } {
  const read = fromInput(typed);
  if (!read.ok) return { text: "", why: read.why };
  return { text: read.text, why: faultOf(read.text) };
}

/** Quantity × price as typed, or "" while one of them is missing. */
export function valueOf(quantity: string, price: string): string {
  const [q, p] = [tryParse(numberOf(quantity)), tryParse(numberOf(price))];
  return q && p ? format(multiply(q, p)) : "";
}

const FIELD_BY_PATH: Readonly<Record<string, DraftField>> = {
  account_id: "accountId",
  instrument_id: "instrumentId",
  isin: "instrumentId",
  currency: "instrumentId",
  routing: "strategy",
  "routing.strategy": "strategy",
  "routing.venues": "deniedVenues",
  "routing.denied_venues": "deniedVenues",
  "routing.schedule": "scheduleEnd",
  "routing.schedule.start_time": "scheduleStart",
  "routing.schedule.end_time": "scheduleEnd",
  "routing.schedule.slice_s": "sliceSeconds",
  "routing.schedule.participation_bps": "participation",
  "routing.schedule.slice_quantity_max": "sliceMax",
  side: "side",
  type: "type",
  "terms.quantity": "quantity",
  "terms.limit_price": "limitPrice",
  "terms.stop_price": "stopPrice",
  "terms.trailing_offset": "trailingOffset",
  "terms.display_quantity": "displayQuantity",
  "terms.peg": "pegReference",
  "terms.peg.reference": "pegReference",
  "terms.peg.offset": "pegOffset",
  "terms.time_in_force": "timeInForce",
  "terms.expire_time": "expires",
  reduce_only: "reduceOnly",
};

/** The ticket's field for a proto path in a refusal. */
export function fieldOfPath(path: string): DraftField | undefined {
  return FIELD_BY_PATH[path];
}
