import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";

import { OrderType, PegReference, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";
import { OrderService, type PlaceRequest } from "$gen/ordermesh/oms/v1/order_service_pb.js";

import { Commands, IntentKeeper, type PlaceBody } from "$lib/commands";
import { refusalOf } from "$lib/errors";
import { check, emptyDraft, fieldOfPath, touch } from "$lib/ticket";

import { instrument, order } from "./builders";
import { create } from "@bufbuild/protobuf";
import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

const body: PlaceBody = {
  accountId: "ACC-ALICE",
  instrumentId: "ASML.SIMA",
  side: Side.BUY,
  type: OrderType.LIMIT,
  quantity: "100",
  limitPrice: "612.4",
  timeInForce: TimeInForce.DAY,
};

/** google.rpc.ErrorInfo as it comes in the trailers. */
function refused(code: Code, reason: string, metadata: Record<string, string> = {}, domain = "ordermesh"): ConnectError {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(reason);
  writer.tag(2, WireType.LengthDelimited).string(domain);
  for (const [key, value] of Object.entries(metadata)) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(value).join();
  }
  const retry = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
  retry.tag(1, WireType.Varint).int64(1).tag(2, WireType.Varint).int32(250_000_000).join();
  const error = new ConnectError("the sentence", code);
  error.details.push({ type: "google.rpc.ErrorInfo", value: writer.finish() });
  error.details.push({ type: "google.rpc.RetryInfo", value: retry.finish() });
  return error;
}

function commandsAgainst(answers: (ConnectError | undefined)[]): { commands: Commands; got: PlaceRequest[]; pauses: number[] } {
  const got: PlaceRequest[] = [];
  const pauses: number[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(OrderService, {
      place(request) {
        got.push(request);
        const answer = answers.shift();
        if (answer) throw answer;
        return { order: order() };
      },
    });
  });
  const pause = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  return { commands: new Commands(createClient(OrderService, transport), pause), got, pauses };
}

describe("keys", () => {
  it("stay with an intent until its final answer", () => {
    const keeper = new IntentKeeper<{ quantity: string }>();
    const first = keeper.intent({ quantity: "1" });
    expect(keeper.intent({ quantity: "1" }).key).toBe(first.key);
    expect(keeper.intent({ quantity: "2" }).key).not.toBe(first.key);
    const second = keeper.intent({ quantity: "2" });
    keeper.answered();
    expect(keeper.intent({ quantity: "2" }).key).not.toBe(second.key);
  });
});

describe("repeats", () => {
  it("use the same key and body while no answer comes", async () => {
    const lost = new ConnectError("connection lost", Code.Unknown);
    const { commands, got } = commandsAgainst([lost, lost, undefined]);
    const outcome = await commands.place({ key: "k-1", body });
    expect(outcome.ok).toBe(true);
    expect(got.map((request) => request.idempotencyKey)).toEqual(["k-1", "k-1", "k-1"]);
    expect(new Set(got.map((request) => JSON.stringify(request.terms))).size).toBe(1);
  });

  it("end, and say that the order may have been taken", async () => {
    const lost = new ConnectError("connection lost", Code.Unavailable);
    const { commands, got } = commandsAgainst([lost, lost, lost, lost, lost]);
    const outcome = await commands.place({ key: "k-1", body });
    expect(got).toHaveLength(4);
    expect(!outcome.ok && outcome.refusal.ambiguous).toBe(true);
  });

  it("are not made for a refusal", async () => {
    const { commands, got } = commandsAgainst([refused(Code.InvalidArgument, "PRICE_OFF_TICK", { field: "terms.limit_price" })]);
    const outcome = await commands.place({ key: "k-1", body });
    expect(got).toHaveLength(1);
    expect(!outcome.ok && outcome.refusal).toMatchObject({
      reason: "PRICE_OFF_TICK",
      text: "the sentence",
      field: "terms.limit_price",
      ambiguous: false,
    });
  });

  it("wait as long as the mesh says", async () => {
    const { commands, pauses } = commandsAgainst([refused(Code.ResourceExhausted, "RATE_LIMITED"), undefined]);
    expect((await commands.place({ key: "k", body })).ok).toBe(true);
    expect(pauses).toEqual([1250]);
  });
});

describe("refusals", () => {
  it("of another domain are not taken for the mesh's", () => {
    const refusal = refusalOf(refused(Code.Unavailable, "PRICE_OFF_TICK", {}, "envoy"));
    expect([refusal.reason, refusal.ambiguous]).toEqual(["", true]);
  });

  it("an internal error of the mesh may have been carried out", () => {
    expect(refusalOf(refused(Code.Internal, "INTERNAL"))).toMatchObject({ repeatable: true, ambiguous: true });
  });

  it("with details that do not parse keep status and text", () => {
    const error = new ConnectError("odd", Code.InvalidArgument);
    error.details.push({ type: "google.rpc.ErrorInfo", value: new Uint8Array([255, 255, 255]) });
    expect(refusalOf(error)).toMatchObject({ reason: "", text: "odd", repeatable: false });
  });
});

describe("the ticket", () => {
  const listing = instrument();
  const draft = { ...emptyDraft("ACC-ALICE"), instrumentId: "ASML.SIMA", quantity: "100", limitPrice: "612.40" };

  it("gives the order in canonical form", () => {
    expect(check(draft, listing).body).toMatchObject({ quantity: "100", limitPrice: "612.4" });
  });

  it("names every field at fault", () => {
    const { faults } = check({ ...draft, quantity: "0.5", limitPrice: "612.45" }, listing);
    expect(faults).toEqual({
      quantity: "must be a multiple of the lot 1",
      limitPrice: "must be a multiple of the tick 0.1: 612.4 or 612.5",
    });
    expect(check({ ...draft, instrumentId: "" }, undefined).faults?.instrumentId).toBe("is missing");
  });

  it("sends no price with a market order", () => {
    expect(check({ ...draft, type: OrderType.MARKET, limitPrice: "nonsense" }, listing).body?.limitPrice).toBe("");
  });

  const NOON = Date.parse("2027-01-31T12:00");
  const typed: [string, Partial<typeof draft>, object][] = [
    ["a stop", { type: OrderType.STOP, stopPrice: "600.0" }, { limitPrice: "", stopPrice: "600" }],
    ["a stop limit", { type: OrderType.STOP_LIMIT, stopPrice: "613" }, { limitPrice: "612.4", stopPrice: "613" }],
    ["a trailing stop", { type: OrderType.TRAILING_STOP, trailingOffset: "2.5" }, { limitPrice: "", trailingOffset: "2.5" }],
    ["an iceberg", { type: OrderType.ICEBERG, displayQuantity: "10" }, { limitPrice: "612.4", displayQuantity: "10" }],
    [
      "a peg without a cap",
      { type: OrderType.PEGGED, limitPrice: "", pegReference: PegReference.PRIMARY },
      { limitPrice: "", peg: { reference: PegReference.PRIMARY, offset: "" } },
    ],
    [
      "good till a time",
      { timeInForce: TimeInForce.GTD, expires: "2027-02-01T17:30" },
      { timeInForce: TimeInForce.GTD, expiresAtMs: Date.parse("2027-02-01T17:30") },
    ],
    ["one held for a second person", { held: true }, { held: true }],
  ];
  it.each(typed)("makes %s", (_, changes, body) => {
    expect(check({ ...draft, ...changes }, listing, NOON).body).toMatchObject(body);
  });

  it("leaves out what another type's fields hold", () => {
    const left = { ...draft, stopPrice: "x", displayQuantity: "x", trailingOffset: "x" };
    expect(check(left, listing).body).not.toHaveProperty("stopPrice");
  });

  it("asks for what a type needs", () => {
    expect(check({ ...draft, type: OrderType.STOP }, listing).faults).toHaveProperty("stopPrice");
    expect(check({ ...draft, type: OrderType.ICEBERG }, listing).faults).toHaveProperty("displayQuantity");
    expect(check({ ...draft, type: OrderType.ICEBERG, timeInForce: TimeInForce.FOK }, listing).faults).toHaveProperty("timeInForce");
    const expired = { ...draft, timeInForce: TimeInForce.GTD, expires: "2027-01-31T11:00" };
    expect(check(expired, listing, NOON).faults?.expires).toBe("is over already");
    expect(check({ ...expired, expires: "" }, listing, NOON).faults?.expires).toBe("is missing");
  });

  it("takes its price from the other side of the touch", () => {
    const quote = create(QuoteSchema, { bidPrice: "612.4", askPrice: "612.6", lastPrice: "612.5" });
    expect([touch(quote, Side.BUY), touch(quote, Side.SELL)]).toEqual(["612.6", "612.4"]);
    expect(touch(create(QuoteSchema, { lastPrice: "612.5" }), Side.BUY)).toBe("612.5");
    expect(touch(undefined, Side.BUY)).toBe("");
  });

  it("finds its field behind a path of the mesh", () => {
    expect(fieldOfPath("terms.limit_price")).toBe("limitPrice");
    expect(fieldOfPath("regulatory")).toBeUndefined();
  });
});
