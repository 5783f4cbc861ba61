import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";

import { OrderType, RoutingStrategy, Side, TimeInForce, type Order } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";
import { OrderService, type PlaceRequest } from "../../../gen/ts/ordermesh/oms/v1/order_service_pb.js";

import { Commands, IntentKeeper, type PlaceBody } from "../src/commands.js";
import { refusalOf } from "../src/errors.js";

import { order } from "./builders.js";

const body: PlaceBody = {
  accountId: "ACC-ALICE",
  instrumentId: "ASML.SIMA",
  side: Side.BUY,
  type: OrderType.LIMIT,
  quantity: "100",
  limitPrice: "612.4",
  timeInForce: TimeInForce.DAY,
};

const RETRYABLE = { retry_class: "RETRYABLE" };

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

function commandsAgainst(answers: (ConnectError | undefined)[]): { commands: Commands; got: { idempotencyKey: string; terms?: PlaceRequest["terms"] }[]; pauses: number[] } {
  const got: { idempotencyKey: string; terms?: PlaceRequest["terms"] }[] = [];
  const pauses: number[] = [];
  const answer = (request: { idempotencyKey: string }): { order: Order } => {
    got.push(request);
    const error = answers.shift();
    if (error) throw error;
    return { order: order() };
  };
  const transport = createRouterTransport(({ service }) => {
    service(OrderService, {
      place: answer,
      cancel: answer,
      pause: answer,
      resume: answer,
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

describe("a routed order", () => {
  it("names the instrument in place of a listing", async () => {
    const { commands, got } = commandsAgainst([undefined]);
    const routing = { strategy: RoutingStrategy.LIST, venues: ["SIMB", "SIMA"], deniedVenues: [] };
    await commands.place({ key: "k-1", body: { ...body, instrumentId: "", isin: "NL0010273215", currency: "EUR", routing } });
    expect(got[0]).toMatchObject({ instrumentId: "", isin: "NL0010273215", currency: "EUR", routing });
    expect(got[0]?.terms?.quantity).toBe(body.quantity);
  });

  it("may have a schedule, and can be paused and resumed", async () => {
    const { commands, got } = commandsAgainst([undefined, undefined, undefined]);
    const schedule = { startAtMs: 1_500, endAtMs: 61_000, sliceS: 30, participationBps: 1_000, sliceQuantityMax: "40" };
    const routing = { strategy: RoutingStrategy.POV, venues: [], deniedVenues: [], schedule };
    await commands.place({ key: "k-1", body: { ...body, instrumentId: "", isin: "NL0010273215", currency: "EUR", routing } });
    expect((got[0] as PlaceRequest).routing?.schedule).toMatchObject({
      startTime: { seconds: 1n, nanos: 500_000_000 }, endTime: { seconds: 61n }, sliceS: 30, participationBps: 1_000, sliceQuantityMax: "40",
    });
    await commands.pauseOrder({ key: "k-2", body: "order-1" });
    await commands.resumeOrder({ key: "k-3", body: "order-1" });
    expect(got.slice(1)).toMatchObject([{ idempotencyKey: "k-2", orderId: "order-1" }, { idempotencyKey: "k-3", orderId: "order-1" }]);
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

  it("of a cancel go on for longer: a late cancel can only help", async () => {
    const lost = new ConnectError("connection lost", Code.Unavailable);
    const { commands, got } = commandsAgainst([lost, lost, lost, lost, lost, lost, lost, undefined]);
    expect((await commands.cancel({ key: "k-1", body: "order-1" })).ok).toBe(true);
    expect(new Set(got.map((request) => request.idempotencyKey))).toEqual(new Set(["k-1"]));
    expect(got).toHaveLength(8);
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
    const { commands, pauses } = commandsAgainst([refused(Code.ResourceExhausted, "RATE_LIMITED", RETRYABLE), undefined]);
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
    expect(refusalOf(refused(Code.Internal, "INTERNAL", RETRYABLE))).toMatchObject({ repeatable: true, ambiguous: true });
  });

  it("of a reason that this client does not know are judged by their class", () => {
    expect(refusalOf(refused(Code.Unavailable, "MOON_IN_THE_WAY", RETRYABLE)).repeatable).toBe(true);
    expect(refusalOf(refused(Code.Unavailable, "MOON_IN_THE_WAY", { retry_class: "ASK_THE_MOON" })).repeatable).toBe(false);
  });

  it("with details that do not parse keep status and text", () => {
    const error = new ConnectError("odd", Code.InvalidArgument);
    error.details.push({ type: "google.rpc.ErrorInfo", value: new Uint8Array([255, 255, 255]) });
    expect(refusalOf(error)).toMatchObject({ reason: "", text: "odd", repeatable: false });
  });
});
