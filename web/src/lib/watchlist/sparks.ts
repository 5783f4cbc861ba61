/**
 * The last prices of the newest hours, for the small lines of a watchlist: read once for the listings
 * that are shown, and again when the price stream is live again; the newest point follows the quote.
 */

import { CandleInterval, type ListCandlesResponse } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";

import { Emitter } from "@ordermesh/client";
import { tryParse, type Decimal } from "../decimals";

/** Points of a line: eight hours of five minutes. */
export const POINTS_MAX = 96;
/** Listings in one request. */
const LISTINGS_MAX = 200;

export type ReadCandles = (request: { instrumentIds: string[]; interval: CandleInterval; latest: number }) => Promise<ListCandlesResponse>;

export class Sparks extends Emitter {
  readonly #closes = new Map<string, readonly string[]>();
  /** Listings that were asked for. */
  readonly #asked = new Set<string>();

  constructor(private readonly read: ReadCandles) {
    super();
  }

  /** Closes of a listing, oldest first; empty if there are none, or not yet. */
  of(instrumentId: string): readonly string[] {
    return this.#closes.get(instrumentId) ?? [];
  }

  /** What is held may have holes: it is read again when it is wanted. */
  forget(): void {
    this.#asked.clear();
  }

  /** Reads what was not asked for yet. A listing without candles, or without the right to them, has no line. */
  async want(instrumentIds: readonly string[]): Promise<void> {
    const missing = instrumentIds.filter((id) => !this.#asked.has(id));
    for (let from = 0; from < missing.length; from += LISTINGS_MAX) {
      const some = missing.slice(from, from + LISTINGS_MAX);
      for (const id of some) this.#asked.add(id);
      await this.#readSome(some);
    }
  }

  async #readSome(instrumentIds: string[]): Promise<void> {
    try {
      const { instruments } = await this.read({ instrumentIds, interval: CandleInterval.FIVE_MINUTES, latest: POINTS_MAX });
      for (const { instrumentId, candles } of instruments) this.#closes.set(instrumentId, candles.map(({ closePrice }) => closePrice));
    } catch {
      // A line is an ornament: without it the row has every price. It is asked for again with the next connection.
      for (const id of instrumentIds) this.#closes.delete(id);
    }
    this.changed();
  }
}

/**
 * The line as the path of an SVG of `width` × `height` pixels, from closes and the last price; "" with fewer than
 * two points. Places on the screen are whole hundredths of a pixel, of exact prices.
 */
export function sparkPath(closes: readonly string[], last: string, width: number, height: number): string {
  const points = [...closes, last].map(tryParse).filter((price): price is Decimal => price !== undefined);
  if (points.length < 2) return "";
  const scale = Math.max(...points.map((point) => point.scale));
  const units = points.map((point) => point.units * 10n ** BigInt(scale - point.scale));
  const low = units.reduce((a, b) => (b < a ? b : a));
  const high = units.reduce((a, b) => (b > a ? b : a));
  const span = high - low || 1n;
  return units
    .map((unit, at) => {
      const x = Math.round((at * width * 100) / (units.length - 1)) / 100;
      const y = high === low ? height / 2 : height - Number(((unit - low) * BigInt(height) * 100n) / span) / 100;
      return `${at === 0 ? "M" : "L"}${x} ${y}`;
    })
    .join("");
}
