/** The way of an order in words: who did what, and which controls were in force. */

import { AuditKind } from "$gen/ordermesh/oms/v1/audit_service_pb.js";
import { LimitKind, LimitScope, TradingStatusTarget, type Limit, type LimitValues } from "$gen/ordermesh/oms/v1/limit_pb.js";
import { AccountStatus } from "$gen/ordermesh/oms/v1/order_pb.js";
import type { ControlsAt, FixMessage, WayStep } from "$gen/ordermesh/oms/v1/order_way_pb.js";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

import { reasonWords } from "@ordermesh/client";
import { eventWords } from "./labels";

/** Whose step it was: the colour of its mark. The name is beside it. */
export type Doer = "person" | "venue" | "mesh" | "refused";

export function doerOf(step: WayStep): Doer {
  if (step.what.case === "entry" && step.what.value.kind === AuditKind.REFUSAL) return "refused";
  if (step.what.case === "parked" || /^(venue|drop_copy|session):/.test(step.actor)) return "venue";
  return step.actor === "" || step.actor === "oms" || step.actor.includes(":") ? "mesh" : "person";
}

/** "Rita", "SIMA", "Ordermesh". */
export function actorWords(step: WayStep): string {
  if (step.actorName !== "") return step.actorName;
  const [kind = "", rest = ""] = step.actor.split(":", 2);
  if (kind === "venue") return rest;
  if (kind === "drop_copy") return `${rest}, drop copy`;
  if (kind === "session") return rest;
  if (kind === "oms" || kind === "") return rest === "" ? "Ordermesh" : `Ordermesh, ${rest.replaceAll("-", " ")}`;
  return step.actor;
}

export function stepWords({ what }: WayStep): { title: string; text: string } {
  switch (what.case) {
    case "event":
      return eventWords(what.value);
    case "entry": {
      const { command, kind, reason, text } = what.value;
      if (kind !== AuditKind.REFUSAL) return { title: command, text };
      const name = ErrorReason[reason] as string | undefined;
      return { title: `${commandWord(command)} refused`, text: `${name ? `${reasonWords(name)}: ` : ""}${text}` };
    }
    case "parked":
      return { title: "Message of the venue parked", text: what.value.why };
    case "statement":
      return { title: "Statement", text: `${what.value.text} ${what.value.reason}` };
    case undefined:
      return { title: "Step", text: "of a kind this page does not know" };
  }
}

/** "OrderService/Replace" and "OrderFlowService/Flow/replace" read "Replace". */
function commandWord(command: string): string {
  const word = command.slice(command.lastIndexOf("/") + 1);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** "sent NewOrderSingle(D)", "received ExecutionReport(8), MsgSeqNum(34) 12". */
export function fixWords(message: FixMessage): string {
  const name = MESSAGES[message.msgType];
  const named = name ? `${name}(${message.msgType})` : `MsgType(35) ${message.msgType}`;
  const number = message.msgSeqNum ? `, MsgSeqNum(34) ${String(message.msgSeqNum)}` : "";
  return `${message.outbound ? "sent" : "received"} ${named}${number}`;
}

const MESSAGES: Readonly<Record<string, string>> = {
  "3": "Reject",
  "8": "ExecutionReport",
  "9": "OrderCancelReject",
  D: "NewOrderSingle",
  F: "OrderCancelRequest",
  G: "OrderCancelReplaceRequest",
  H: "OrderStatusRequest",
  j: "BusinessMessageReject",
};

/** What was checked, as the head of a list of controls. */
export function checkedWords(checked: string): string {
  const word = commandWord(checked).replaceAll("_", " ");
  return checked.includes("/") ? `${word} refused` : word.charAt(0).toUpperCase() + word.slice(1);
}

/** One line for each control that was in force, and those that a more specific one replaced. */
export function controlLines(controls: ControlsAt): { text: string; tone: "" | "muted" | "warn" }[] {
  const lines: { text: string; tone: "" | "muted" | "warn" }[] = [];
  for (const { limit, override } of controls.limits) {
    if (!limit) continue;
    const values = override?.values ?? limit.values;
    lines.push({ text: `${limitKindWords(limit)} ${valuesWords(values)} · ${rangeWords(limit)}`, tone: "" });
    if (override) lines.push({ text: `override by ${override.decidedByName || override.decidedBy}: ${override.reason}`, tone: "warn" });
  }
  for (const { limit } of controls.replaced) {
    if (limit) lines.push({ text: `not ${limitKindWords(limit)} ${valuesWords(limit.values)} · ${rangeWords(limit)}`, tone: "muted" });
  }
  for (const { target, targetId, status, setBy, setByName, reason } of controls.statuses) {
    const what = TradingStatusTarget[target].toLowerCase();
    const word = AccountStatus[status].replaceAll("_", " ").toLowerCase();
    lines.push({ text: `${what} ${targetId} ${word} by ${setByName || setBy}: ${reason}`, tone: "warn" });
  }
  for (const { engagedBy, engagedByName, reason } of controls.killSwitches) {
    lines.push({ text: `kill switch by ${engagedByName || engagedBy}: ${reason}`, tone: "warn" });
  }
  return lines;
}

function limitKindWords(limit: Limit): string {
  const name = LimitKind[limit.kind] as string | undefined;
  return (name ?? `limit ${String(limit.kind)}`).replaceAll("_", " ").toLowerCase();
}

function rangeWords(limit: Limit): string {
  if (limit.limitId === "default" || !limit.range) return "settings, as they are now";
  const { scope, scopeId, instrumentId, venueMic, currency } = limit.range;
  const of = `${LimitScope[scope].toLowerCase()} ${scopeId}`;
  return [of, instrumentId, venueMic, currency].filter(Boolean).join(" ");
}

/** "100", "5 %, window 10000 ms": the values that are set, in the order of the contract. */
export function valuesWords(values: LimitValues | undefined): string {
  if (!values) return "";
  const parts = [
    values.quantity,
    values.value,
    values.percent && `${values.percent} %`,
    values.windowPercent && `${values.windowPercent} % in the window`,
    values.longQuantity && `long ${values.longQuantity}`,
    values.shortQuantity && `short ${values.shortQuantity}`,
    values.messages && `${String(values.messages)} messages`,
    values.cancels && `${String(values.cancels)} cancels`,
    values.executions && `${String(values.executions)} executions`,
    values.instruments.length > 0 && `${String(values.instruments.length)} instruments`,
    values.windowMs && `in ${String(values.windowMs)} ms`,
  ];
  return parts.filter(Boolean).join(", ");
}
