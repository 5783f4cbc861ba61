import { create } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";

import { OrderEventSchema, type OrderEvent } from "../../../gen/ts/ordermesh/oms/v1/event_pb.js";
import { OrderState, TimeInForce } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";
import { DrainCause, GapKind, ResyncCause } from "../../../gen/ts/ordermesh/type/v1/stream_pb.js";

import { OrderBook } from "../src/orders.js";

import { accepted, ACCOUNT, cursor, event, heartbeat, item, live, order, settled, snapshotComplete } from "./builders.js";

const terms = { quantity: "150", limitPrice: "612.6", timeInForce: TimeInForce.DAY };
const SECOND = "01JD0000000000000000000002";

function filledBook(): OrderBook {
  const book = new OrderBook([ACCOUNT]);
  book.beginConnection();
  book.take([item({ case: "snapshot", value: order({ lastSequence: 7n }) }), snapshotComplete(7)]);
  return book;
}

describe("the snapshot", () => {
  it("is shown when whole, and not before", () => {
    const book = new OrderBook([ACCOUNT]);
    expect(book.beginConnection()).toEqual([{ accountId: ACCOUNT, cursor: undefined }]);
    expect(book.take([item({ case: "snapshot", value: order() })])?.live).toBe(false);
    expect(book.orders).toHaveLength(0);
    expect(book.take([snapshotComplete(7)])?.live).toBe(true);
    expect(book.orders).toHaveLength(1);
    expect(book.beginConnection()).toEqual([{ accountId: ACCOUNT, cursor: cursor(7) }]);
  });

  it("of no orders is a snapshot too", () => {
    const book = new OrderBook([ACCOUNT]);
    expect(book.take([snapshotComplete(0)])?.live).toBe(true);
  });

  it("replaces what was held after a resync", () => {
    const book = filledBook();
    const resync = { cause: ResyncCause.EPOCH_CHANGED, channel: ACCOUNT };
    book.take([item({ case: "resync", value: resync })]);
    expect(book.orders).toHaveLength(1);
    book.take([item({ case: "snapshot", value: order({ orderId: SECOND }) }), snapshotComplete(2)]);
    expect(book.orders.map((held) => held.orderId)).toEqual([SECOND]);
  });

  it("waits for every account before it is live", () => {
    const book = new OrderBook([ACCOUNT, "ACC-BOB"]);
    book.beginConnection();
    expect(book.take([snapshotComplete(1)])?.live).toBe(false);
    expect(book.take([snapshotComplete(1, "ACC-BOB")])?.live).toBe(true);
  });

  it("that completes a resumed account keeps its orders", () => {
    const book = filledBook();
    book.beginConnection();
    book.take([snapshotComplete(7)]);
    expect(book.orders).toHaveLength(1);
  });
});

describe("events", () => {
  it("are taken in order, newest order first", () => {
    const book = filledBook();
    book.take(live(event(8), accepted(9, { orderId: SECOND })));
    expect(book.orders.map((held) => held.orderId)).toEqual([SECOND, order().orderId]);
    expect(book.get(order().orderId)?.progress?.state).toBe(OrderState.NEW);
    expect(book.beginConnection()[0]?.cursor).toEqual(cursor(9));
  });

  it("that come twice change nothing", () => {
    const book = filledBook();
    const onChange = vi.fn();
    book.onChange = onChange;
    const again = live(event(8));
    book.take(again);
    const before = book.get(order().orderId);
    expect(book.take(again)?.reopen).toBeUndefined();
    expect(book.get(order().orderId)).toBe(before);
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(book.repeats).toBe(1);
  });

  it("after a hole are not taken; the stream resumes before it", () => {
    const book = filledBook();
    const wish = book.take(live(event(9), event(10)));
    expect(wish?.reopen).toContain("after 7");
    expect(book.holes).toBe(1);
    expect(book.get(order().orderId)?.progress?.state).toBe(OrderState.PENDING_NEW);
    expect(book.beginConnection()[0]?.cursor).toEqual(cursor(7));
  });

  it("missing twice at the same place make the book read everything anew", () => {
    const book = filledBook();
    book.take(live(event(9)));
    book.beginConnection();
    book.take(live(event(9)));
    expect(book.beginConnection()[0]?.cursor).toBeUndefined();
    expect(book.orders).toHaveLength(1);
  });

  it("of an unknown kind are an error unless skippable", () => {
    const foreign = create(OrderEventSchema, { accountId: ACCOUNT, sequence: 8n, orderId: order().orderId });
    const book = filledBook();
    expect(book.take(live({ ...foreign, skippable: true }))?.reopen).toBeUndefined();
    expect(book.take(live({ ...foreign, sequence: 9n }))?.reopen).toContain("kind");
    expect(book.beginConnection()[0]?.cursor).toBeUndefined();
  });

  it("bring the order after them, whatever their kind", () => {
    for (const { localName } of OrderEventSchema.oneofs[0]!.fields) {
      const book = filledBook();
      const kind = { case: localName, value: {} } as OrderEvent["kind"];
      const after = { pendingTerms: terms, rejection: undefined, peggedPrice: "612.5", anomalyCount: 1 };
      const came = settled(event(8, { kind }), after);
      book.take([came]);
      expect(book.get(order().orderId), localName).toEqual(came.order);
    }
  });

  it("clear a rejection that the order has no more", () => {
    const book = filledBook();
    book.take([settled(event(8), { rejection: { text: "too late" } })]);
    expect(book.get(order().orderId)?.rejection?.text).toBe("too late");
    book.take([settled(event(9))]);
    expect(book.get(order().orderId)?.rejection).toBeUndefined();
  });

  it("of one batch carry the order after the last of them", () => {
    const book = filledBook();
    const onChange = vi.fn();
    book.onChange = onChange;
    const first = event(8);
    book.take([item({ case: "event", value: first })]);
    expect(onChange).not.toHaveBeenCalled();
    expect(book.get(order().orderId)?.lastSequence).toBe(7n);
    const last = settled(event(9));
    book.take([last]);
    expect(onChange.mock.calls.map(([change]) => change)).toEqual([
      { event: first, order: last.order },
      { event: event(9), order: last.order },
    ]);
    expect(book.trail(order().orderId)).toHaveLength(2);
  });

  it("of an order that was not held bring it", () => {
    const book = filledBook();
    book.take(live(event(8, { orderId: SECOND })));
    expect(book.get(SECOND)?.lastSequence).toBe(8n);
  });

  it("of a replay never take back a newer order", () => {
    const book = filledBook();
    book.take([settled(event(8), { lastSequence: 20n }), settled(event(9), { lastSequence: 9n })]);
    expect(book.get(order().orderId)?.lastSequence).toBe(20n);
  });

  it("of the account alone move its sequence", () => {
    const book = filledBook();
    book.take(live(event(8, { orderId: "" })));
    expect(book.beginConnection()[0]?.cursor).toEqual(cursor(8));
  });
});

describe("heartbeats", () => {
  it("make a resumed account live when nothing is missing", () => {
    const book = filledBook();
    book.beginConnection();
    expect(book.take([heartbeat(7)])?.live).toBe(true);
  });

  it("report a lost event: once may be a race, twice is a hole", () => {
    const book = filledBook();
    expect(book.take([heartbeat(8)])?.reopen).toBeUndefined();
    expect(book.take([heartbeat(8)])?.reopen).toContain("after 7");
  });

  it("that are overtaken by their events are content", () => {
    const book = filledBook();
    book.take([heartbeat(8)]);
    book.take(live(event(8)));
    expect(book.take([heartbeat(9)])?.reopen).toBeUndefined();
  });

  it("of another epoch make the book read everything anew", () => {
    const book = filledBook();
    expect(book.take([heartbeat(7, "epoch-2")])?.reopen).toContain("new epoch");
    expect(book.beginConnection()[0]?.cursor).toBeUndefined();
  });
});

describe("other items", () => {
  it("a gap marks the venue's link until it is up", () => {
    const book = filledBook();
    book.take([item({ case: "gap", value: { kind: GapKind.LINK_DOWN, channel: "SIMA", text: "logged out" } })]);
    expect(book.linksDown.get("SIMA")?.text).toBe("logged out");
    book.take([item({ case: "gap", value: { kind: GapKind.LINK_UP, channel: "SIMA" } })]);
    expect(book.linksDown.size).toBe(0);
  });

  it("a drain says how long to wait and whether to renew the token", () => {
    const value = { retryAfter: { seconds: 1n, nanos: 500_000_000 }, cause: DrainCause.TOKEN_EXPIRY };
    expect(filledBook().take([item({ case: "drain", value })])?.drain).toEqual({ afterMs: 1500, renewToken: true });
  });

  it("a slow consumer resumes", () => {
    expect(filledBook().take([item({ case: "slowConsumer", value: {} })])?.reopen).toBeDefined();
  });
});
