/** The form of a new price alert: its fields, their faults, and the request they make. */

import { AlertPrice } from "$gen/ordermesh/marketdata/v1/price_alert_pb.js";

import { compare, format, fromInput, parse } from "$lib/decimals";

/** How the number of the form is meant. */
export type When = "above" | "below" | "up" | "down";

export const WHENS: readonly (readonly [When, string])[] = [
  ["above", "at or above"],
  ["below", "at or below"],
  ["up", "up by %"],
  ["down", "down by %"],
];

export const PRICES = [AlertPrice.LAST, AlertPrice.BID, AlertPrice.ASK, AlertPrice.MID] as const;
/** Characters of a note. */
export const NOTE_LENGTH_MAX = 200;
/** More percent than this can neither be lost nor, by the mesh's bound, be gained. */
const DOWN_MAX = "100";
const UP_MAX = "100000";

export interface AlertFields {
  readonly instrumentId: string;
  readonly price: AlertPrice;
  readonly when: When;
  /** A price, or a percentage without a sign. */
  readonly value: string;
  readonly note: string;
}

/** What PriceAlertService.CreateAlert is asked for, without its key. */
export interface AlertBody {
  readonly instrumentId: string;
  readonly price: AlertPrice;
  readonly above?: string;
  readonly below?: string;
  readonly percent?: string;
  readonly note: string;
}

/** Reads the fields, or says what is wrong. */
export function alertOf({ instrumentId, price, when, value, note }: AlertFields): { body: AlertBody; fault?: undefined } | { body?: undefined; fault: string } {
  if (instrumentId === "") return { fault: "Choose a listing." };
  const read = fromInput(value);
  if (!read.ok) return { fault: `The number ${read.why}.` };
  const number = parse(read.text);
  const rest = { instrumentId, price, note: note.trim() };
  if (when === "above" || when === "below") return { body: { ...rest, [when]: read.text } };
  if (number.units <= 0n) return { fault: "The percentage must be above zero." };
  if (when === "down" && compare(number, parse(DOWN_MAX)) >= 0) return { fault: `A price can fall by less than ${DOWN_MAX} %.` };
  if (compare(number, parse(UP_MAX)) > 0) return { fault: `The percentage is at most ${UP_MAX}.` };
  const percent = when === "down" ? format({ ...number, units: -number.units }) : read.text;
  return { body: { ...rest, percent } };
}
