import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { QuoteSchema } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderLinkKind, OrderState, Side } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Session } from "@ordermesh/client";
import { Desk } from "$lib/desk";

import { order } from "../../../../clients/typescript/test/builders";
import { FakeMesh } from "../../../test/fake-mesh";
import { ARMED_FOR_MS, OneClick, SAME_AGAIN_MS, type Click } from "./one-click";
import { columnAt } from "./drawing";

let mesh: FakeMesh;
let desk: Desk;
let filled: Click[];
let clicks: OneClick;
let click: Click;

beforeEach(async () => {
  mesh = new FakeMesh();
  mesh.fills = false;
  const transport = mesh.transport();
  const session = new Session(transport, { read: () => null, write: () => undefined, clear: () => undefined });
  await session.login("alice", "right");
  const { user } = session;
  if (!user) throw new Error("no user after the login");
  desk = new Desk(transport, session, user);
  desk.start();
  await vi.waitFor(() => expect([desk.orderStream.phase, desk.priceStream.phase]).toEqual(["live", "live"]));
  filled = [];
  clicks = new OneClick(desk, (one) => filled.push(one));
  const instrument = desk.quotes.instruments.get("ASML.SIMA");
  if (!instrument) throw new Error("no listing");
  click = { accountId: "ACC-ALICE", instrument, side: Side.BUY, price: "612.4", quantity: "10" };
});

afterEach(() => {
  clicks.arm(false);
  desk.stop();
});

const market = { instrument: undefined, quote: create(QuoteSchema, { bidPrice: "612.3", askPrice: "612.4" }), linksDown: new Map() };

describe("a click on a ladder", () => {
  it("fills the ticket, and sends nothing, while the ladder is not armed", async () => {
    await clicks.click(click, market, "");
    expect(filled).toEqual([click]);
    expect(mesh.keys).toEqual([]);
  });

  it("sends an order while it is armed, and cancels what rests at the price", async () => {
    clicks.arm(true);
    await clicks.click(click, market, "");
    expect(clicks.answer).toBe("Buy 10 ASML.SIMA at 612.4, ACC-ALICE: accepted");
    await vi.waitFor(() => expect(desk.orders.orders).toHaveLength(1));
    clicks.arm(false);
    await clicks.cancel(desk.orders.orders);
    await vi.waitFor(() => expect([OrderState.CANCELED, OrderState.PENDING_CANCEL]).toContain(desk.orders.orders[0]?.progress?.state));
  });

  it("sends the same order once while its answer is awaited", async () => {
    clicks.arm(true);
    await Promise.all([clicks.click(click, market, ""), clicks.click(click, market, "")]);
    expect(mesh.keys).toHaveLength(1);
  });

  it("sends the same order once for a double click or a held key, and again after a while", async () => {
    let nowMs = 50_000;
    clicks = new OneClick(desk, (one) => filled.push(one), () => nowMs);
    clicks.arm(true);
    await clicks.click(click, market, "");
    for (let press = 0; press < 5; press++) {
      nowMs += SAME_AGAIN_MS - 1;
      await clicks.click(click, market, "");
    }
    expect(mesh.keys).toHaveLength(1);
    expect(clicks.answer).toBe("Buy 10 ASML.SIMA at 612.4, ACC-ALICE: accepted. Pressed again within a second: that was not sent");
    await clicks.click({ ...click, price: "612.3" }, market, "");
    expect(mesh.keys).toHaveLength(2);
    nowMs += SAME_AGAIN_MS;
    await clicks.click({ ...click, price: "612.3" }, market, "");
    expect(mesh.keys).toHaveLength(3);
  });

  it.each([
    ["large", { quantity: "1000" }, "Large"],
    ["far from the market", { price: "6124" }, "Far from the market"],
  ])("puts an order that is %s into the ticket", async (_, changes, words) => {
    clicks.arm(true);
    await clicks.click({ ...click, ...changes }, market, "");
    expect(clicks.answer).toContain(words);
    expect(filled).toHaveLength(1);
    expect(mesh.keys).toEqual([]);
  });

  it.each([
    [{ quantity: "" }, "", "Quantity is missing"],
    [{ price: "612.45" }, "", "Price must be a multiple of the tick"],
    [{}, "the order stream is down", "the order stream is down"],
  ])("sends nothing that cannot be sent: %j %s", async (changes, blocked, words) => {
    clicks.arm(true);
    await clicks.click({ ...click, ...changes }, market, blocked);
    expect(clicks.answer).toContain(words);
    expect(clicks.failed).toBe(true);
    expect(mesh.keys).toEqual([]);
  });

  it("cancels no child of a routed order, and says which order to cancel", async () => {
    const child = order({ orderId: "C", link: { kind: OrderLinkKind.ROUTED, groupId: "P", parentOrderId: "P" } });
    const cancel = vi.spyOn(desk.commands, "cancel");
    await clicks.cancel([child]);
    expect(cancel).not.toHaveBeenCalled();
    expect([clicks.failed, clicks.answer]).toEqual([true, expect.stringContaining("routed order")]);
  });

  it("finds the ladder disarmed when nothing was clicked for a while", () => {
    vi.useFakeTimers();
    clicks.arm(true);
    vi.advanceTimersByTime(ARMED_FOR_MS);
    expect(clicks.armed).toBe(false);
    vi.useRealTimers();
  });
});

it.each([
  [0, "ownBuy"], [60, "bid"], [170, "price"], [230, "ask"], [330, "ownSell"], [399, "traded"], [400, "traded"],
])("at %i of 400 pixels is the column %s", (x, column) => {
  expect(columnAt(x, 400)).toBe(column);
});
