import { describe, expect, it } from "vitest";

import { OrderState, TimeInForce, WaitsFor } from "$gen/ordermesh/oms/v1/order_pb.js";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

import { fold, isOpen } from "$lib/fold";
import { extraTerms, stateMeaning, stateWord, toneOf } from "$lib/labels";

import { accepted, event, order } from "./builders";

const terms = { quantity: "150", limitPrice: "612.6", timeInForce: TimeInForce.DAY };
const rejection = { reason: ErrorReason.VENUE_REJECTED, text: "too late" };

describe("the fold of events", () => {
  it("begins with the accepted order", () => {
    expect(fold(undefined, accepted(1))?.orderId).toBe(order().orderId);
    expect(fold(undefined, event(2))).toBeUndefined();
  });

  it("takes progress from the envelope and never changes an order in place", () => {
    const before = order();
    const after = fold(before, event(2));
    expect(after?.progress?.state).toBe(OrderState.NEW);
    expect(after?.venueOrderId).toBe("V-1");
    expect(after?.lastSequence).toBe(2n);
    expect(before.progress?.state).toBe(OrderState.PENDING_NEW);
  });

  it("tells what an order waits for, until it goes", () => {
    const held = order({ progress: { state: OrderState.HELD }, waitsFor: WaitsFor.APPROVAL });
    expect(stateMeaning(held)).toContain("second person");
    const waiting = fold(
      held,
      event(2, {
        kind: { case: "approved", value: { approvedBy: "rita", waitsFor: WaitsFor.PRICE } },
        progress: { state: OrderState.AWAITING_TRIGGER },
      }),
    )!;
    expect([waiting.approvedBy, waiting.waitsFor]).toEqual(["rita", WaitsFor.PRICE]);
    expect(stateMeaning(waiting)).toContain("watches the price");
    const moved = fold(waiting, event(3, {
      kind: { case: "triggerMoved", value: { trigger: { stopPrice: "611" } } },
      progress: { state: OrderState.AWAITING_TRIGGER },
    }))!;
    expect(extraTerms(moved.terms, moved.trigger?.stopPrice)).toBe("stop 611");
    const gone = fold(moved, event(4, { kind: { case: "triggered", value: {} }, progress: { state: OrderState.PENDING_NEW } }))!;
    expect([gone.waitsFor, stateMeaning(gone)]).toEqual([WaitsFor.UNSPECIFIED, ""]);
  });

  it("keeps a replace pending until the venue answers", () => {
    const asked = fold(order(), event(2, { kind: { case: "replaceRequested", value: { terms } } }))!;
    expect(asked.pendingTerms?.quantity).toBe("150");
    expect(asked.terms?.quantity).toBe("100");
    const replaced = fold(asked, event(3, { kind: { case: "replaced", value: { terms, venueOrderId: "V-2" } } }))!;
    expect([replaced.terms?.quantity, replaced.pendingTerms, replaced.venueOrderId]).toEqual(["150", undefined, "V-2"]);
    const refused = fold(asked, event(3, { kind: { case: "replaceRefused", value: { rejection } } }))!;
    expect([refused.terms?.quantity, refused.pendingTerms, refused.rejection?.text]).toEqual(["100", undefined, "too late"]);
  });

  it("drops pending terms when the order closes", () => {
    const asked = fold(order(), event(2, { kind: { case: "replaceRequested", value: { terms } } }))!;
    const closed = fold(asked, event(3, { kind: { case: "canceled", value: {} }, progress: { state: OrderState.CANCELED } }))!;
    expect(closed.pendingTerms).toBeUndefined();
    expect(isOpen(closed)).toBe(false);
  });

  it("keeps the doubt open and says when it is over", () => {
    const doubt = fold(order(), event(2, { kind: { case: "inDoubt", value: {} }, progress: { state: OrderState.UNKNOWN } }))!;
    expect(isOpen(doubt)).toBe(true);
    const resolved = fold(doubt, event(3, { kind: { case: "resolved", value: { venueOrderId: "V-9" } } }))!;
    expect(resolved.venueOrderId).toBe("V-9");
  });

  it("counts anomalies", () => {
    expect(fold(order(), event(2, { anomaly: "fill behind a cancel" }))?.anomalyCount).toBe(1);
  });

  it("leaves progress alone for events that carry none", () => {
    const refused = fold(order(), event(2, { kind: { case: "commandRefused", value: { command: "cancel", rejection } }, progress: undefined }));
    expect(refused?.progress?.state).toBe(OrderState.PENDING_NEW);
  });
});

describe("states", () => {
  it("have a word and a tone each, unknown ones included", () => {
    for (const state of Object.values(OrderState).filter((value) => typeof value === "number")) {
      expect(stateWord(state)).toMatch(/^[A-Z ]+$/);
      expect(toneOf(state)).toBeTruthy();
    }
    expect(stateWord(99 as OrderState)).toBe("STATE 99");
    expect(toneOf(99 as OrderState)).toBe("doubt");
  });
});
