/** The form of a rule: its fields, their faults, and the rule they make. The mesh checks it again. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";

import { type NotificationKind, Severity } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { type Rule, RuleSchema } from "$gen/ordermesh/notify/v1/rule_pb.js";

import { fromInput, parse } from "$lib/decimals";
import { kindWord, SEVERITIES } from "$lib/notifications";

/** Seconds of a digest, and messages to a destination within an hour, that the mesh takes. */
const DIGEST_S_MAX = 86_400;
const PER_HOUR_MAX = 3_600;
export const NAME_LENGTH_MAX = 100;

export interface RuleFields {
  ruleId: string;
  version: number;
  name: string;
  disabled: boolean;
  /** Empty: all. */
  kinds: NotificationKind[];
  severityMin: Severity;
  /** Empty: all that the user may see. */
  accountIds: string[];
  venueMic: string;
  amountMin: string;
  inApp: boolean;
  destinationIds: string[];
  /** "22:00"; both or none. */
  quietBegin: string;
  quietEnd: string;
  timeZone: string;
  digestS: string;
  perHour: string;
}

export function emptyRule(timeZone: string): RuleFields {
  return {
    ruleId: "", version: 0, name: "", disabled: false, kinds: [], severityMin: Severity.UNSPECIFIED, accountIds: [], venueMic: "", amountMin: "",
    inApp: true, destinationIds: [], quietBegin: "", quietEnd: "", timeZone, digestS: "0", perHour: "60",
  };
}

/** The fields of a rule that is stored. */
export function fieldsOf(rule: Rule, timeZone: string): RuleFields {
  const { ruleId, version, name, disabled, kinds, severityMin, accountIds, venueMic, amountMin, inApp, destinationIds, quietHours, digest, messagesPerHourMax } = rule;
  return {
    ruleId, version, name, disabled, severityMin, venueMic, amountMin, inApp,
    kinds: [...kinds],
    accountIds: [...accountIds],
    destinationIds: [...destinationIds],
    quietBegin: quietHours?.begin ?? "",
    quietEnd: quietHours?.end ?? "",
    timeZone: quietHours?.timeZone ?? timeZone,
    digestS: String(digest ? durationMs(digest) / 1_000 : 0),
    perHour: String(messagesPerHourMax || 60),
  };
}

type RuleInit = MessageInitShape<typeof RuleSchema>;

/** Reads the fields, or says what is wrong. */
export function ruleOf(fields: RuleFields): { rule: RuleInit; fault?: undefined } | { rule?: undefined; fault: string } {
  const { quietBegin, quietEnd, timeZone, digestS, perHour, amountMin, ...rest } = fields;
  const name = fields.name.trim();
  if (name === "") return { fault: "The name is missing." };
  const amount = amountMin.trim() === "" ? { ok: true as const, text: "" } : fromInput(amountMin);
  if (!amount.ok) return { fault: `The value ${amount.why}.` };
  if (amount.text !== "" && parse(amount.text).units < 0n) return { fault: "The value must not be below zero." };
  if (!fields.inApp && fields.destinationIds.length === 0) return { fault: "The rule leads nowhere: show it in the application, or choose a destination." };
  if ((quietBegin === "") !== (quietEnd === "")) return { fault: "Quiet hours need a begin and an end." };
  if (quietBegin !== "" && quietBegin === quietEnd) return { fault: "Quiet hours must not end when they begin." };
  const digest = whole(digestS, 0, DIGEST_S_MAX);
  if (digest === undefined) return { fault: `The digest is a whole number of seconds, 0 to ${String(DIGEST_S_MAX)}.` };
  const messagesPerHourMax = whole(perHour, 1, PER_HOUR_MAX);
  if (messagesPerHourMax === undefined) return { fault: `Messages within an hour are 1 to ${String(PER_HOUR_MAX)}.` };
  const quiet = quietBegin === "" ? {} : { quietHours: { begin: quietBegin, end: quietEnd, timeZone } };
  return { rule: { ...rest, name, amountMin: amount.text, ...quiet, digest: durationFromMs(digest * 1_000), messagesPerHourMax } };
}

function whole(typed: string, least: number, most: number): number | undefined {
  const text = typed.trim();
  const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  return value >= least && value <= most ? value : undefined;
}

/** "Rejected, Kill switch; warning or above; ACC-ALICE; from 10000". */
export function ruleWords(rule: Rule): string {
  const { kinds, severityMin, accountIds, venueMic, amountMin } = rule;
  const severity = SEVERITIES.get(severityMin);
  const parts = [
    kinds.length > 0 ? kinds.map(kindWord).join(", ") : "every kind",
    severity ? `${severity} or above` : "",
    accountIds.join(", "),
    venueMic,
    amountMin ? `from a value of ${amountMin}` : "",
  ];
  return parts.filter(Boolean).join("; ");
}

/** Where a rule leads: "in the application, 2 destinations, quiet 22:00 to 07:00 Europe/Berlin". */
export function whereWords(rule: Rule): string {
  const { inApp, destinationIds, quietHours, digest } = rule;
  const count = destinationIds.length;
  const seconds = digest ? durationMs(digest) / 1_000 : 0;
  const parts = [
    inApp ? "in the application" : "",
    count === 0 ? "" : count === 1 ? "1 destination" : `${String(count)} destinations`,
    quietHours ? `quiet ${quietHours.begin} to ${quietHours.end} ${quietHours.timeZone}` : "",
    seconds ? `together after ${String(seconds)} s` : "",
  ];
  return parts.filter(Boolean).join(", ") || "nowhere";
}
