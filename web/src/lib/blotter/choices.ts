/** What a person has chosen for the blotter: columns and their order, sorting, and filters. It is kept for the user, so what is read may be of another version of the page. */

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

/** The choices as a setting of the user. The text of the filter is not kept: it is of the moment. */
export interface KeptChoices {
  columns: { column: string }[];
  sort: { column: string; descending: boolean }[];
  filters: { column: string; text: string }[];
}

export function settingOf({ columns, sorting, filter: { openOnly, side, state } }: BlotterChoices): KeptChoices {
  const filters = Object.entries({ open: openOnly ? "true" : "", side, state }).filter(([, text]) => text !== "");
  return {
    columns: columns.map((column) => ({ column })),
    sort: [{ column: sorting.column, descending: sorting.down }],
    filters: filters.map(([column, text]) => ({ column, text })),
  };
}

/** The choices that were kept; of what is missing or not known to this page, the first ones. */
export function choicesOf(kept: KeptChoices): BlotterChoices {
  const columns = kept.columns.map(({ column }) => column).filter(isColumn);
  const sort = kept.sort.find(({ column }) => isColumn(column));
  const text = (of: string): string => kept.filters.find(({ column }) => column === of)?.text ?? "";
  const [side, state] = [text("side"), text("state")];
  return {
    columns: columns.length > 0 ? [...new Set(columns)] : FIRST_CHOICES.columns,
    sorting: sort && isColumn(sort.column) ? { column: sort.column, down: sort.descending } : NEWEST_FIRST,
    filter: {
      openOnly: text("open") === "true",
      side: side === "buy" || side === "sell" ? side : "",
      state: STATES.includes(state) ? state : "",
      text: "",
    },
  };
}

function isColumn(id: string): id is ColumnId {
  return COLUMN.has(id);
}
