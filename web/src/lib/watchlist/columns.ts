/** The columns of a watchlist: the one list of their names, as settings of a user keep them. */

import type { Quote } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { format, subtract, tryParse } from "../decimals";

export type WatchColumnId = "bid_size" | "bid" | "ask" | "ask_size" | "last" | "change" | "change_percent" | "spread" | "volume" | "vwap" | "spark" | "age" | "right";

export interface WatchColumn {
  readonly id: WatchColumnId;
  readonly word: string;
  readonly title?: string;
  /** Left out where the watchlist has the half of a screen, and on a telephone. */
  readonly room: "always" | "not on a telephone" | "wide only";
}

export const WATCH_COLUMNS: readonly WatchColumn[] = [
  { id: "bid_size", word: "Bid size", room: "not on a telephone" },
  { id: "bid", word: "Bid", room: "always" },
  { id: "ask", word: "Ask", room: "always" },
  { id: "ask_size", word: "Ask size", room: "not on a telephone" },
  { id: "last", word: "Last", room: "always" },
  { id: "vwap", word: "VWAP", title: "Volume-weighted average price of the trading day", room: "wide only" },
  { id: "change", word: "Change", title: "Last price less the close of the day before", room: "not on a telephone" },
  { id: "change_percent", word: "%", title: "Last price against the close of the day before", room: "always" },
  { id: "spread", word: "Spread", title: "Best offer less best bid", room: "not on a telephone" },
  { id: "volume", word: "Volume", title: "Traded today", room: "not on a telephone" },
  { id: "spark", word: "Day", title: "Last prices of the newest hours, five minutes each", room: "not on a telephone" },
  { id: "age", word: "Age", room: "always" },
  { id: "right", word: "Right", room: "wide only" },
];

export const WATCH_COLUMN: ReadonlyMap<string, WatchColumn> = new Map(WATCH_COLUMNS.map((column) => [column.id, column]));

/** Of the list of all listings. */
export const ALL_LISTINGS_COLUMNS: readonly WatchColumnId[] = ["bid_size", "bid", "ask", "ask_size", "last", "vwap", "change_percent", "age", "right"];
/** Of a list of a person who has chosen none. */
export const OWN_LIST_COLUMNS: readonly WatchColumnId[] = ["last", "change_percent", "bid", "ask", "spread", "volume", "spark", "age"];

/** Exact difference of two prices, with its sign; "" if either is missing. */
export function difference(of: string, less: string): string {
  const [a, b] = [tryParse(of), tryParse(less)];
  if (!a || !b) return "";
  const text = format(subtract(a, b));
  return text.startsWith("-") || text === "0" ? text : `+${text}`;
}

/** Best offer less best bid; below zero where they cross; "" if either is missing. */
export function spread(quote: Quote | undefined): string {
  const [bid, ask] = [tryParse(quote?.bidPrice ?? ""), tryParse(quote?.askPrice ?? "")];
  return bid && ask ? format(subtract(ask, bid)) : "";
}
