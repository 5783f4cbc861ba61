/** TWAP and POV: the ticket's schedule, what it says of an order, and whether a person may pause it. The mesh decides. */

import { OrderState, RoutingStrategy, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { stateOf, type ScheduleBody } from "@ordermesh/client";

import { compare, fromInput, parse } from "./decimals";
import { toMs } from "./server-clock";
import type { Draft, Faults } from "./ticket";

/** Length of a schedule that the ticket proposes. */
export const FIRST_SCHEDULE_MS = 3_600_000;
/** Slices of a schedule, and seconds of a slice, as the mesh takes them. */
const SLICES_MAX = 1_000;
const SLICE_S_MAX = 86_400;
/** A begin up to this long ago means now. */
const BEGIN_AGE_MS_MAX = 60_000;
/** Percent of the traded quantity that POV may have. */
const PARTICIPATION_MAX = "50";

/** True if the draft is placed bit by bit, by a schedule. */
export function isPaced(draft: Draft): boolean {
  return draft.strategy === RoutingStrategy.TWAP || draft.strategy === RoutingStrategy.POV;
}

/** A time for an input of type datetime-local: local time, "2027-01-31T17:30". */
export function inputTime(atMs: number): string {
  const at = new Date(atMs);
  const day = at.toLocaleDateString("sv-SE");
  return `${day}T${at.toLocaleTimeString("sv-SE").slice(0, 5)}`;
}

/** Reads the schedule of a draft, and names its faults; undefined if the strategy has none, or one is at fault. */
export function checkSchedule(draft: Draft, nowMs: number, faults: Faults): ScheduleBody | undefined {
  if (!isPaced(draft)) return undefined;
  const startAtMs = draft.scheduleStart === "" ? undefined : Date.parse(draft.scheduleStart);
  const endAtMs = Date.parse(draft.scheduleEnd);
  const sliceS = whole(draft.sliceSeconds);
  const participationBps = draft.strategy === RoutingStrategy.POV ? basisPoints(draft.participation) : 0;
  const beginMs = startAtMs ?? nowMs;
  const own: Faults = {};
  if (Number.isNaN(beginMs)) own.scheduleStart = "is no time";
  else if (beginMs < nowMs - BEGIN_AGE_MS_MAX) own.scheduleStart = "is over already; leave it empty for now";
  if (sliceS === undefined || sliceS < 1 || sliceS > SLICE_S_MAX) own.sliceSeconds = `must be a whole number, 1 to ${String(SLICE_S_MAX)}`;
  if (Number.isNaN(endAtMs)) own.scheduleEnd = "is missing";
  else if (endAtMs <= Math.max(beginMs, nowMs)) own.scheduleEnd = "must be after the begin and after now";
  else if (own.sliceSeconds === undefined && slicesOf(beginMs, endAtMs, sliceS ?? 1) > SLICES_MAX) own.sliceSeconds = `makes more than ${String(SLICES_MAX)} slices`;
  if (participationBps === undefined) own.participation = `must be 0.01 to ${PARTICIPATION_MAX}, with two decimals at most`;
  const most = draft.sliceMax.trim() === "" ? { ok: true as const, text: "" } : fromInput(draft.sliceMax);
  if (!most.ok) own.sliceMax = most.why;
  else if (most.text !== "" && parse(most.text).units <= 0n) own.sliceMax = "must be above zero";
  Object.assign(faults, own);
  if (Object.keys(own).length > 0 || sliceS === undefined || participationBps === undefined || !most.ok) return undefined;
  const start = startAtMs === undefined ? {} : { startAtMs };
  return { ...start, endAtMs, sliceS, participationBps, sliceQuantityMax: most.text };
}

/** Number of slices; the last one may be shorter. */
export function slicesOf(beginMs: number, endMs: number, sliceS: number): number {
  return Math.ceil((endMs - beginMs) / (sliceS * 1_000));
}

function whole(typed: string): number | undefined {
  return /^\d{1,6}$/.test(typed.trim()) ? Number(typed.trim()) : undefined;
}

/** "12.5" percent are 1250; undefined if that is none that POV takes. */
function basisPoints(typed: string): number | undefined {
  const read = fromInput(typed);
  if (!read.ok) return undefined;
  const { units, scale } = parse(read.text);
  if (scale > 2 || units <= 0n || compare({ units, scale }, parse(PARTICIPATION_MAX)) > 0) return undefined;
  return Number(units * 10n ** BigInt(2 - scale));
}

/** "10 % of the volume", "every 30 s"; from and until when. "" for an order without a schedule. */
export function scheduleWords(order: Order, timeOf: (atMs: number) => string): string {
  const schedule = order.routing?.schedule;
  if (!schedule) return "";
  const { startTime, endTime, sliceS, participationBps, sliceQuantityMax } = schedule;
  const parts = [
    participationBps ? `${percentOf(participationBps)} % of the volume` : "",
    startTime ? `from ${timeOf(toMs(startTime))}` : "",
    endTime ? `until ${timeOf(toMs(endTime))}` : "",
    `every ${String(sliceS || 60)} s`,
    sliceQuantityMax ? `at most ${sliceQuantityMax} in a slice` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

function percentOf(bps: number): string {
  return String(bps / 100);
}

/** States in which a TWAP or POV order places more. */
const GOES_ON = new Set([OrderState.NEW, OrderState.PARTIALLY_FILLED]);

/** What a person may do to the pace of an order; "" for nothing. */
export function paceStep(order: Order): "" | "pause" | "resume" {
  if (!order.routing?.schedule) return "";
  const state = stateOf(order);
  if (state === OrderState.SUSPENDED) return "resume";
  return GOES_ON.has(state) ? "pause" : "";
}
