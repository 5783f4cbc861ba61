import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";

import { OrderState, RoutingStrategy, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { fitRouting } from "$lib/routing";
import { checkSchedule, FIRST_SCHEDULE_MS, inputTime, paceStep, scheduleWords, slicesOf } from "$lib/schedule";
import { check, type Draft, emptyDraft, type Faults, fieldOfPath } from "$lib/ticket";

import { instrument, order } from "../../clients/typescript/test/builders";

const NOON = Date.parse("2027-01-31T12:00");

function draft(changes: Partial<Draft> = {}): Draft {
  const paced = { instrumentId: "ASML.SIMA", quantity: "1000", limitPrice: "612.4", strategy: RoutingStrategy.TWAP, scheduleEnd: "2027-01-31T13:00" };
  return { ...emptyDraft("ACC-ALICE"), ...paced, ...changes };
}

function faultsOf(changes: Partial<Draft>): Faults {
  const faults: Faults = {};
  expect(checkSchedule(draft(changes), NOON, faults)).toBeUndefined();
  return faults;
}

describe("the schedule of the ticket", () => {
  it("goes with TWAP: from now or a time, until a time, in slices", () => {
    expect(check(draft(), instrument(), NOON, ["SIMA", "SIMB"]).body?.routing).toEqual({
      strategy: RoutingStrategy.TWAP, venues: [], deniedVenues: [],
      schedule: { endAtMs: NOON + 3_600_000, sliceS: 60, participationBps: 0, sliceQuantityMax: "" },
    });
    const later = draft({ scheduleStart: "2027-01-31T12:30", sliceSeconds: " 30 ", sliceMax: "40.0" });
    expect(checkSchedule(later, NOON, {})).toMatchObject({ startAtMs: NOON + 1_800_000, sliceS: 30, sliceQuantityMax: "40" });
  });

  it.each([["10", 1_000], ["12.5", 1_250], ["0.01", 1], ["50", 5_000]])("of POV has a part of the volume: %s %%", (participation, participationBps) => {
    expect(checkSchedule(draft({ strategy: RoutingStrategy.POV, participation }), NOON, {})).toMatchObject({ participationBps });
  });

  it("is left out of other strategies, whatever its fields hold", () => {
    const faults: Faults = {};
    expect(checkSchedule(draft({ strategy: RoutingStrategy.BEST, scheduleEnd: "", sliceSeconds: "x" }), NOON, faults)).toBeUndefined();
    expect(faults).toEqual({});
  });

  it.each<[string, Partial<Draft>, keyof Faults]>([
    ["no end", { scheduleEnd: "" }, "scheduleEnd"],
    ["an end before now", { scheduleEnd: "2027-01-31T11:59" }, "scheduleEnd"],
    ["an end at the begin", { scheduleStart: "2027-01-31T13:00" }, "scheduleEnd"],
    ["a begin that is over", { scheduleStart: "2027-01-31T11:58" }, "scheduleStart"],
    ["slices of no length", { sliceSeconds: "0" }, "sliceSeconds"],
    ["slices of parts of a second", { sliceSeconds: "1.5" }, "sliceSeconds"],
    ["slices longer than a day", { sliceSeconds: "86401" }, "sliceSeconds"],
    ["more than 1,000 slices", { sliceSeconds: "3" }, "sliceSeconds"],
    ["no part of the volume", { strategy: RoutingStrategy.POV, participation: "0" }, "participation"],
    ["more than half of the volume", { strategy: RoutingStrategy.POV, participation: "50.01" }, "participation"],
    ["a part in more than two decimals", { strategy: RoutingStrategy.POV, participation: "1.001" }, "participation"],
    ["a bound of a slice that is no number", { sliceMax: "many" }, "sliceMax"],
    ["a bound of a slice of nothing", { sliceMax: "0" }, "sliceMax"],
  ])("has its faults named: %s", (_, changes, field) => {
    expect(Object.keys(faultsOf(changes))).toEqual([field]);
  });

  it("names the field of a refusal", () => {
    expect(["routing.schedule", "routing.schedule.start_time", "routing.schedule.slice_s"].map(fieldOfPath)).toEqual(["scheduleEnd", "scheduleStart", "sliceSeconds"]);
  });

  it("is proposed for an hour, and kept once it was typed", () => {
    const chosen = draft({ scheduleEnd: "", timeInForce: TimeInForce.IOC });
    fitRouting(chosen, NOON);
    expect(chosen).toMatchObject({ scheduleEnd: inputTime(NOON + FIRST_SCHEDULE_MS), timeInForce: TimeInForce.DAY });
    fitRouting(chosen, NOON + FIRST_SCHEDULE_MS);
    expect(chosen.scheduleEnd).toBe("2027-01-31T13:00");
  });

  it("has a last slice that may be shorter", () => {
    expect([slicesOf(0, 60_000, 60), slicesOf(0, 61_000, 60)]).toEqual([1, 2]);
  });
});

describe("a TWAP or POV order", () => {
  const schedule = { startTime: timestampFromMs(1_000), endTime: timestampFromMs(2_000), sliceS: 30, participationBps: 1_250, sliceQuantityMax: "40" };
  const paced = (state: OrderState): Parameters<typeof paceStep>[0] =>
    order({ routing: { strategy: RoutingStrategy.POV, schedule }, progress: { state } });

  it("can be paused while it places, and resumed", () => {
    expect([OrderState.NEW, OrderState.PARTIALLY_FILLED, OrderState.SUSPENDED].map((state) => paceStep(paced(state)))).toEqual(["pause", "pause", "resume"]);
  });

  it("can be neither while a command or the mesh works on it, or when it is over; nor can another order", () => {
    expect([OrderState.PENDING_NEW, OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE, OrderState.EXPIRED].map((state) => paceStep(paced(state)))).toEqual(["", "", "", ""]);
    expect(paceStep(order({ progress: { state: OrderState.SUSPENDED } }))).toBe("");
  });

  it("says its schedule", () => {
    expect(scheduleWords(paced(OrderState.NEW), String)).toBe("12.5 % of the volume, from 1000, until 2000, every 30 s, at most 40 in a slice");
    expect(scheduleWords(order(), String)).toBe("");
  });
});
