/** What a venue says of an auction that is on. None of it is a price at which anything was traded. */

import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { TradingPhase, type ScheduledPhase } from "$gen/ordermesh/marketdata/v1/calendar_pb.js";
import { ImbalanceSide, type AuctionIndication } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { grouped, padded } from "./decimals";
import { tradingWord } from "./labels";
import { toMs } from "./server-clock";
import { minuteText } from "./times.svelte";

/** "Auction: 1,200 at 693.5 now, 300 more to buy"; "" if the listing is in no auction and its venue says nothing of one. */
export function auctionWords(status: TradingStatus, auction: AuctionIndication | undefined, scale: number): string {
  if (!auction) return status === TradingStatus.AUCTION ? "Auction: the venue says no price yet" : "";
  const { price, size, imbalanceSize, imbalanceSide, faulty } = auction;
  const match = price ? `${size ? `${grouped(size)} at ` : ""}${padded(price, scale)} now` : "no price yet";
  const parts = [match, imbalanceSize && imbalanceSize !== "0" ? `${grouped(imbalanceSize)} more ${sideWord(imbalanceSide)}` : "", faulty ? "a value of the venue cannot be used" : ""];
  return `Auction: ${parts.filter(Boolean).join(", ")}`;
}

function sideWord(side: ImbalanceSide): string {
  if (side === ImbalanceSide.BUY) return "to buy";
  return side === ImbalanceSide.SELL ? "to sell" : "on one side";
}

const PHASES: Readonly<Partial<Record<TradingPhase, string>>> = {
  [TradingPhase.PRE_OPEN]: "pre-open",
  [TradingPhase.OPENING_AUCTION]: "opening auction",
  [TradingPhase.CONTINUOUS]: "continuous trading",
  [TradingPhase.CLOSING_AUCTION]: "closing auction",
  [TradingPhase.CLOSED]: "closed",
};

const TRADES_OR_SILENT = new Set([TradingStatus.OPEN, TradingStatus.UNSPECIFIED, TradingStatus.NOT_KNOWN]);

/**
 * "pre-open, says the venue", if it says that it does not trade; else "opening auction until 09:00", by
 * its calendar; "" if the calendar has no hours.
 */
export function phaseWords(scheduled: ScheduledPhase | undefined, status = TradingStatus.UNSPECIFIED): string {
  if (!TRADES_OR_SILENT.has(status)) return `${tradingWord(status)}, says the venue`;
  if (!scheduled || scheduled.phase === TradingPhase.UNSPECIFIED) return "";
  const word = PHASES[scheduled.phase] ?? `phase ${String(scheduled.phase)}`;
  return scheduled.endsAt ? `${word} until ${minuteText(toMs(scheduled.endsAt))}` : word;
}
