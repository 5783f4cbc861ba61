/**
 * The book of all venues of an instrument, as rows for the view. Which levels count is the mesh's
 * decision: what is left out is named with its reason and is in no level.
 */

import { LeftOut, PriceFlag, type ConsolidatedBook, type ConsolidatedLevel, type ConsolidatedVenue, type MarketDataUpdate } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";

import { Emitter } from "@ordermesh/client";
import { compare, parse, perMille } from "$lib/decimals";
import type { DetailReader } from "$lib/detail";
import { tradingWord } from "$lib/labels";
import { micOf } from "$lib/rights";
import { toMs } from "$lib/server-clock";

/** Keeps the newest book of the listing that is followed. */
export class BookState extends Emitter implements DetailReader {
  book: ConsolidatedBook | undefined;
  /** "NL0010273215/EUR", or a listing that is an instrument of its own. */
  name = "";
  /** The book is of the connection that is open. */
  current = false;

  begin(): void {
    this.current = false;
    this.changed();
  }

  /** Another listing is followed: the book that is held is of another instrument. */
  forget(): void {
    this.book = undefined;
    this.name = "";
    this.changed();
  }

  take({ instrumentId, value }: MarketDataUpdate): void {
    if (value.case !== "consolidatedBook") return;
    this.book = value.value;
    this.name = instrumentId;
    this.current = true;
    this.changed();
  }

  live(): void {
    this.current = true;
    this.changed();
  }
}

/** What one venue has at a level. */
export interface ShareCell {
  readonly mic: string;
  readonly size: string;
  /** Of the largest level of the book, in per mille: for a bar. */
  readonly perMille: number;
  /** Of this level, in per cent. */
  readonly percent: number;
}

export interface LevelCell {
  readonly price: string;
  readonly size: string;
  readonly shares: readonly ShareCell[];
}

/** One rank of both sides. */
export interface LadderRow {
  readonly bid: LevelCell | undefined;
  readonly ask: LevelCell | undefined;
}

/** Best levels first; every bar is in proportion to the largest level of both sides. */
export function ladder(book: ConsolidatedBook): readonly LadderRow[] {
  const sizes = [...book.bids, ...book.asks].map(({ size }) => size);
  const largest = sizes.reduce((most, size) => (compare(parse(size), parse(most)) > 0 ? size : most), "0");
  const cell = (level: ConsolidatedLevel | undefined): LevelCell | undefined =>
    level && {
      price: level.price,
      size: level.size,
      shares: level.shares.map(({ instrumentId, size }) => ({
        mic: micOf(instrumentId),
        size,
        perMille: perMille(size, largest),
        percent: Math.round(perMille(size, level.size) / 10),
      })),
    };
  const rows = Math.max(book.bids.length, book.asks.length);
  return Array.from({ length: rows }, (_, at) => ({ bid: cell(book.bids[at]), ask: cell(book.asks[at]) }));
}

/** One venue of the instrument, whether or not it counts. */
export interface VenueLine {
  readonly mic: string;
  readonly instrumentId: string;
  readonly counts: boolean;
  readonly tradingStatus: TradingStatus;
  /** "open", "halted", ... */
  readonly status: string;
  /** Why its levels do not count; "" if they do. */
  readonly why: string;
  /** When it was left out, in milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  /** When its newest change was received, in milliseconds since 1970. */
  readonly receivedMs: number | undefined;
  /** "10 + 10 levels". */
  readonly levels: string;
}

const LEFT_OUT_WORDS: Readonly<Partial<Record<LeftOut, string>>> = {
  [LeftOut.UNSPECIFIED]: "",
  [LeftOut.NO_BOOK]: "no book yet",
  [LeftOut.STALE]: "stale",
  [LeftOut.HALTED]: "halted",
  [LeftOut.CLOSED]: "closed",
  [LeftOut.AUCTION]: "in an auction",
  [LeftOut.DELISTED]: "delisted",
  [LeftOut.FAULTY]: "faulty prices",
  [LeftOut.DELAYED]: "delayed 15 min",
  [LeftOut.NOT_ENTITLED]: "no right",
};

/** The short reason for which a venue is left out; a reason that this page does not know is not hidden. */
export function leftOutWord(leftOut: LeftOut): string {
  return LEFT_OUT_WORDS[leftOut] ?? `left out, reason ${String(leftOut)}`;
}

export function venueLines(book: ConsolidatedBook): readonly VenueLine[] {
  return book.venues.map(venueLine);
}

function venueLine(venue: ConsolidatedVenue): VenueLine {
  const { instrumentId, venueMic, tradingStatus, leftOut, leftOutText, since, receivedAt, bidLevels, askLevels } = venue;
  const word = leftOutWord(leftOut);
  return {
    mic: venueMic,
    instrumentId,
    counts: leftOut === LeftOut.UNSPECIFIED,
    tradingStatus,
    status: tradingStatus === TradingStatus.OPEN ? "open" : tradingWord(tradingStatus),
    why: leftOutText && leftOutText !== word ? `${word}: ${leftOutText}` : word,
    sinceMs: since && toMs(since),
    receivedMs: receivedAt && toMs(receivedAt),
    levels: `${String(bidLevels)} + ${String(askLevels)} levels`,
  };
}

/** "Crossed: SIMA bids above what SIMB offers"; "" if the book is neither locked nor crossed. */
export function crossingWords(book: ConsolidatedBook): string {
  const [bids, asks] = [book.crossingBids, book.crossingAsks].map((ids) => ids.map(micOf).join(", "));
  if (book.flags.includes(PriceFlag.CROSSED)) return `Crossed: ${bids} bids above what ${asks} offers`;
  if (book.flags.includes(PriceFlag.LOCKED)) return `Locked: ${bids} bids at the price that ${asks} offers`;
  return "";
}
