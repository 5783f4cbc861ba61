import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";

import { AccountStatus } from "$gen/ordermesh/oms/v1/order_pb.js";
import { LimitKind, LimitScope, PermissionMode, SelfMatchPolicy } from "$gen/ordermesh/oms/v1/limit_pb.js";
import { ListProposedChangesResponseSchema, ProposedChangeSchema } from "$gen/ordermesh/oms/v1/limit_service_pb.js";

import { changeReason, changeWords, isConfirmable, ProposedChanges } from "$lib/proposed-changes";

type Change = MessageInitShape<typeof ProposedChangeSchema>["change"];
type Values = NonNullable<Extract<Change, { case: "setLimit" }>["value"]>["values"];

const range = { scope: LimitScope.ACCOUNT, scopeId: "ACC-ALICE" };
const setLimit = (kind: LimitKind, values: Values): Change => ({ case: "setLimit", value: { kind, range, values, reason: "month end" } });
const words = (change: Change): string => changeWords(create(ProposedChangeSchema, { change }));

describe("changes that make a control looser", () => {
  it.each<[string, Change]>([
    ["set MAX_ORDER_QUANTITY of account ACC-ALICE: quantity 5000", setLimit(LimitKind.MAX_ORDER_QUANTITY, { quantity: "5000" })],
    ["set VOLUME of account ACC-ALICE: value 100, window_ms 60000", setLimit(LimitKind.VOLUME, { value: "100", windowMs: 60000 })],
    ["set SHORT_SALE of account ACC-ALICE: short sale allowed", setLimit(LimitKind.SHORT_SALE, { shortSaleAllowed: true })],
    ["set SELF_MATCH of account ACC-ALICE: cancel resting", setLimit(LimitKind.SELF_MATCH, { selfMatch: SelfMatchPolicy.CANCEL_RESTING })],
    [
      "set INSTRUMENT_PERMISSION of account ACC-ALICE: deny listed, ASML.SIMA *.SIMB",
      setLimit(LimitKind.INSTRUMENT_PERMISSION, { permission: PermissionMode.DENY_LISTED, instruments: ["ASML.SIMA", "*.SIMB"] }),
    ],
    ["end limit L1", { case: "endLimit", value: { limitId: "L1" } }],
    ["set ACC-ALICE to ACTIVE", { case: "setTradingStatus", value: { targetId: "ACC-ALICE", status: AccountStatus.ACTIVE } }],
    ["withdraw override O1", { case: "rejectOverride", value: { overrideId: "O1" } }],
    ["a change of a kind that this page does not know", { case: undefined }],
  ])("are put into words: %s", (expected, change) => {
    expect(words(change)).toBe(expected);
  });

  it("show why they were requested", () => {
    expect(changeReason(create(ProposedChangeSchema, { change: setLimit(LimitKind.MAX_ORDER_QUANTITY, {}) }))).toBe("month end");
    expect(changeReason(create(ProposedChangeSchema))).toBe("");
  });

  it("can be confirmed until their time is over", () => {
    const change = create(ProposedChangeSchema, { validUntil: timestampFromMs(1_000) });
    expect([isConfirmable(change, 999), isConfirmable(change, 1_000)]).toEqual([true, false]);
  });

  it("are those of the last answer", async () => {
    const answers = [[{ changeId: "C2" }, { changeId: "C1" }], [{ changeId: "C2" }]];
    const changes = new ProposedChanges(() => Promise.resolve(create(ListProposedChangesResponseSchema, { changes: answers.shift() ?? [] })));
    for (const expected of [["C2", "C1"], ["C2"], []]) {
      await changes.look();
      expect(changes.waiting.map((one) => one.changeId)).toEqual(expected);
    }
  });
});
