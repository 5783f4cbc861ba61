import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";

import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { ConsolidatedBookSchema, LeftOut, MarketDataUpdateSchema, PriceFlag, type ConsolidatedBook } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { BookState, crossingWords, ladder, leftOutWord, venueLines } from "./book";

function book(changes: MessageInitShape<typeof ConsolidatedBookSchema> = {}): ConsolidatedBook {
  const bids = [{ price: "700", size: "300", shares: [{ instrumentId: "ASML.SIMA", size: "100" }, { instrumentId: "ASML.SIMB", size: "200" }] }];
  const asks = [
    { price: "700.1", size: "50", shares: [{ instrumentId: "ASML.SIMB", size: "50" }] },
    { price: "700.2", size: "400", shares: [{ instrumentId: "ASML.SIMA", size: "400" }] },
  ];
  return Object.assign(create(ConsolidatedBookSchema, { isin: "NL0010273215", currency: "EUR", bids, asks }), changes);
}

describe("the book of all venues", () => {
  it("has a row for each rank, with each venue's share", () => {
    const rows = ladder(book());
    expect(rows).toHaveLength(2);
    expect(rows[0]?.bid).toMatchObject({ price: "700", size: "300" });
    expect(rows[0]?.bid?.shares).toEqual([
      { mic: "SIMA", size: "100", perMille: 250, percent: 33 },
      { mic: "SIMB", size: "200", perMille: 500, percent: 67 },
    ]);
    expect(rows[1]?.bid).toBeUndefined();
    expect(rows[1]?.ask?.shares[0]?.perMille).toBe(1_000);
  });

  it("is empty without a level", () => {
    expect(ladder(book({ bids: [], asks: [] }))).toEqual([]);
  });

  it("names every venue, and says why one does not count", () => {
    const since = timestampFromMs(1_700_000_000_000);
    const made = create(ConsolidatedBookSchema, {
      venues: [
        { instrumentId: "ASML.SIMA", venueMic: "SIMA", tradingStatus: TradingStatus.OPEN, bidLevels: 10, askLevels: 9, receivedAt: since },
        { instrumentId: "ASML.SIMB", venueMic: "SIMB", tradingStatus: TradingStatus.HALTED, leftOut: LeftOut.HALTED, leftOutText: "the listing is halted", since, bidLevels: 3 },
      ],
    });
    expect(venueLines(made)).toMatchObject([
      { mic: "SIMA", counts: true, status: "open", why: "", levels: "10 + 9 levels", receivedMs: 1_700_000_000_000 },
      { mic: "SIMB", counts: false, status: "halted", why: "halted: the listing is halted", sinceMs: 1_700_000_000_000, receivedMs: undefined },
    ]);
  });

  it("has a word for every reason to leave a venue out", () => {
    const reasons = Object.values(LeftOut).filter((one): one is LeftOut => typeof one === "number" && one !== LeftOut.UNSPECIFIED);
    expect(reasons.every((one) => leftOutWord(one) !== "")).toBe(true);
    expect(leftOutWord(99 as LeftOut)).toBe("left out, reason 99");
  });

  it("says who locks or crosses it", () => {
    const who = { crossingBids: ["ASML.SIMA"], crossingAsks: ["ASML.SIMB"] };
    expect(crossingWords(book())).toBe("");
    expect(crossingWords(book({ ...who, flags: [PriceFlag.CROSSED] }))).toBe("Crossed: SIMA bids above what SIMB offers");
    expect(crossingWords(book({ ...who, flags: [PriceFlag.LOCKED] }))).toBe("Locked: SIMA bids at the price that SIMB offers");
  });

  it("is not current from the beginning of a connection until its snapshot", () => {
    const state = new BookState();
    const update = create(MarketDataUpdateSchema, { instrumentId: "NL0010273215/EUR", value: { case: "consolidatedBook", value: book() } });
    state.begin();
    state.take(update);
    expect([state.current, state.name]).toEqual([true, "NL0010273215/EUR"]);
    state.begin();
    expect([state.current, state.book?.isin]).toEqual([false, "NL0010273215"]);
    state.forget();
    expect(state.book).toBeUndefined();
  });
});
