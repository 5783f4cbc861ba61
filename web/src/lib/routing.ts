/** The ticket's part about orders that are executed at several venues. The mesh decides; this offers what it takes. */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { OrderType, RoutingStrategy, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import type { RouteBody, ScheduleBody } from "@ordermesh/client";

import { ruleOf } from "./order-types";
import { FIRST_SCHEDULE_MS, inputTime, isPaced } from "./schedule";
import type { Draft } from "./ticket";

/** What a strategy does, and which orders it takes. */
export interface StrategyRule {
  readonly word: string;
  readonly meaning: string;
  readonly types: readonly OrderType[];
  readonly times: readonly TimeInForce[];
}

const { DAY, GTC, GTD, IOC, FOK } = TimeInForce;
const TAKING = [OrderType.LIMIT, OrderType.MARKET] as const;

/** The strategies of the ticket, by the rules of docs/ROUTING.md. */
export const STRATEGIES: ReadonlyMap<RoutingStrategy, StrategyRule> = new Map([
  [RoutingStrategy.BEST, { word: "Best", meaning: "takes the best price after fees of all venues, the rest rests", types: TAKING, times: [DAY, GTC, GTD, IOC, FOK] }],
  [RoutingStrategy.POST, { word: "Post", meaning: "rests where price after fees and queue are best, takes nothing", types: [OrderType.LIMIT], times: [DAY, GTC, GTD] }],
  [RoutingStrategy.SPLIT, { word: "Split", meaning: "in proportion to what each venue displays", types: TAKING, times: [DAY, GTC, GTD, IOC] }],
  [RoutingStrategy.LIST, { word: "List", meaning: "one venue after the other, in your order", types: TAKING, times: [DAY, GTC, GTD, IOC, FOK] }],
  [RoutingStrategy.TWAP, { word: "TWAP", meaning: "like Best, the same quantity in each slice of a time", types: TAKING, times: [DAY, GTC, GTD] }],
  [RoutingStrategy.POV, { word: "POV", meaning: "like Best, a part of what is traded at the venues", types: TAKING, times: [DAY] }],
]);

/** True if the draft is an order for an instrument. */
export function isRouted(draft: Draft): boolean {
  return draft.strategy !== RoutingStrategy.UNSPECIFIED;
}

/** "Best", or how the contract names a strategy that the ticket does not offer. */
export function strategyWord(strategy: RoutingStrategy): string {
  return STRATEGIES.get(strategy)?.word ?? (RoutingStrategy[strategy] as string | undefined) ?? `strategy ${String(strategy)}`;
}

/** Times in force that go with the type and the strategy. */
export function timesOf(draft: Draft): readonly TimeInForce[] {
  const offered = STRATEGIES.get(draft.strategy)?.times;
  const { times } = ruleOf(draft.type);
  return offered ? times.filter((time) => offered.includes(time)) : times;
}

/** Brings a draft to what its strategy takes. */
export function fitRouting(draft: Draft, nowMs = Date.now()): void {
  const { types } = STRATEGIES.get(draft.strategy) ?? { types: [draft.type] };
  if (!types.includes(draft.type)) draft.type = OrderType.LIMIT;
  if (!timesOf(draft).includes(draft.timeInForce)) draft.timeInForce = DAY;
  draft.held = false;
  draft.reduceOnly = false;
  if (isPaced(draft) && draft.scheduleEnd === "") draft.scheduleEnd = inputTime(nowMs + FIRST_SCHEDULE_MS);
}

/** MICs that list the same instrument in the same currency; only its own without an ISIN or a currency. */
export function venuesOf(instrument: Instrument | undefined, all: Iterable<Instrument>): readonly string[] {
  if (!instrument) return [];
  const { isin, currency, venueMic } = instrument;
  if (isin === "" || currency === "") return [venueMic];
  return [...new Set([...all].filter((one) => one.isin === isin && one.currency === currency).map((one) => one.venueMic))].sort();
}

/** The venues in the person's order. */
export function orderedVenues(draft: Draft, mics: readonly string[]): readonly string[] {
  const chosen = draft.venueOrder.filter((mic) => mics.includes(mic));
  return [...chosen, ...mics.filter((mic) => !chosen.includes(mic))];
}

/** The order of venues after one was moved a place up. */
export function movedUp(order: readonly string[], mic: string): string[] {
  const at = order.indexOf(mic);
  const before = order[at - 1];
  if (before === undefined) return [...order];
  return [...order.slice(0, at - 1), mic, before, ...order.slice(at + 1)];
}

/** The routing of a draft; undefined if it names a listing. LIST names its venues, others those that are not wanted. */
export function routeOf(draft: Draft, mics: readonly string[], schedule?: ScheduleBody): RouteBody | undefined {
  if (!isRouted(draft)) return undefined;
  const denied = mics.filter((mic) => draft.deniedVenues.includes(mic));
  const paced = schedule && { schedule };
  if (draft.strategy !== RoutingStrategy.LIST) return { strategy: draft.strategy, venues: [], deniedVenues: denied, ...paced };
  return { strategy: draft.strategy, venues: orderedVenues(draft, mics).filter((mic) => !denied.includes(mic)), deniedVenues: [] };
}
