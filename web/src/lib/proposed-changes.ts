/** Changes that make a control looser and wait for a second person. */

import { AccountStatus } from "$gen/ordermesh/oms/v1/order_pb.js";
import { LimitKind, LimitScope, PermissionMode, SelfMatchPolicy, type LimitRange, type LimitValues } from "$gen/ordermesh/oms/v1/limit_pb.js";
import type { ListProposedChangesResponse, ProposedChange } from "$gen/ordermesh/oms/v1/limit_service_pb.js";

import { Asking } from "./asking";
import { toMs } from "./server-clock";

export class ProposedChanges extends Asking<ListProposedChangesResponse> {
  /** Undecided changes, newest first. */
  waiting: readonly ProposedChange[] = [];

  protected take(answer: ListProposedChangesResponse): void {
    this.waiting = answer.changes;
  }
}

/** Whether a change can still be confirmed; afterwards it can only be rejected. */
export function isConfirmable(change: ProposedChange, nowMs: number): boolean {
  return !change.validUntil || nowMs < toMs(change.validUntil);
}

/** "set MAX_ORDER_QUANTITY of account ACC-ALICE: quantity 5000", as the terminal has it. */
export function changeWords({ change }: ProposedChange): string {
  switch (change.case) {
    case "setLimit": {
      const { kind, range, values } = change.value;
      return `set ${LimitKind[kind]} of ${rangeWords(range)}: ${valuesWords(values)}`;
    }
    case "endLimit":
      return `end limit ${change.value.limitId}`;
    case "setTradingStatus":
      return `set ${change.value.targetId} to ${AccountStatus[change.value.status]}`;
    case "rejectOverride":
      return `withdraw override ${change.value.overrideId}`;
    default:
      return "a change of a kind that this page does not know";
  }
}

function rangeWords(range: LimitRange | undefined): string {
  if (!range) return "nothing";
  const scope = LimitScope[range.scope].toLowerCase();
  return [`${scope} ${range.scopeId}`, range.instrumentId, range.venueMic, range.currency].filter(Boolean).join(", ");
}

function valuesWords(values: LimitValues | undefined): string {
  if (!values) return "none";
  const words: [string, string | number][] = [
    ["quantity", values.quantity],
    ["value", values.value],
    ["percent", values.percent],
    ["window_percent", values.windowPercent],
    ["long_quantity", values.longQuantity],
    ["short_quantity", values.shortQuantity],
    ["messages", values.messages],
    ["cancels", values.cancels],
    ["executions", values.executions],
    ["window_ms", values.windowMs],
  ];
  const named = [
    values.permission ? PermissionMode[values.permission].toLowerCase().replaceAll("_", " ") : "",
    values.instruments.join(" "),
    values.selfMatch ? SelfMatchPolicy[values.selfMatch].toLowerCase().replaceAll("_", " ") : "",
    values.shortSaleAllowed ? "short sale allowed" : "",
    ...words.flatMap(([word, value]) => (value ? [`${word} ${value}`] : [])),
  ];
  return named.filter(Boolean).join(", ") || "short sale not allowed";
}

/** Why a change was requested. */
export function changeReason({ change }: ProposedChange): string {
  return change.value?.reason ?? "";
}
