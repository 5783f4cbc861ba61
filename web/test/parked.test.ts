import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { ParkedServiceWatchResponseSchema, ParkedState, type ParkedServiceWatchResponse } from "$gen/ordermesh/oms/v1/parked_service_pb.js";
import { StatementState } from "$gen/ordermesh/oms/v1/statement_pb.js";

import { Parked, waitingWords } from "$lib/parked";

type Item = MessageInitShape<typeof ParkedServiceWatchResponseSchema>["item"];

function frame(item: Item): ParkedServiceWatchResponse {
  return create(ParkedServiceWatchResponseSchema, { item });
}
function message(parkedId: number, state = ParkedState.OPEN): Item {
  return { case: "parked", value: { parkedId: BigInt(parkedId), state } };
}
function statement(statementId: string, state = StatementState.PROPOSED): Item {
  return { case: "statement", value: { statementId, state } };
}
const COMPLETE: Item = { case: "snapshotComplete", value: {} };
const ids = (parked: Parked): number[] => parked.messages.map((one) => Number(one.parkedId));

describe("parked messages", () => {
  it("are shown when their snapshot is whole, newest first", () => {
    const parked = new Parked();
    parked.beginConnection();
    for (const item of [message(1), message(2), statement("S1")]) parked.take(frame(item));
    expect(ids(parked)).toEqual([]);
    expect(parked.take(frame(COMPLETE))?.live).toBe(true);
    expect(ids(parked)).toEqual([2, 1]);
    expect(parked.statements).toHaveLength(1);
  });

  it("come with a change and go when settled", () => {
    const parked = new Parked();
    parked.beginConnection();
    for (const item of [COMPLETE, message(1), statement("S1")]) parked.take(frame(item));
    expect(ids(parked)).toEqual([1]);
    parked.take(frame(message(1, ParkedState.DISCARDED)));
    parked.take(frame(statement("S1", StatementState.CONFIRMED)));
    expect(ids(parked)).toEqual([]);
    expect(parked.statements).toHaveLength(0);
  });

  it("are forgotten if the next snapshot lacks them", () => {
    const parked = new Parked();
    parked.beginConnection();
    for (const item of [message(1), COMPLETE]) parked.take(frame(item));
    parked.beginConnection();
    expect(ids(parked)).toEqual([1]);
    parked.take(frame(COMPLETE));
    expect(ids(parked)).toEqual([]);
  });

  it("are counted in words", () => {
    expect(waitingWords(0, 0)).toBe("");
    expect(waitingWords(1, 0)).toBe("1 parked message");
    expect(waitingWords(2, 1)).toBe("2 parked messages, 1 statement waits for a second person");
    expect(waitingWords(0, 2)).toBe("2 statements wait for a second person");
    expect(waitingWords(0, 1, 1)).toBe("1 statement waits for a second person, 1 looser control waits for a second person");
  });
});
