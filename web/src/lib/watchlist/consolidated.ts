/** One row for an instrument: the best of its listings whose prices are current. */

import { create } from "@bufbuild/protobuf";

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { add, compare, format, tryParse, ZERO } from "../decimals";
import type { QuoteLine, QuoteStore } from "../quotes";
import { toMs } from "../server-clock";

/** A row of a watchlist. */
export interface WatchLine {
  /** The listing that is chosen by it; of an instrument the first in the list. */
  readonly instrument: Instrument;
  readonly line: QuoteLine | undefined;
  /** Why there is no current price, or "". */
  readonly notLive: string;
  /** Age of the newest price, in milliseconds. */
  readonly ageMs: number | undefined;
  /** Where the best bid and the best offer are, as MICs; "" in a row of one listing. */
  readonly bidAt: string;
  readonly askAt: string;
  /** Listings that count, of how many; undefined in a row of one listing. */
  readonly counting: { readonly current: number; readonly all: number } | undefined;
}

export type Prices = Pick<QuoteStore, "lines" | "staleBecause" | "ageMs">;

/** The row of one listing; `streamDown` is why no price is current, or "". */
export function listingLine(instrument: Instrument, prices: Prices, streamDown: string): WatchLine {
  const { instrumentId } = instrument;
  return {
    instrument,
    line: prices.lines.get(instrumentId),
    notLive: streamDown || prices.staleBecause(instrumentId),
    ageMs: prices.ageMs(instrumentId),
    bidAt: "",
    askAt: "",
    counting: undefined,
  };
}

/** The row of an instrument. Where none of its listings has a current price, it is the row of the first, with the reason. */
export function instrumentLine(listings: readonly [Instrument, ...Instrument[]], prices: Prices, streamDown: string): WatchLine {
  const all = listings.map((instrument) => listingLine(instrument, prices, streamDown));
  const current = all.filter((one): one is WatchLine & { line: QuoteLine } => one.notLive === "" && one.line !== undefined);
  const counting = { current: current.length, all: all.length };
  const [first] = current;
  if (!first) return { ...(all[0] as WatchLine), counting };
  const bid = best(current, "bidPrice", 1);
  const ask = best(current, "askPrice", -1);
  const newest = current.reduce((a, b) => (tradedMs(b) > tradedMs(a) ? b : a), first);
  const volume = current.map(({ line }) => tryParse(line.quote.volume) ?? ZERO).reduce(add, ZERO);
  const quote = create(QuoteSchema, {
    ...newest.line.quote,
    bidPrice: bid?.line.quote.bidPrice ?? "",
    bidSize: bid?.line.quote.bidSize ?? "",
    askPrice: ask?.line.quote.askPrice ?? "",
    askSize: ask?.line.quote.askSize ?? "",
    volume: volume.units === 0n ? "" : format(volume),
    // Of one venue only: it is no average of all.
    vwapPrice: "",
  });
  const moves = { bidPrice: bid?.line.moves.bidPrice, askPrice: ask?.line.moves.askPrice, lastPrice: newest.line.moves.lastPrice };
  const known = Object.fromEntries(Object.entries(moves).filter(([, move]) => move !== undefined)) as QuoteLine["moves"];
  return {
    instrument: listings[0],
    line: { instrumentId: listings[0].instrumentId, quote, sequence: newest.line.sequence, moves: known },
    notLive: "",
    ageMs: Math.min(...current.map(({ ageMs }) => ageMs ?? Infinity)),
    bidAt: bid?.instrument.venueMic ?? "",
    askAt: ask?.instrument.venueMic ?? "",
    counting,
  };
}

type Current = WatchLine & { line: QuoteLine };

function best(lines: readonly Current[], field: "bidPrice" | "askPrice", way: 1 | -1): Current | undefined {
  let found: Current | undefined;
  for (const one of lines) {
    const price = tryParse(one.line.quote[field]);
    const held = found && tryParse(found.line.quote[field]);
    if (price && (!held || compare(price, held) === way)) found = one;
  }
  return found;
}

function tradedMs({ line: { quote } }: Current): number {
  return quote.lastPrice && !quote.lastOffMarket && quote.venueTime ? toMs(quote.venueTime) : 0;
}
