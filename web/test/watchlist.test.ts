import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";

import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { QuoteStore } from "$lib/quotes";
import { ServerClock } from "$lib/server-clock";
import { difference, spread, WATCH_COLUMNS } from "$lib/watchlist/columns";
import { instrumentLine, listingLine } from "$lib/watchlist/consolidated";
import { sparkPath, Sparks } from "$lib/watchlist/sparks";
import { knownColumns, LISTINGS_MAX, NAME_MAX, Watchlists } from "$lib/watchlist/watchlists";

import { instrument, price } from "../../clients/typescript/test/builders";

type Shown = { bidPrice?: string; askPrice?: string; lastPrice?: string; volume?: string; stale?: boolean; tradedMs?: number };

function prices(quotes: Readonly<Record<string, Shown>>): QuoteStore {
  const store = new QuoteStore(new ServerClock(() => 1_700_000_100_000));
  store.putInstruments(["SIMA", "SIMB", "SIMC"].map((venueMic) => instrument({ instrumentId: `ASML.${venueMic}`, venueMic })));
  for (const [instrumentId, { tradedMs, ...quote }] of Object.entries(quotes)) {
    const value = { ...quote, receivedAt: timestampFromMs(1_700_000_090_000), venueTime: timestampFromMs(tradedMs ?? 1_700_000_000_000) };
    store.take([price({ case: "update", value: { instrumentId, sequence: 1n, snapshot: true, value: { case: "quote", value } } })]);
  }
  return store;
}
const [A, B, C] = ["SIMA", "SIMB", "SIMC"].map((venueMic) => instrument({ instrumentId: `ASML.${venueMic}`, venueMic })) as [never, never, never];

describe("a row of an instrument", () => {
  it("has the best bid and offer of the venues that are current, the newest last price, and the sum of volumes", () => {
    const store = prices({
      "ASML.SIMA": { bidPrice: "612.4", askPrice: "612.8", lastPrice: "612.5", volume: "1000" },
      "ASML.SIMB": { bidPrice: "612.5", askPrice: "612.7", lastPrice: "612.6", volume: "0.5", tradedMs: 1_700_000_050_000 },
      "ASML.SIMC": { bidPrice: "700", askPrice: "1", lastPrice: "1", volume: "9", stale: true },
    });
    const row = instrumentLine([A, B, C], store, "");
    expect(row.line?.quote).toMatchObject({ bidPrice: "612.5", askPrice: "612.7", lastPrice: "612.6", volume: "1000.5", vwapPrice: "" });
    expect([row.bidAt, row.askAt, row.counting, row.notLive]).toEqual(["SIMB", "SIMB", { current: 2, all: 3 }, ""]);
    expect(row.instrument.instrumentId).toBe("ASML.SIMA");
  });

  it("has the reason where no venue is current", () => {
    const row = instrumentLine([A, B], prices({ "ASML.SIMA": { bidPrice: "1", stale: true } }), "");
    expect(row.notLive).toContain("older than its limit");
    expect(row.counting).toEqual({ current: 0, all: 2 });
    expect(instrumentLine([A, B], prices({ "ASML.SIMA": { bidPrice: "1" } }), "the price stream is down").notLive).toBe("the price stream is down");
  });

  it("of one listing has its price as it is, however old", () => {
    const row = listingLine(A, prices({ "ASML.SIMA": { bidPrice: "612.4" } }), "");
    expect([row.line?.quote.bidPrice, row.ageMs, row.counting]).toEqual(["612.4", 10_000, undefined]);
  });
});

describe("columns of a watchlist", () => {
  it.each([
    ["612.5", "600", "+12.5"],
    ["600", "612.5", "-12.5"],
    ["600", "600.0", "0"],
    ["", "600", ""],
    ["600", "", ""],
  ])("show %s less %s as %s", (last, close, expected) => {
    expect(difference(last, close)).toBe(expected);
  });

  it("show the spread exactly, below zero where the book is crossed", () => {
    const of = (bidPrice: string, askPrice: string): string => spread(create(QuoteSchema, { bidPrice, askPrice }));
    expect([of("612.4", "612.600000001"), of("2", "1"), of("", "1")]).toEqual(["0.200000001", "-1", ""]);
  });

  it("have names that settings take, each once", () => {
    const ids = WATCH_COLUMNS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(knownColumns(["last", "gone", "bid"])).toEqual(["last", "bid"]);
  });
});

describe("a user's lists", () => {
  it("refuse a name that is empty, too long or taken, and say so", () => {
    const lists = new Watchlists();
    expect(lists.create("  ")).toContain("needs a name");
    expect(lists.create("x".repeat(NAME_MAX + 1))).toContain("64");
    expect(lists.create(" Morning ")).toBe("");
    expect(lists.create("Morning")).toContain("already");
    lists.create("Evening");
    expect(lists.rename("Evening", "Morning")).toContain("already");
    expect(lists.rename("Evening", "Evening")).toBe("");
    expect(lists.all.map(({ name }) => name)).toEqual(["Evening", "Morning"]);
  });

  it("have each listing once, in the user's order, up to a limit", () => {
    const lists = new Watchlists();
    lists.create("L");
    for (const id of ["A", "B", "C"]) expect(lists.add("L", id)).toBe("");
    expect(lists.add("L", "B")).toContain("already");
    lists.move("L", "C", -2);
    lists.move("L", "A", 9);
    expect(lists.get("L")?.instrumentIds).toEqual(["C", "B", "A"]);
    lists.drop("L", "B");
    expect(lists.get("L")?.instrumentIds).toEqual(["C", "A"]);
    for (let more = 2; more < LISTINGS_MAX; more++) lists.add("L", String(more));
    expect(lists.add("L", "one too many")).toContain("at most 500");
    expect(lists.add("gone", "A")).toContain("no such list");
  });

  it("are kept with each change", () => {
    const kept: string[] = [];
    const lists = new Watchlists();
    lists.keep = { put: ({ name, instrumentIds }) => kept.push(`put ${name} ${instrumentIds.join()}`), rename: (from, to) => kept.push(`rename ${from} ${to}`), remove: (name) => kept.push(`remove ${name}`) };
    lists.create("L");
    lists.add("L", "A");
    lists.setConsolidated("L", true);
    lists.rename("L", "M");
    lists.remove("M");
    lists.take("N", { name: "N", instrumentIds: [], columns: [], consolidated: false });
    expect(kept).toEqual(["put L ", "put L A", "put L A", "rename L M", "remove M"]);
  });
});

describe("the line of the day", () => {
  it("goes from the oldest close to the last price, the highest at the top", () => {
    expect(sparkPath(["1", "3"], "2", 64, 16)).toBe("M0 16L32 0L64 8");
    expect(sparkPath(["5", "5"], "", 64, 16)).toBe("M0 8L64 8");
    expect(sparkPath(["5"], "", 64, 16)).toBe("");
    expect(sparkPath([], "5", 64, 16)).toBe("");
  });

  it("is read once for each listing, in requests of at most 200, and again after a break", async () => {
    const asked: number[] = [];
    const sparks = new Sparks(({ instrumentIds }) => {
      asked.push(instrumentIds.length);
      return Promise.resolve({ instruments: instrumentIds.map((instrumentId) => ({ instrumentId, candles: [{ closePrice: "1" }] })) } as never);
    });
    const ids = Array.from({ length: 250 }, (_, at) => `L${at}.SIMA`);
    await sparks.want(ids);
    await sparks.want(ids);
    expect(asked).toEqual([200, 50]);
    expect(sparks.of("L3.SIMA")).toEqual(["1"]);
    sparks.forget();
    await sparks.want(["L3.SIMA"]);
    expect(asked).toEqual([200, 50, 1]);
  });

  it("is left out where candles are refused, and asked for again with the next connection", async () => {
    let refuses = true;
    const sparks = new Sparks(({ instrumentIds }) => (refuses ? Promise.reject(new Error("no right")) : Promise.resolve({ instruments: [{ instrumentId: instrumentIds[0], candles: [{ closePrice: "7" }] }] } as never)));
    await sparks.want(["A.SIMA"]);
    expect(sparks.of("A.SIMA")).toEqual([]);
    refuses = false;
    sparks.forget();
    await sparks.want(["A.SIMA"]);
    expect(sparks.of("A.SIMA")).toEqual(["7"]);
  });
});
