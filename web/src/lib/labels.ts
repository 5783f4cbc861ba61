/** Words of the contract for people. Every value has a word; none is hidden. */

import { NoPrices, TradingStatus, type Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import type { OrderEvent } from "$gen/ordermesh/oms/v1/event_pb.js";
import { OrderLinkKind, OrderState, OrderType, PegReference, Side, TimeInForce, WaitsFor, type Order, type OrderTerms } from "$gen/ordermesh/oms/v1/order_pb.js";
import { ErrorReason, type Rejection } from "$gen/ordermesh/type/v1/error_pb.js";

import { isOpen, reasonWords } from "@ordermesh/client";
import { strategyWord } from "./routing";

/** The colour family of a state. It is never the only sign: the word is next to it. */
export type Tone = "working" | "pending" | "done" | "gone" | "bad" | "doubt";

const TONES: Readonly<Record<OrderState, Tone>> = {
  [OrderState.UNSPECIFIED]: "doubt",
  [OrderState.PENDING_NEW]: "pending",
  [OrderState.NEW]: "working",
  [OrderState.PARTIALLY_FILLED]: "working",
  [OrderState.FILLED]: "done",
  [OrderState.DONE_FOR_DAY]: "gone",
  [OrderState.CANCELED]: "gone",
  [OrderState.PENDING_CANCEL]: "pending",
  [OrderState.STOPPED]: "working",
  [OrderState.REJECTED]: "bad",
  [OrderState.SUSPENDED]: "doubt",
  [OrderState.CALCULATED]: "done",
  [OrderState.EXPIRED]: "gone",
  [OrderState.PENDING_REPLACE]: "pending",
  [OrderState.UNKNOWN]: "doubt",
  [OrderState.HELD]: "pending",
  [OrderState.AWAITING_TRIGGER]: "pending",
};

/** A state that this page does not know is shown as in doubt, never left out. */
export function toneOf(state: OrderState): Tone {
  return TONES[state] ?? "doubt";
}

/** "PENDING_NEW" reads "PENDING NEW". */
export function stateWord(state: OrderState): string {
  const name = OrderState[state] as string | undefined;
  return name ? name.replaceAll("_", " ") : `STATE ${String(state)}`;
}

/** The name in the contract, for tests and styles. */
export function stateName(state: OrderState): string {
  return (OrderState[state] as string | undefined) ?? String(state);
}

const SIDES: Readonly<Partial<Record<Side, string>>> = {
  [Side.BUY]: "Buy",
  [Side.SELL]: "Sell",
  [Side.SELL_SHORT]: "Sell short",
  [Side.SELL_SHORT_EXEMPT]: "Sell short ex.",
};

export function sideWord(side: Side): string {
  return SIDES[side] ?? "—";
}

const TYPES: Readonly<Partial<Record<OrderType, string>>> = {
  [OrderType.MARKET]: "Market",
  [OrderType.LIMIT]: "Limit",
  [OrderType.STOP]: "Stop",
  [OrderType.STOP_LIMIT]: "Stop limit",
  [OrderType.MARKET_TO_LIMIT]: "Market to limit",
  [OrderType.ICEBERG]: "Iceberg",
  [OrderType.PEGGED]: "Pegged",
  [OrderType.TRAILING_STOP]: "Trailing stop",
};

export function typeWord(type: OrderType): string {
  return TYPES[type] ?? "—";
}

/** "DAY", "GTC", ... */
export function timeWord(time: TimeInForce): string {
  const name = TimeInForce[time] as string | undefined;
  return time === TimeInForce.UNSPECIFIED || !name ? "—" : name.replaceAll("_", " ");
}

/** What a time in force means, as a part of a sentence. */
export function timeMeaning(time: TimeInForce): string {
  const meanings: Partial<Record<TimeInForce, string>> = {
    [TimeInForce.DAY]: "today only",
    [TimeInForce.GTC]: "until cancelled",
    [TimeInForce.IOC]: "fill now, cancel the rest",
    [TimeInForce.FOK]: "all now or nothing",
    [TimeInForce.GTD]: "until a time",
    [TimeInForce.AT_OPEN]: "in the opening auction",
    [TimeInForce.AT_CLOSE]: "in the closing auction",
  };
  return meanings[time] ?? "";
}

/** A sentence about a state that venues do not have; "" where the word is clear. */
export function stateMeaning(order: Order): string {
  switch (order.progress?.state) {
    case OrderState.HELD:
      return "Held: nothing is sent before a second person approves.";
    case OrderState.UNKNOWN:
      return "Unknown: the venue is being asked what it did with the order. It is neither rejected nor done.";
    case OrderState.AWAITING_TRIGGER:
      return `Not at the venue: ${WAITS[order.waitsFor] ?? "it waits here"}.`;
    default:
      return "";
  }
}

const WAITS: Readonly<Partial<Record<WaitsFor, string>>> = {
  [WaitsFor.PRICE]: "the OMS watches the price for its stop",
  [WaitsFor.PARENT]: "it waits for the order it belongs to",
  [WaitsFor.APPROVAL]: "it waits for a second person",
  [WaitsFor.VENUE]: "it waits for the venue's session",
};

/** Prices beside the limit, as short as a cell: "stop 610 · shows 20". */
export function extraTerms(terms: OrderTerms | undefined, stopNow = ""): string {
  if (!terms) return "";
  const stop = stopNow || terms.stopPrice;
  const offset = terms.peg && terms.peg.offset !== "0" ? terms.peg.offset : "";
  const peg = terms.peg ? `peg ${PegReference[terms.peg.reference].toLowerCase()} ${offset}`.trim() : "";
  return [
    terms.trailingOffset && `trail ${terms.trailingOffset}`,
    stop && `stop ${stop}`,
    peg,
    terms.displayQuantity && `shows ${terms.displayQuantity}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What sets an order apart from others, as a short mark and its meaning. */
export interface Mark {
  readonly word: string;
  readonly meaning: string;
}

/** The marks of an order. That it is for the next trading session is of interest while it is open. */
export function orderMarks(order: Order): readonly Mark[] {
  const marks: Mark[] = [];
  if (order.forNextSession && isOpen(order)) {
    marks.push({ word: "next session", meaning: "The venue does not trade now: the order is for its next trading session." });
  }
  if (order.listingStatusNotKnown && isOpen(order)) {
    marks.push({
      word: "status not known",
      meaning: "The venue had not said whether the listing is traded when the order was accepted: it may refuse the order.",
    });
  }
  if (order.reduceOnly) {
    marks.push({ word: "reduce only", meaning: "The order may only reduce the position; it ends when the position is gone." });
  }
  return marks;
}

/** "" for continuous trading. A status that this page does not know is named as the contract names it. */
export function tradingWord(status: TradingStatus): string {
  const words: Partial<Record<TradingStatus, string>> = {
    [TradingStatus.OPEN]: "",
    [TradingStatus.HALTED]: "halted",
    [TradingStatus.CLOSED]: "closed",
    [TradingStatus.AUCTION]: "auction",
    [TradingStatus.PRE_OPEN]: "pre-open",
    [TradingStatus.UNSPECIFIED]: "not tradable",
    [TradingStatus.DELISTED]: "delisted",
    [TradingStatus.NOT_KNOWN]: "status not known",
  };
  return words[status] ?? (TradingStatus[status] as string | undefined)?.replaceAll("_", " ").toLowerCase() ?? `status ${String(status)}`;
}

/** Symbol(55) as the venue writes it. */
export function symbolOf(instrument: Instrument): string {
  return instrument.venueSymbol || instrument.symbol;
}

/** Why the mesh has no prices of a listing; "" if nothing is known against them. */
export function noPricesWords(instrument: Instrument | undefined): string {
  switch (instrument?.noPrices) {
    case NoPrices.REFUSED:
      return `the venue refuses them: ${instrument.noPricesText}`;
    case NoPrices.NO_SESSION:
      return `there is no market-data session with ${instrument.venueMic}`;
    case NoPrices.DELISTED:
      return `${instrument.venueMic} does not list it any more`;
    default:
      return "";
  }
}

/** "Price off tick: limit_price 1.001 should be ... (terms.limit_price)". */
export function rejectionText(rejection: Rejection): string {
  const name = ErrorReason[rejection.reason] as string | undefined;
  const reason = name && rejection.reason !== ErrorReason.UNSPECIFIED ? reasonWords(name) : "Rejected";
  const venue = rejection.venueText && rejection.venueText !== rejection.text ? ` — venue: ${rejection.venueText}` : "";
  return `${reason}${rejection.text ? `: ${rejection.text}` : ""}${venue}`;
}

/** "Buy 100 ASML.SIMA"; the symbol is as the venue writes it. A routed order has no venue: it has the symbol of a listing of its instrument. */
export function orderName(order: Order, listing?: Instrument): string {
  const what = order.venueSymbol ? `${order.venueSymbol}.${order.venueMic}` : order.instrumentId || (listing && symbolOf(listing)) || order.symbol || order.isin;
  return `${sideWord(order.side)} ${order.terms?.quantity ?? "?"} ${what}`;
}

/** One line of an order's trail. */
export function eventWords({ kind, anomaly }: OrderEvent): { title: string; text: string } {
  const words = kindWords(kind);
  return anomaly === "" ? words : { title: words.title, text: `${words.text} Anomaly: ${anomaly}`.trim() };
}

function kindWords(kind: OrderEvent["kind"]): { title: string; text: string } {
  switch (kind.case) {
    case "accepted":
      return { title: "Accepted", text: "durable in the OMS, on its way to the venue" };
    case "acknowledged":
      return { title: "Acknowledged", text: `working at the venue as ${kind.value.venueOrderId}` };
    case "executed": {
      const fill = kind.value.execution;
      return { title: "Executed", text: fill ? `${fill.quantity} at ${fill.price}` : "" };
    }
    case "cancelRequested":
      return { title: "Cancel requested", text: "on its way to the venue" };
    case "replaceRequested": {
      const terms = kind.value.terms;
      return { title: "Replace requested", text: terms ? termsText(terms) : "" };
    }
    case "replaced":
      return { title: "Replaced", text: kind.value.terms ? termsText(kind.value.terms) : "" };
    case "restated":
      return { title: "Restated", text: `by the venue, reason ${kind.value.reasonCode}` };
    case "cancelRefused":
    case "replaceRefused":
    case "rejected":
    case "commandRefused":
      return {
        title: TITLES[kind.case] ?? kind.case,
        text: kind.value.rejection ? rejectionText(kind.value.rejection) : "",
      };
    case "canceled":
      return { title: "Cancelled", text: (kind.value.unsolicited ? "unsolicited. " : "") + kind.value.text };
    case "expired":
    case "suspended":
    case "inDoubt":
    case "statusRequested":
    case "routingDecided":
      return { title: TITLES[kind.case] ?? kind.case, text: kind.value.text };
    case "executionBusted":
      return { title: "Execution busted", text: kind.value.bustedExecId };
    case "executionCorrected":
      return { title: "Execution corrected", text: kind.value.correctedExecId };
    case undefined:
      return { title: "Event", text: "of a kind this page does not know" };
    default:
      return { title: TITLES[kind.case] ?? kind.case, text: "" };
  }
}

const TITLES: Readonly<Record<string, string>> = {
  cancelPending: "Cancel pending at the venue",
  cancelRefused: "Cancel refused",
  replacePending: "Replace pending at the venue",
  replaceRefused: "Replace refused",
  rejected: "Rejected",
  expired: "Expired",
  doneForDay: "Done for the day",
  suspended: "Suspended",
  stopped: "Stopped: price guaranteed",
  calculated: "Calculated",
  inDoubt: "In doubt",
  resolved: "Resolved",
  triggered: "Triggered",
  approved: "Approved",
  triggerMoved: "Stop moved",
  released: "Released",
  statusRequested: "Venue asked about the order",
  routingDecided: "Routing decided",
  commandRefused: "Command refused",
  venueReportParked: "Venue report parked",
};

function termsText(terms: { quantity: string; limitPrice: string }): string {
  return terms.limitPrice ? `${terms.quantity} at ${terms.limitPrice}` : terms.quantity;
}

/** Where an order is: its venue; that it is routed to several; or that it is the child of such an order. */
export function venueWord(order: Order): string {
  if (order.routing) return `routed ${strategyWord(order.routing.strategy)}`;
  const child = order.link?.kind === OrderLinkKind.ROUTED;
  return child ? `${order.venueMic}, child` : order.venueMic;
}
