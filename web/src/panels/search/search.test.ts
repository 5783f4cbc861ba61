import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FoundInstrumentSchema, type FoundInstrument } from "$gen/ordermesh/marketdata/v1/instrument_service_pb.js";
import { TradingStatus } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";

import { instrument } from "../../../../clients/typescript/test/builders";
import { ASK_AFTER_MS, optionsOf, SearchState } from "./search";

const sima = instrument({ tradingStatus: TradingStatus.HALTED });
const simb = instrument({ instrumentId: "ASML.SIMB", venueMic: "SIMB" });
const dollars = instrument({ instrumentId: "ASML.XNAS", venueMic: "XNAS", currency: "USD" });
const known = instrument({ instrumentId: "ASML.XAMS", venueMic: "XAMS", tradingStatus: TradingStatus.UNSPECIFIED });

function found(listings = [sima, simb, dollars, known], isin = "NL0010273215"): FoundInstrument {
  return create(FoundInstrumentSchema, { isin, name: "ASML Holding N.V.", listings, score: 100 });
}

describe("what was found", () => {
  it("is an instrument in each currency with its listings here", () => {
    expect(optionsOf([found()]).map(({ kind, key, instrumentId, venues }) => [kind, key, instrumentId, venues.join()])).toEqual([
      ["instrument", "NL0010273215/EUR", "ASML.SIMB", "SIMA,SIMB"],
      ["listing", "ASML.SIMA", "ASML.SIMA", "SIMA"],
      ["listing", "ASML.SIMB", "ASML.SIMB", "SIMB"],
      ["instrument", "NL0010273215/USD", "ASML.XNAS", "XNAS"],
      ["listing", "ASML.XNAS", "ASML.XNAS", "XNAS"],
    ]);
  });

  it("is only listings if nobody says the ISIN", () => {
    expect(optionsOf([found([sima], "")]).map((option) => option.kind)).toEqual(["listing"]);
    expect(optionsOf([found([known])])).toEqual([]);
  });
});

describe("a search", () => {
  let asked: string[];
  let answers: ((value: readonly FoundInstrument[]) => void)[];
  let search: SearchState;

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    answers = [];
    search = new SearchState((text) => {
      asked.push(text);
      return new Promise((resolve) => answers.push(resolve));
    });
    return () => vi.useRealTimers();
  });

  async function typed(text: string): Promise<void> {
    search.type(text);
    await vi.advanceTimersByTimeAsync(ASK_AFTER_MS);
  }

  it("asks once after the last key, and takes no answer to an earlier text", async () => {
    search.type("a");
    await typed("as");
    await typed(" asml ");
    expect(asked).toEqual(["as", "asml"]);
    answers[1]?.([found([simb])]);
    answers[0]?.([]);
    await vi.advanceTimersByTimeAsync(0);
    expect([search.answered, search.options.length]).toEqual(["asml", 2]);
  });

  it("marks options around the ends, and the first one after each answer", async () => {
    await typed("asml");
    answers[0]?.([found([sima, simb])]);
    await vi.advanceTimersByTimeAsync(0);
    search.move(-1);
    expect(search.marked).toBe(2);
    search.move(1);
    expect(search.marked).toBe(0);
    search.mark(1);
    await typed("");
    expect([search.marked, search.options.length]).toEqual([0, 0]);
    search.move(1);
    expect(search.marked).toBe(0);
  });

  it("says why nothing could be found", async () => {
    search = new SearchState(() => Promise.reject(new ConnectError("the database is away", Code.Unavailable)));
    await typed("asml");
    expect(search.fault).toBe("the database is away");
  });
});
