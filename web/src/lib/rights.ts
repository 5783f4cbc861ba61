/** Rights to prices in words. The server enforces them; the page says which one applies. */

import { PriceRight } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

/** A right as a mark of a row, and as a sentence. */
export interface RightWords {
  readonly mark: string;
  readonly meaning: string;
  /** The prices are not those of now. */
  readonly limited: boolean;
}

export function rightWords(right: PriceRight | undefined, mic: string): RightWords {
  switch (right) {
    case PriceRight.REAL_TIME:
      return { mark: "real-time", meaning: `Prices of ${mic} in real time`, limited: false };
    case PriceRight.DELAYED:
      return { mark: "15 min", meaning: `Your right to prices of ${mic}: delayed by 15 minutes, no order books, no live candles`, limited: true };
    case PriceRight.NONE:
      return { mark: "no right", meaning: `You have no right to prices of ${mic}`, limited: true };
    default:
      return { mark: "–", meaning: `Your right to prices of ${mic} is not known yet`, limited: false };
  }
}

/** Venue of a listing: "ASML.SIMA" is at SIMA. */
export function micOf(instrumentId: string): string {
  return instrumentId.slice(instrumentId.lastIndexOf(".") + 1);
}
