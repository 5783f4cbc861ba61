/** What a person has chosen for the blotter: columns and their order, sorting, and filters. Kept for the user, so what is read may be of another version of the page. */

import { OrderState } from "$gen/ordermesh/oms/v1/order_pb.js";

import { COLUMN, COLUMNS, type ColumnId } from "./columns";

export interface Sorting {
  readonly column: ColumnId;
  /** The greatest first. */
  readonly down: boolean;
}

/** Which orders are shown: all of these must fit. */
export interface OrderFilter {
  readonly openOnly: boolean;
  readonly side: "" | "buy" | "sell";
  /** The name of a state; "" for every state. */
  readonly state: string;
  /** Part of a listing, an ISIN, an id or a note, in upper case. */
  readonly text: string;
}

export interface BlotterChoices {
  /** Those that are shown, from the left. */
  readonly columns: readonly ColumnId[];
  readonly sorting: Sorting;
  readonly filter: OrderFilter;
}

export const EVERY_ORDER: OrderFilter = { openOnly: false, side: "", state: "", text: "" };
export const NEWEST_FIRST: Sorting = { column: "time", down: true };

export const FIRST_CHOICES: BlotterChoices = {
  columns: COLUMNS.filter(({ first }) => first).map(({ id }) => id),
  sorting: NEWEST_FIRST,
  filter: EVERY_ORDER,
};

/** Names of the states that an order may have. */
export const STATES: readonly string[] = Object.keys(OrderState).filter((name) => Number.isNaN(Number(name)) && name !== "UNSPECIFIED");

/** The next sorting after a press on a heading: numbers and times begin with the greatest, texts with A; the third press is the first order again. */
export function pressed(sorting: Sorting, column: ColumnId): Sorting {
  const down = COLUMN.get(column)?.number === true || column === "time" || column === "updated";
  if (sorting.column !== column) return { column, down };
  return sorting.down === down ? { column, down: !down } : NEWEST_FIRST;
}

/** The choices as they are kept. The text of the filter is not: it is of the moment. */
export function written({ columns, sorting, filter }: BlotterChoices): string {
  return JSON.stringify({ columns, sorting, filter: { ...filter, text: "" } });
}

/** The choices that were kept; of what is missing or not known, the first ones. */
export function readChoices(json: string): BlotterChoices {
  const kept = parsed(json);
  const columns = listOf(kept["columns"]).filter((id): id is ColumnId => typeof id === "string" && COLUMN.has(id));
  const sorting = objectOf(kept["sorting"]);
  const filter = objectOf(kept["filter"]);
  const column = sorting["column"];
  const { side, state } = filter;
  return {
    columns: columns.length > 0 ? [...new Set(columns)] : FIRST_CHOICES.columns,
    sorting: typeof column === "string" && COLUMN.has(column) ? { column: column as ColumnId, down: sorting["down"] === true } : NEWEST_FIRST,
    filter: {
      openOnly: filter["openOnly"] === true,
      side: side === "buy" || side === "sell" ? side : "",
      state: typeof state === "string" && STATES.includes(state) ? state : "",
      text: "",
    },
  };
}

function parsed(json: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(json));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
