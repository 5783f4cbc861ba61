import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { NotificationKind } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { OrderState, OrderType, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { IntentKeeper, type PlaceBody, Session } from "@ordermesh/client";
import { Desk } from "$lib/desk";

import { FakeMesh } from "./fake-mesh";

const body: PlaceBody = {
  accountId: "ACC-ALICE",
  instrumentId: "ASML.SIMA",
  side: Side.BUY,
  type: OrderType.LIMIT,
  quantity: "100",
  limitPrice: "612.4",
  timeInForce: TimeInForce.DAY,
};

let mesh: FakeMesh;
let desk: Desk;
/** The mesh of the next test has svc_notify. */
let notifies = false;

beforeEach(async () => {
  mesh = new FakeMesh();
  mesh.notify.serves = notifies;
  const transport = mesh.transport();
  let stored: string | null = null;
  const store = { read: () => stored, write: (token: string) => (stored = token), clear: () => (stored = null) };
  const session = new Session(transport, store);
  await session.login("alice", "right");
  desk = new Desk(transport, session, session.user!);
  desk.start();
  await vi.waitFor(() => expect([desk.orderStream.phase, desk.priceStream.phase]).toEqual(["live", "live"]));
});

afterEach(() => desk.stop());

async function place(): Promise<string> {
  const outcome = await desk.commands.place(new IntentKeeper<PlaceBody>().intent(body));
  return (outcome.ok && outcome.value?.orderId) || "refused";
}

describe("a desk against a mesh", () => {
  it("shows listings, prices and their moves", async () => {
    expect([...desk.quotes.instruments.keys()]).toEqual(["ASML.SIMA", "ASML.SIMB"]);
    mesh.quote("ASML.SIMA", { bidPrice: "612.5" });
    await vi.waitFor(() => expect(desk.quotes.lines.get("ASML.SIMA")?.moves.bidPrice?.up).toBe(true));
    expect(desk.quotes.missed).toBe(0);
  });

  it("has a reduce-only order that was placed while the venue is closed marked so", async () => {
    mesh.closed = true;
    mesh.fills = false;
    const outcome = await desk.commands.place(new IntentKeeper<PlaceBody>().intent({ ...body, reduceOnly: true }));
    const orderId = (outcome.ok && outcome.value?.orderId) || "refused";
    await vi.waitFor(() => expect(desk.orders.get(orderId)).toMatchObject({ reduceOnly: true, forNextSession: true }));
    const other = await place();
    await vi.waitFor(() => expect(desk.orders.get(other)?.reduceOnly).toBe(false));
  });

  it("shows an order's whole life, with its executions and a notice", async () => {
    const orderId = await place();
    await vi.waitFor(() => expect(desk.orders.get(orderId)?.progress?.state).toBe(OrderState.FILLED));
    expect(desk.orders.trail(orderId).map((event) => event.kind.case)).toEqual(["accepted", "acknowledged", "executed"]);
    const way = await desk.wayOf(orderId);
    expect(way.executions).toHaveLength(1);
    expect(way.steps.map((step) => step.what.case)).toEqual(["event", "event", "event"]);
    expect(desk.notices.notices.map((notice) => notice.title)).toEqual(["Filled"]);
  });

  it("resumes after the last event after a break, without loss or repeat", async () => {
    const shown = vi.spyOn(desk.notices, "show");
    await place();
    await vi.waitFor(() => expect(desk.orders.orders).toHaveLength(1));
    mesh.breakOrderStreams();
    await place();
    await vi.waitFor(() => expect(desk.orders.orders).toHaveLength(2));
    await vi.waitFor(() => expect(desk.orderStream.phase).toBe("live"));
    expect(mesh.resumedAt).toEqual([undefined, 3n]);
    expect(shown).toHaveBeenCalledTimes(6);
    expect([desk.orders.holes, desk.orders.repeats]).toEqual([0, 0]);
    expect(desk.orderStream.lives).toBe(2);
  });

  it("places once however often the same intent is sent", async () => {
    const keeper = new IntentKeeper<PlaceBody>();
    await desk.commands.place(keeper.intent(body));
    await desk.commands.place(keeper.intent(body));
    await vi.waitFor(() => expect(desk.orders.orders).toHaveLength(1));
    expect(new Set(mesh.keys).size).toBe(1);
    expect(desk.orders.findByKey(mesh.keys[0]!)).toBeDefined();
  });

  it("amends and cancels", async () => {
    mesh.fills = false;
    const orderId = await place();
    await vi.waitFor(() => expect(desk.orders.get(orderId)?.progress?.state).toBe(OrderState.NEW));
    const terms = desk.orders.get(orderId)!.terms!;
    await desk.commands.replace({ key: "k-2", body: { order: orderId, version: "2", quantity: "150", limitPrice: "612.3" } }, terms);
    await vi.waitFor(() => expect(desk.orders.get(orderId)?.terms?.quantity).toBe("150"));
    await desk.commands.cancel({ key: "k-3", body: orderId });
    await vi.waitFor(() => expect(desk.orders.get(orderId)?.progress?.state).toBe(OrderState.CANCELED));
  });
});

describe("a login without accounts", () => {
  it("opens no order stream, which the mesh would refuse", async () => {
    const before = mesh.resumedAt.length;
    const session = { renewForStream: () => Promise.resolve(true) };
    const risk = new Desk(mesh.transport(), session as unknown as Session, { ...desk.user, accounts: [] });
    risk.start();
    await vi.waitFor(() => expect(risk.priceStream.phase).toBe("live"));
    risk.nudge();
    expect(mesh.resumedAt).toHaveLength(before);
    risk.stop();
  });
});

describe("what waits for a person", () => {
  it("comes over its stream, and goes when it is settled", async () => {
    mesh.park({ parkedId: 7n, why: "LastPx(31) is unreadable" });
    await vi.waitFor(() => expect(desk.parked.messages.map((one) => one.why)).toEqual(["LastPx(31) is unreadable"]));
    mesh.park({ parkedId: 8n });
    mesh.state({ statementId: "S1" });
    await vi.waitFor(() => expect(desk.parked.statements).toHaveLength(1));
    expect((await desk.parkedMessage(8n)).fixText).toContain("35=8");
    await desk.applyParked(7n, "seen on the screen");
    await desk.discardParked(8n, "a repeat");
    await vi.waitFor(() => expect(desk.parked.messages).toEqual([]));
    await expect(desk.discardParked(9n, "there is none")).rejects.toThrow();
  });

  it("includes changes of controls, for those who may decide them", async () => {
    mesh.propose({ changeId: "C1" });
    mesh.propose({ changeId: "C2" });
    await desk.proposedChanges.look();
    expect(desk.proposedChanges.waiting).toHaveLength(2);
    await desk.confirmChange("C1", "", "k-1");
    expect(desk.proposedChanges.waiting.map((one) => one.changeId)).toEqual(["C2"]);
    await desk.rejectChange("C2", "not today", "k-2");
    expect(desk.proposedChanges.waiting).toEqual([]);
    await expect(desk.confirmChange("C1", "", "k-3")).rejects.toThrow();
  });
});

describe("notifications", () => {
  beforeAll(() => void (notifies = true));
  afterAll(() => void (notifies = false));

  const titles = (): string[] => desk.notices.notices.map((notice) => notice.title);

  it("are the one source of toasts while their stream is live; after a break it brings what was missed, without toasts", async () => {
    await vi.waitFor(() => expect(desk.notify.live).toBe(true));
    const orderId = await place();
    await vi.waitFor(() => expect(desk.orders.get(orderId)?.progress?.state).toBe(OrderState.FILLED));
    expect(titles()).toEqual([]);
    mesh.notify.notify({ kind: NotificationKind.ORDER_CLOSED, orderId, text: "Buy 100 ASML.SIMA is filled" });
    await vi.waitFor(() => expect(titles()).toEqual(["Order closed"]));

    mesh.notify.breakStreams();
    mesh.notify.notify({ kind: NotificationKind.REJECT, text: "missed" });
    await vi.waitFor(() => expect([desk.notify.live, desk.notify.stream.lives]).toEqual([true, 2]));
    expect(desk.notify.notifications.newest.map((one) => one.text)).toEqual(["missed", "Buy 100 ASML.SIMA is filled"]);
    expect(titles()).toEqual(["Order closed"]);
  });

  it("name a routed order by the symbol of its instrument", async () => {
    await vi.waitFor(() => expect(desk.notify.live).toBe(true));
    const isin = desk.quotes.instruments.get("ASML.SIMA")!.isin;
    const orderId = await place();
    await vi.waitFor(() => expect(desk.orders.get(orderId)?.progress?.state).toBe(OrderState.FILLED));
    Object.assign(desk.orders.get(orderId)!, { isin, currency: "EUR", instrumentId: "" });
    mesh.notify.notify({ kind: NotificationKind.ORDER_CLOSED, orderId, text: `Order to buy ${isin} is filled` });
    await vi.waitFor(() => expect(desk.notices.notices.map((notice) => notice.text)).toEqual(["Order to buy ASML is filled"]));
  });

  it("are read on all pages of the user when one marks them", async () => {
    await vi.waitFor(() => expect(desk.notify.live).toBe(true));
    const first = mesh.notify.notify({ text: "one" });
    const last = mesh.notify.notify({ text: "two" });
    await vi.waitFor(() => expect(desk.notify.notifications.unread).toBe(2));
    await desk.notify.markRead([first.notificationId]);
    await vi.waitFor(() => expect(desk.notify.notifications.unread).toBe(1));
    await desk.notify.markAllRead(last.sequence);
    await vi.waitFor(() => expect(desk.notify.notifications.unread).toBe(0));
  });

  it("and alerts are followed only while a panel shows them if there are few connections", async () => {
    const session = { renewForStream: () => Promise.resolve(true) };
    const plain = new Desk(mesh.transport(), session as unknown as Session, desk.user, true);
    plain.start();
    await vi.waitFor(() => expect(plain.priceStream.phase).toBe("live"));
    expect([plain.notify.stream.phase, plain.alertStream.phase]).toEqual(["idle", "idle"]);
    const close = plain.notify.watch();
    await vi.waitFor(() => expect(plain.notify.live).toBe(true));
    close();
    expect(plain.notify.stream.phase).toBe("stopped");
    plain.stop();
  });
});
