import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";

import { AlertCondition, AlertItemSchema, AlertPrice, AlertState, PriceAlertSchema, type AlertItem, type PriceAlert } from "$gen/ordermesh/marketdata/v1/price_alert_pb.js";

import { alertStateWords, conditionWords, PriceAlerts } from "$lib/price-alerts";

import { alertOf, type AlertFields } from "./form";

function alert(alertId: string, state = AlertState.ACTIVE, changes: Partial<PriceAlert> = {}): PriceAlert {
  const made = create(PriceAlertSchema, { alertId, instrumentId: "ASML.SIMA", price: AlertPrice.LAST, condition: AlertCondition.ABOVE, threshold: "700", state });
  return Object.assign(made, changes);
}
const snapshot = (value: PriceAlert): AlertItem => create(AlertItemSchema, { item: { case: "snapshot", value } });
const event = (sequence: number, value: PriceAlert): AlertItem => create(AlertItemSchema, { item: { case: "event", value: { sequence: BigInt(sequence), alert: value } } });
const complete = (sequence: number): AlertItem => create(AlertItemSchema, { item: { case: "snapshotComplete", value: { cursor: { epoch: "e", sequence: BigInt(sequence) } } } });
const heartbeat = (sequence: number): AlertItem => create(AlertItemSchema, { item: { case: "heartbeat", value: { highWater: { epoch: "e", sequence: BigInt(sequence) } } } });
const resync = create(AlertItemSchema, { item: { case: "resync", value: {} } });

function live(): { alerts: PriceAlerts; fired: string[] } {
  const alerts = new PriceAlerts();
  const fired: string[] = [];
  alerts.onFired = ({ alertId }) => fired.push(alertId);
  expect(alerts.beginConnection()).toBeUndefined();
  expect(alerts.take([snapshot(alert("1")), snapshot(alert("2")), complete(4)])).toEqual({ live: true });
  return { alerts, fired };
}
const ids = (alerts: PriceAlerts): [string[], string[]] => [alerts.active.map((one) => one.alertId), alerts.over.map((one) => one.alertId)];

describe("price alerts", () => {
  it("are those of the snapshot, and follow each change once", () => {
    const { alerts, fired } = live();
    const endedAt = timestampFromMs(5_000);
    alerts.take([event(5, alert("3")), event(6, alert("1", AlertState.FIRED, { endedAt })), event(6, alert("1", AlertState.FIRED, { endedAt })), heartbeat(6)]);
    expect(ids(alerts)).toEqual([["3", "2"], ["1"]]);
    expect(fired).toEqual(["1"]);
  });

  it("resume after a break at the last change; what fired meanwhile is no news", () => {
    const { alerts, fired } = live();
    expect(alerts.beginConnection()).toEqual({ epoch: "e", sequence: 4n });
    expect(alerts.take([event(5, alert("2", AlertState.FIRED))])?.live).toBeUndefined();
    expect(alerts.take([heartbeat(5)])).toEqual({ live: true });
    expect([ids(alerts), fired]).toEqual([[["1"], ["2"]], []]);
  });

  it.each([["an event", event(7, alert("3"))], ["a heartbeat", heartbeat(5)]])("are read anew if %s shows that a change is missing", (_, item) => {
    const { alerts } = live();
    expect(alerts.take([item])?.reopen).toBeDefined();
    expect(alerts.beginConnection()).toBeUndefined();
  });

  it("that are not in the snapshot after a resync wait no more", () => {
    const { alerts } = live();
    alerts.beginConnection();
    alerts.take([resync, snapshot(alert("2")), complete(9)]);
    expect(ids(alerts)).toEqual([["2"], []]);
    expect(alerts.beginConnection()?.sequence).toBe(9n);
  });

  it("that were read are older than what the stream said", () => {
    const { alerts } = live();
    alerts.take([event(5, alert("1", AlertState.CANCELED))]);
    alerts.put([alert("1"), alert("0", AlertState.EXPIRED)]);
    expect(ids(alerts)).toEqual([["2"], ["1", "0"]]);
  });

  it("say what they wait for, and what became of them", () => {
    expect(conditionWords(alert("1", AlertState.ACTIVE, { percent: "-5", referencePrice: "736.8", condition: AlertCondition.BELOW, price: AlertPrice.BID }))).toBe(
      "ASML.SIMA bid at or below 700, −5 % of 736.8",
    );
    expect(alertStateWords(alert("1", AlertState.FIRED, { firedPrice: "700.1" }))).toBe("fired at 700.1");
    expect(alertStateWords(alert("1", AlertState.ENDED, { endedText: "a split" }))).toBe("ended: a split");
  });
});

describe("the form of an alert", () => {
  const fields: AlertFields = { instrumentId: "ASML.SIMA", price: AlertPrice.MID, when: "above", value: "700.50", note: " look " };

  it.each<[Partial<AlertFields>, object]>([
    [{}, { above: "700.5", note: "look", price: AlertPrice.MID }],
    [{ when: "below" }, { below: "700.5" }],
    [{ when: "up", value: "5" }, { percent: "5" }],
    [{ when: "down", value: "2.5" }, { percent: "-2.5" }],
  ])("makes a request of %j", (changes, body) => {
    expect(alertOf({ ...fields, ...changes }).body).toMatchObject(body);
  });

  it.each<[Partial<AlertFields>, string]>([
    [{ instrumentId: "" }, "Choose a listing"],
    [{ value: "" }, "is missing"],
    [{ value: "7,00" }, "groups of three"],
    [{ when: "up", value: "0" }, "above zero"],
    [{ when: "down", value: "100" }, "less than 100 %"],
    [{ when: "up", value: "100001" }, "at most 100000"],
  ])("says what is wrong with %j", (changes, fault) => {
    expect(alertOf({ ...fields, ...changes }).fault).toContain(fault);
  });
});
