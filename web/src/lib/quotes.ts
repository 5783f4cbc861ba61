/**
 * Last prices by listing. A price is current only while the stream is live, the venue's feed is
 * up and the mesh does not call it stale; otherwise it is kept, marked, and never shown as live.
 */

import type { Instrument, LeftOutListing } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import {
  PriceRight,
  type MarketDataItem,
  type MarketDataUpdate,
  type Quote,
  type VenueStatus,
} from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { GapKind, type Gap } from "$gen/ordermesh/type/v1/stream_pb.js";

import { compare, tryParse } from "./decimals";
import { noPricesWords } from "./labels";
import { drainWish, Emitter, type Wish } from "@ordermesh/client";
import type { ServerClock } from "./server-clock";

/** The age above which the price of a listing that trades is shown with a warning, in milliseconds. */
export const AGE_WARN_AFTER_MS = 30_000;

/** The prices whose moves are shown. */
export type MovingField = "bidPrice" | "askPrice" | "lastPrice";

/** A move of a price: the way it went, and how often it has moved, so that a flash can restart. */
export interface Move {
  readonly up: boolean;
  readonly count: number;
}

/** A listing's quote with what the page adds to it. */
export interface QuoteLine {
  readonly instrumentId: string;
  readonly quote: Quote;
  readonly sequence: bigint;
  readonly moves: Readonly<Partial<Record<MovingField, Move>>>;
}

const MOVING: readonly MovingField[] = ["bidPrice", "askPrice", "lastPrice"];

export class QuoteStore extends Emitter {
  readonly lines = new Map<string, QuoteLine>();
  readonly instruments = new Map<string, Instrument>();
  readonly venues = new Map<string, VenueStatus>();
  /** What venues report and the mesh leaves out, as InstrumentService last said. */
  leftOut: readonly LeftOutListing[] = [];
  /** Venues that a Gap reported as down. */
  readonly feedsDown = new Map<string, string>();
  /** Updates that were neither received nor reported as conflated. */
  missed = 0;
  #epoch = "";

  constructor(private readonly clock: ServerClock) {
    super();
  }

  /** Sets what InstrumentService leaves out. */
  putLeftOut(leftOut: readonly LeftOutListing[]): void {
    this.leftOut = leftOut;
    this.changed();
  }

  /** Sets the listings of InstrumentService. */
  putInstruments(instruments: readonly Instrument[]): void {
    for (const instrument of instruments) this.instruments.set(instrument.instrumentId, instrument);
    this.changed();
  }

  /** Where to go on; the server answers with a snapshot in any case. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Takes the items of one frame, in order. */
  take(items: readonly MarketDataItem[]): Wish | undefined {
    const wish: Wish = {};
    for (const { item } of items) Object.assign(wish, this.#takeItem(item));
    this.changed();
    return wish;
  }

  /** A listing of an instrument; undefined if no venue lists it. */
  listingOf(isin: string, currency: string): Instrument | undefined {
    return [...this.instruments.values()].find((one) => one.isin === isin && one.currency === currency);
  }

  /** Whether any price of a venue is known; a venue may have an order session only. */
  hasPrices(mic: string): boolean {
    return this.#covered(mic).length > 0;
  }

  /** Why a listing's price is not current; "" if it is, given a live stream. */
  staleBecause(instrumentId: string): string {
    const none = noPricesWords(this.instruments.get(instrumentId));
    if (none) return none;
    const mic = instrumentId.slice(instrumentId.lastIndexOf(".") + 1);
    const gap = this.feedsDown.get(mic) ?? this.feedsDown.get(instrumentId);
    if (gap !== undefined) return gap || `the feed of ${mic} is down`;
    const venue = this.venues.get(mic);
    if (venue?.priceRight === PriceRight.NONE) return `you have no right to prices of ${mic}`;
    if (venue?.priceRight === PriceRight.DELAYED) return `delayed by 15 minutes: your right to prices of ${mic}`;
    if (venue && !venue.feedUp) return venue.silentBecause || `the feed of ${mic} is down`;
    const line = this.lines.get(instrumentId);
    if (!line && this.instruments.has(instrumentId)) return `${mic} has sent none yet`;
    return line?.quote.stale ? "older than its limit, or the whole book is awaited" : "";
  }

  /** Age of a listing's quote, in milliseconds; undefined if there is none. */
  ageMs(instrumentId: string): number | undefined {
    const quote = this.lines.get(instrumentId)?.quote;
    return quote?.receivedAt ? this.clock.ageMs(quote.receivedAt) : undefined;
  }

  #takeItem(item: MarketDataItem["item"]): Wish | undefined {
    switch (item.case) {
      case "update":
        this.#update(item.value);
        return undefined;
      case "instrument":
        this.instruments.set(item.value.instrumentId, item.value);
        return undefined;
      case "venueStatus":
        this.#venue(item.value);
        if (item.value.feedUp) this.feedsDown.delete(item.value.venueMic);
        return undefined;
      case "snapshotComplete":
        this.#epoch = item.value.cursor?.epoch ?? "";
        return { live: true };
      case "heartbeat":
        this.clock.observe(item.value.serverTime);
        return { live: true };
      case "resync":
        for (const id of this.#covered(item.value.channel)) this.lines.delete(id);
        return undefined;
      case "gap":
        this.#gap(item.value);
        return undefined;
      case "slowConsumer":
        return { reopen: "this page was too slow; reading anew" };
      case "drain":
        return drainWish(item.value);
      case undefined:
        return undefined;
    }
  }

  #update(update: MarketDataUpdate): void {
    if (update.value.case !== "quote") return;
    const before = this.lines.get(update.instrumentId);
    const { quote } = { quote: update.value.value };
    if (before && !update.snapshot) {
      const expected = before.sequence + 1n + BigInt(update.conflatedUpdates);
      if (update.sequence > expected) this.missed += Number(update.sequence - expected);
    }
    this.lines.set(update.instrumentId, {
      instrumentId: update.instrumentId,
      quote,
      sequence: update.sequence,
      moves: before ? moved(before, quote) : {},
    });
  }

  #gap(gap: Gap): void {
    if (gap.kind === GapKind.LINK_DOWN || gap.kind === GapKind.STALE) this.feedsDown.set(gap.channel, gap.text);
    else if (gap.kind === GapKind.LINK_UP) this.feedsDown.delete(gap.channel);
  }

  #venue(status: VenueStatus): void {
    const before = this.venues.get(status.venueMic);
    this.venues.set(status.venueMic, status);
    if (before === undefined || before.priceRight === status.priceRight) return;
    // What came with another right is not updated any more.
    for (const id of this.#covered(status.venueMic)) this.lines.delete(id);
  }

  #covered(channel: string): string[] {
    const ids = [...this.lines.keys()];
    return channel === "" ? ids : ids.filter((id) => id === channel || id.endsWith(`.${channel}`));
  }
}

function moved(before: QuoteLine, quote: Quote): QuoteLine["moves"] {
  const moves: Partial<Record<MovingField, Move>> = { ...before.moves };
  for (const field of MOVING) {
    const [was, is] = [tryParse(before.quote[field]), tryParse(quote[field])];
    const way = was && is ? compare(is, was) : 0;
    if (way !== 0) moves[field] = { up: way > 0, count: (before.moves[field]?.count ?? 0) + 1 };
  }
  return moves;
}

/** Change against the close in per cent with two places and a sign; "" if either is missing. */
export function changePercent(quote: Quote): string {
  const [last, close] = [tryParse(quote.lastPrice), tryParse(quote.closePrice)];
  if (!last || !close || close.units <= 0n) return "";
  const scale = BigInt(Math.max(last.scale, close.scale));
  const was = close.units * 10n ** (scale - BigInt(close.scale));
  const is = last.units * 10n ** (scale - BigInt(last.scale));
  const difference = is - was;
  const magnitude = ((difference < 0n ? -difference : difference) * 20_000n + was) / (was * 2n);
  const digits = magnitude.toString().padStart(3, "0");
  const sign = magnitude === 0n ? "" : difference < 0n ? "−" : "+";
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
