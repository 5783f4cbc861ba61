/**
 * The record of a routing decision for people. It is JSON: [version, inputs, decision], where named
 * tuples are arrays in the order of their fields (svc_oms/domain/routing: decision.py, view.py,
 * fees.py, request.py). Fields that are added later come last, so the places below stay.
 */

import type { RoutingDecision } from "$gen/ordermesh/oms/v1/order_service_pb.js";

import { timeWord } from "$lib/labels";

/** One price level: price and quantity. */
export type Level = readonly [price: string, quantity: string];

/** A venue in a decision: what was seen of it, and what became of it. */
export interface VenueLine {
  readonly mic: string;
  readonly rank: number;
  /** "chosen", or why not. */
  readonly verdict: string;
  readonly chosen: boolean;
  /** Given to it by this decision; "0" for nothing. */
  readonly quantity: string;
  readonly price: string;
  /** After the venue's fees. */
  readonly netPrice: string;
  /** Displayed within the limit price, without our own orders. */
  readonly displayed: string;
  readonly ageMs: number;
  /** "0.5 bps", the fee of what takes liquidity. */
  readonly taker: string;
  readonly maker: string;
  readonly bids: readonly Level[];
  readonly offers: readonly Level[];
}

/** What a decision did: "Placed 20 at 697.8 at SIMA, IOC", and why. */
export interface ActionLine {
  readonly what: string;
  readonly why: string;
}

export interface DecisionLine {
  readonly number: number;
  readonly decidedAt: RoutingDecision["decidedAt"];
  readonly cause: string;
  readonly reason: string;
  readonly limitPrice: string;
  readonly venues: readonly VenueLine[];
  readonly actions: readonly ActionLine[];
  /** What is wrong with the record; "" if it proves the decision. */
  readonly finding: string;
}

type Tuple = readonly unknown[];

const CAUSES = ["", "the order was placed", "a child order changed", "a book changed", "a venue changed", "a time came", "the order was amended", "the order is to end", "a replica looked at it anew"];
const VERDICTS = [
  "", "chosen", "not needed", "denied", "not open", "prices stale", "session down", "taken out", "no fees", "nothing within the limit", "below its lot",
  "time in force not offered", "rejected before", "ended resting orders early",
];
const KINDS = ["", "Placed", "Cancelled", "Replaced", "Granted the amendment", "Refused the amendment", "Ended"];
const ENDS = ["", "filled", "cancelled", "expired", "the rest cannot be had at once", "every venue rejected"];

/** Reads a record. One that cannot be read is shown with that as its finding, never left out. */
export function decisionLine(decision: RoutingDecision): DecisionLine {
  const { number, decidedAt, finding } = decision;
  try {
    const [, inputs, decided] = tuple(JSON.parse(new TextDecoder().decode(decision.record)));
    const [request, view, fees, , , cause] = tuple(inputs);
    const [actions, candidates, , reason] = tuple(decided);
    const seen = new Map(tuple(tuple(view)[2]).map((venue) => [text(tuple(venue)[0]), tuple(venue)]));
    const charged = new Map(tuple(fees).map((schedule) => [text(tuple(schedule)[0]), tuple(schedule)]));
    return {
      number,
      decidedAt,
      finding,
      cause: word(CAUSES, cause),
      reason: text(reason),
      limitPrice: text(tuple(request)[2]),
      venues: tuple(candidates).map((candidate) => venueLine(tuple(candidate), seen, charged)),
      actions: tuple(actions).map((action) => actionLine(tuple(action))),
    };
  } catch (thrown) {
    const unreadable = `The record cannot be read by this page: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    return { number, decidedAt, finding: [finding, unreadable].filter(Boolean).join(" "), cause: "", reason: "", limitPrice: "", venues: [], actions: [] };
  }
}

function venueLine(candidate: Tuple, seen: ReadonlyMap<string, Tuple>, charged: ReadonlyMap<string, Tuple>): VenueLine {
  const [mic, verdict, displayed, quantity, price, netPrice, ageNs, rank] = candidate;
  const [venue, schedule] = [seen.get(text(mic)), charged.get(text(mic))];
  return {
    mic: text(mic),
    rank: Number(rank),
    verdict: word(VERDICTS, verdict),
    chosen: verdict === VERDICTS.indexOf("chosen"),
    quantity: text(quantity),
    price: text(price),
    netPrice: text(netPrice),
    displayed: text(displayed),
    ageMs: Number(ageNs) / 1e6,
    taker: schedule ? feeWords(tuple(schedule[2]), text(schedule[1])) : "none known",
    maker: schedule ? feeWords(tuple(schedule[3]), text(schedule[1])) : "none known",
    bids: levels(venue?.[3]),
    offers: levels(venue?.[4]),
  };
}

function actionLine(action: Tuple): ActionLine {
  const [kind, mic, childId, , quantity, price, time, end, why] = action.map((value) => (value === null ? "" : value));
  const parts = [
    word(KINDS, kind),
    text(quantity),
    text(price) && `at ${text(price)}`,
    text(mic) && `at ${text(mic)}`,
    text(childId) && `child ${text(childId)}`,
    time === "" ? "" : timeWord(Number(time)),
  ];
  const ended = end === "" ? "" : `: ${word(ENDS, end)}`;
  return { what: parts.filter(Boolean).join(" ") + ended, why: text(why) };
}

/** "0.5 bps + 0.01 EUR per share, at least 1 EUR"; a negative one is a rebate. */
function feeWords(rate: Tuple, currency: string): string {
  const [perShare, bps, fixed, least, most] = rate.map(text);
  const parts = [
    bps !== "0" && bps ? `${bps} bps` : "",
    perShare !== "0" && perShare ? `${perShare} ${currency} per share` : "",
    fixed !== "0" && fixed ? `${fixed} ${currency}` : "",
  ].filter(Boolean);
  const bounds = [least ? `at least ${least} ${currency}` : "", most ? `at most ${most} ${currency}` : ""].filter(Boolean);
  return [parts.join(" + ") || "free", ...bounds].join(", ");
}

function levels(side: unknown): readonly Level[] {
  return side === undefined ? [] : tuple(side).map((level) => [text(tuple(level)[0]), text(tuple(level)[1])] as const);
}

function tuple(value: unknown): Tuple {
  if (!Array.isArray(value)) throw new TypeError(`an array was expected, not ${JSON.stringify(value)}`);
  return value as Tuple;
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

/** A word for a number of an enumeration; a number that this page does not know is shown as it is. */
function word(words: readonly string[], value: unknown): string {
  return words[Number(value)] ?? `number ${text(value)}`;
}
