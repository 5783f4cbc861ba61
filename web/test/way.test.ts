import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { AuditEntrySchema, AuditKind } from "$gen/ordermesh/oms/v1/audit_service_pb.js";
import { LimitKind, LimitScope } from "$gen/ordermesh/oms/v1/limit_pb.js";
import { AccountStatus } from "$gen/ordermesh/oms/v1/order_pb.js";
import { ControlsAtSchema, FixMessageSchema, WayStepSchema, type WayStep } from "$gen/ordermesh/oms/v1/order_way_pb.js";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

import { actorWords, checkedWords, controlLines, doerOf, fixWords, stepWords } from "$lib/way";

import { event } from "../../clients/typescript/test/builders";

const refusal = create(AuditEntrySchema, {
  kind: AuditKind.REFUSAL,
  command: "OrderFlowService/Flow/replace",
  reason: ErrorReason.PRICE_OFF_TICK,
  text: "650.01 is off the tick",
});

function step(actor: string, what: WayStep["what"] = { case: "event", value: event(1) }, actorName = ""): WayStep {
  return create(WayStepSchema, { actor, actorName, what });
}

describe("the way of an order in words", () => {
  it.each([
    [step("u-1", undefined, "Rita"), "person", "Rita"],
    [step("u-1"), "person", "u-1"],
    [step("venue:SIMA"), "venue", "SIMA"],
    [step("drop_copy:SIMA"), "venue", "SIMA, drop copy"],
    [step("oms"), "mesh", "Ordermesh"],
    [step("oms:cancel-on-disconnect"), "mesh", "Ordermesh, cancel on disconnect"],
    [step("u-1", { case: "entry", value: refusal }, "Alice"), "refused", "Alice"],
  ])("names who did it", (one, doer, name) => {
    expect([doerOf(one), actorWords(one)]).toEqual([doer, name]);
  });

  it("says what was refused, and why", () => {
    expect(stepWords(step("u-1", { case: "entry", value: refusal }))).toEqual({
      title: "Replace refused",
      text: "Price off tick: 650.01 is off the tick",
    });
  });

  it("names FIX messages with their tags", () => {
    expect(fixWords(create(FixMessageSchema, { outbound: true, msgType: "D" }))).toBe("sent NewOrderSingle(D)");
    expect(fixWords(create(FixMessageSchema, { msgType: "8", msgSeqNum: 12n }))).toBe("received ExecutionReport(8), MsgSeqNum(34) 12");
    expect(fixWords(create(FixMessageSchema, { msgType: "AE" }))).toBe("received MsgType(35) AE");
  });

  it("lists limits, overrides, what is replaced, statuses and kill switches", () => {
    const limit = (scopeId: string, quantity: string): object => ({
      limitId: "L", kind: LimitKind.MAX_ORDER_QUANTITY, range: { scope: LimitScope.ACCOUNT, scopeId }, values: { quantity },
    });
    const controls = create(ControlsAtSchema, {
      checked: "replace_requested",
      limits: [{ limit: limit("ACC-ALICE", "100"), override: { values: { quantity: "300" }, decidedByName: "Ravi", reason: "a large client" } }],
      replaced: [{ limit: limit("DEMO", "50") }],
      statuses: [{ target: 2, targetId: "ASML.SIMA", status: AccountStatus.REDUCE_ONLY, setByName: "Rita", reason: "news" }],
      killSwitches: [{ engagedBy: "rita", reason: "wild orders" }],
    });
    expect(checkedWords(controls.checked)).toBe("Replace requested");
    expect(controlLines(controls)).toEqual([
      { text: "max order quantity 300 · account ACC-ALICE", tone: "" },
      { text: "override by Ravi: a large client", tone: "warn" },
      { text: "not max order quantity 50 · account DEMO", tone: "muted" },
      { text: "instrument ASML.SIMA reduce only by Rita: news", tone: "warn" },
      { text: "kill switch by rita: wild orders", tone: "warn" },
    ]);
  });
});
