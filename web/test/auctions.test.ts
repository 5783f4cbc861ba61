import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";

import { ScheduledPhaseSchema, TradingPhase } from "$gen/ordermesh/marketdata/v1/calendar_pb.js";
import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { AuctionIndicationSchema, ImbalanceSide } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { auctionWords, phaseWords } from "$lib/auctions";

const words = (auction: object | undefined, status = TradingStatus.AUCTION): string => auctionWords(status, auction && create(AuctionIndicationSchema, auction), 2);

describe("an auction", () => {
  it.each<[object | undefined, string]>([
    [{ price: "693.5", size: "1200", imbalanceSize: "300", imbalanceSide: ImbalanceSide.BUY }, "Auction: 1,200 at 693.50 now, 300 more to buy"],
    [{ price: "693.5", imbalanceSize: "0" }, "Auction: 693.50 now"],
    [{ imbalanceSize: "7", imbalanceSide: ImbalanceSide.SELL }, "Auction: no price yet, 7 more to sell"],
    [{ imbalanceSize: "7" }, "Auction: no price yet, 7 more on one side"],
    [{ faulty: true }, "Auction: no price yet, a value of the venue cannot be used"],
    [undefined, "Auction: the venue says no price yet"],
  ])("has what the venue says: %j", (auction, text) => {
    expect(words(auction)).toBe(text);
  });

  it("is not shown while a listing trades and its venue says nothing of one", () => {
    expect(words(undefined, TradingStatus.OPEN)).toBe("");
    expect(words({ price: "1" }, TradingStatus.NOT_KNOWN)).toContain("1.00 now");
  });

  it("has a phase by the calendar", () => {
    const phase = (value: object | undefined): string => phaseWords(value && create(ScheduledPhaseSchema, value));
    const endsAt = timestampFromMs(new Date("2027-01-31T09:00").getTime());
    expect(phase({ phase: TradingPhase.OPENING_AUCTION, endsAt })).toBe("opening auction until 09:00");
    expect([phase({ phase: TradingPhase.CLOSED }), phase({}), phase(undefined), phase({ phase: 99 })]).toEqual(["closed", "", "", "phase 99"]);
    // What the venue says is nearer to what it does.
    const says = (status: TradingStatus): string => phaseWords(create(ScheduledPhaseSchema, { phase: TradingPhase.CONTINUOUS }), status);
    expect([TradingStatus.PRE_OPEN, TradingStatus.CLOSED, TradingStatus.OPEN, TradingStatus.NOT_KNOWN].map(says)).toEqual(["pre-open, says the venue", "closed, says the venue", "continuous trading", "continuous trading"]);
  });
});
