import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { KillSwitchSchema, KillSwitchState, type KillSwitch } from "$gen/ordermesh/oms/v1/kill_switch_pb.js";
import { KillSwitchItemSchema, type KillSwitchItem } from "$gen/ordermesh/oms/v1/kill_switch_service_pb.js";

import { KillSwitches, personName, scopeWords } from "$lib/kill-switches";

function killSwitch(switchId: string, state = KillSwitchState.ENGAGED, drill = false): KillSwitch {
  return create(KillSwitchSchema, { switchId, state, drill, scope: { accountId: "ACC-ALICE" }, reason: "runaway" });
}

function items(...made: MessageInitShape<typeof KillSwitchItemSchema>["item"][]): KillSwitchItem[] {
  return made.map((item) => create(KillSwitchItemSchema, { item }));
}

const COMPLETE = { case: "snapshotComplete", value: {} } as const;
const ids = (switches: KillSwitches): string[] => switches.inForce.map((one) => one.switchId);

describe("kill switches", () => {
  it("are shown when their snapshot is whole, newest first", () => {
    const switches = new KillSwitches();
    switches.beginConnection();
    switches.take(items({ case: "snapshot", value: killSwitch("K1") }, { case: "snapshot", value: killSwitch("K2") }));
    expect(ids(switches)).toEqual([]);
    expect(switches.take(items(COMPLETE))?.live).toBe(true);
    expect(ids(switches)).toEqual(["K2", "K1"]);
  });

  it("come with a change and go when released", () => {
    const switches = new KillSwitches();
    switches.beginConnection();
    switches.take(items(COMPLETE, { case: "changed", value: killSwitch("K1", KillSwitchState.ENGAGING) }));
    expect(ids(switches)).toEqual(["K1"]);
    switches.take(items({ case: "changed", value: killSwitch("K1", KillSwitchState.RELEASED) }));
    expect(ids(switches)).toEqual([]);
  });

  it("are kept while the connection is broken, and forgotten if the next snapshot lacks them", () => {
    const switches = new KillSwitches();
    switches.beginConnection();
    switches.take(items({ case: "snapshot", value: killSwitch("K1") }, COMPLETE));
    switches.beginConnection();
    expect(ids(switches)).toEqual(["K1"]);
    switches.take(items(COMPLETE));
    expect(ids(switches)).toEqual([]);
  });

  it("that are drills block nothing and are not shown", () => {
    const switches = new KillSwitches();
    switches.beginConnection();
    switches.take(items({ case: "snapshot", value: killSwitch("K1", KillSwitchState.ENGAGED, true) }, COMPLETE));
    expect(ids(switches)).toEqual([]);
  });

  it("name who engaged them, by the id alone where no name was kept", () => {
    expect(personName("01JD", "rita")).toBe("rita (01JD)");
    expect(personName("01JD", "")).toBe("01JD");
    expect(personName("rita", "rita")).toBe("rita");
  });

  it("name their scope", () => {
    const both = create(KillSwitchSchema, { scope: { accountId: "ACC-ALICE", instrumentId: "ASML.SIMA" } });
    expect(scopeWords(both.scope)).toBe("account ACC-ALICE, listing ASML.SIMA");
    const desk = create(KillSwitchSchema, { scope: { firmId: "DEMO", deskId: "CASH", trader: "01JD" } });
    expect(scopeWords(desk.scope)).toBe("desk DEMO/CASH, trader 01JD");
    const firm = create(KillSwitchSchema, { scope: { firmId: "DEMO" } });
    expect(scopeWords(firm.scope)).toBe("firm DEMO");
  });
});
