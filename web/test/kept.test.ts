import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { UserSettingKind, UserSettingSchema } from "$gen/ordermesh/identity/v1/user_setting_pb.js";

import { UserSettings } from "@ordermesh/client";
import { FIRST_CHOICES } from "$lib/blotter/choices";
import { Kept } from "$lib/kept";

import { FakeMesh } from "./fake-mesh";

interface Tab {
  readonly settings: UserSettings;
  readonly kept: Kept;
  readonly faults: string[];
}

let mesh: FakeMesh;
let tabs: Tab[];

beforeEach(() => {
  mesh = new FakeMesh();
  tabs = [];
});
afterEach(() => {
  for (const { settings } of tabs) settings.stream.stop();
});

/** A tab of the user that is up to date. */
async function tab(): Promise<Tab> {
  const faults: string[] = [];
  const settings = new UserSettings(mesh.transport(), { heartbeatMs: 60_000, renewToken: () => Promise.resolve() });
  const made = { settings, kept: new Kept(settings, (text) => faults.push(text)), faults };
  tabs.push(made);
  settings.stream.start();
  await vi.waitFor(() => expect(settings.loaded).toBe(true));
  return made;
}

const list = (name: string, instrumentIds: string[]): void => void mesh.settings.put(create(UserSettingSchema, { name, body: { case: "watchlist", value: { instrumentIds } } }));
const stored = (name: string): unknown => mesh.settings.stored.get(`${UserSettingKind.WATCHLIST} ${name}`)?.body.value;

describe("watchlists and the choices of the blotter", () => {
  it("are the same in every tab, whichever changed them", async () => {
    const [one, two] = [await tab(), await tab()];
    const lists = one.kept.watchlists;
    expect(lists.create("Morning")).toBe("");
    lists.add("Morning", "ASML.SIMA");
    await vi.waitFor(() => expect(two.kept.watchlists.get("Morning")?.instrumentIds).toEqual(["ASML.SIMA"]));
    two.kept.watchlists.add("Morning", "SAP.SIMB");
    await vi.waitFor(() => expect(lists.get("Morning")?.instrumentIds).toEqual(["ASML.SIMA", "SAP.SIMB"]));
    expect(lists.rename("Morning", "Evening")).toBe("");
    await vi.waitFor(() => expect(two.kept.watchlists.all.map(({ name }) => name)).toEqual(["Evening"]));
    two.kept.watchlists.remove("Evening");
    await vi.waitFor(() => expect(lists.all).toEqual([]));
    expect([...one.faults, ...two.faults]).toEqual([]);
  });

  it("are there in a tab that comes later", async () => {
    list("Kept", ["MC.SIMA"]);
    expect((await tab()).kept.watchlists.get("Kept")?.instrumentIds).toEqual(["MC.SIMA"]);
  });

  it("are kept without what is typed into the filter", async () => {
    const [one, two] = [await tab(), await tab()];
    const { blotter } = one.kept;
    blotter.set({ ...FIRST_CHOICES, filter: { ...FIRST_CHOICES.filter, text: "AS" } });
    expect(mesh.settings.revision).toBe(0n);
    blotter.set({ columns: ["state", "limit"], sorting: { column: "limit", down: true }, filter: { openOnly: true, side: "buy", state: "", text: "ASML" } });
    await vi.waitFor(() => expect(two.kept.blotter.value.columns).toEqual(["state", "limit"]));
    expect(two.kept.blotter.value.filter).toEqual({ openOnly: true, side: "buy", state: "", text: "" });
    expect(blotter.value.filter.text).toBe("ASML");
  });

  it("are sent one change at a time, and only the newest of those that wait", async () => {
    const { kept } = await tab();
    kept.watchlists.create("Morning");
    for (const id of ["A.SIMA", "B.SIMA", "C.SIMA"]) kept.watchlists.add("Morning", id);
    await vi.waitFor(() => expect(stored("Morning")).toMatchObject({ instrumentIds: ["A.SIMA", "B.SIMA", "C.SIMA"] }));
    expect(mesh.settings.revision).toBe(2n);
    expect(kept.watchlists.get("Morning")?.instrumentIds).toEqual(["A.SIMA", "B.SIMA", "C.SIMA"]);
  });

  it("say what could not be kept, and show what is kept", async () => {
    const { kept, settings, faults } = await tab();
    list("Morning", ["A.SIMA"]);
    await vi.waitFor(() => expect(kept.watchlists.get("Morning")).toBeDefined());
    // Another tab changed it, and this one has not heard of it yet.
    settings.stream.stop();
    list("Morning", ["B.SIMA"]);
    kept.watchlists.add("Morning", "C.SIMA");
    await vi.waitFor(() => expect(faults.length).toBe(1));
    await vi.waitFor(() => expect(kept.watchlists.get("Morning")?.instrumentIds).toEqual(["B.SIMA"]));
  });

  it("are kept as they stand at the end, whatever is done to a list before the first answer", async () => {
    const cases: readonly (readonly [string, (lists: Tab["kept"]["watchlists"]) => void, Record<string, string[]>])[] = [
      ["changed, then renamed", (lists) => (lists.add("A", "1.SIMA"), lists.add("A", "2.SIMA"), lists.rename("A", "B")), { B: ["1.SIMA", "2.SIMA"] }],
      ["renamed, then changed", (lists) => (lists.rename("A", "B"), lists.add("B", "1.SIMA")), { B: ["1.SIMA"] }],
      ["renamed twice", (lists) => (lists.rename("A", "B"), lists.rename("B", "C"), lists.add("C", "1.SIMA")), { C: ["1.SIMA"] }],
      ["renamed, then removed", (lists) => (lists.rename("A", "B"), lists.remove("B")), {}],
      ["removed, then made again", (lists) => (lists.add("A", "1.SIMA"), lists.remove("A"), lists.create("A")), { A: [] }],
      ["two lists in turns", (lists) => (lists.create("B"), lists.add("A", "1.SIMA"), lists.add("B", "2.SIMA"), lists.add("A", "3.SIMA")), { A: ["1.SIMA", "3.SIMA"], B: ["2.SIMA"] }],
    ];
    for (const [what, change, wanted] of cases) {
      mesh = new FakeMesh();
      list("A", []);
      const { kept, faults, settings } = await tab();
      change(kept.watchlists);
      const held = (): object => Object.fromEntries([...mesh.settings.stored.values()].map(({ name, body }) => [name, (body.value as { instrumentIds: string[] }).instrumentIds]));
      await vi.waitFor(() => expect([what, held()]).toEqual([what, wanted]));
      await vi.waitFor(() => expect([what, settings.names("watchlist")]).toEqual([what, Object.keys(wanted)]));
      expect([what, Object.fromEntries(kept.watchlists.all.map(({ name, instrumentIds }) => [name, instrumentIds]))]).toEqual([what, wanted]);
      expect([what, ...faults]).toEqual([what]);
    }
  });

  it("show no second list when a new name could not be kept", async () => {
    list("Morning", ["A.SIMA"]);
    const { kept, settings, faults } = await tab();
    settings.stream.stop();
    // Another tab changed it: the new name is refused, and what comes after it is not sent.
    list("Morning", ["B.SIMA"]);
    kept.watchlists.rename("Morning", "Evening");
    kept.watchlists.add("Evening", "C.SIMA");
    await vi.waitFor(() => expect(faults.length).toBe(1));
    await vi.waitFor(() => expect(kept.watchlists.all.map(({ name }) => name)).toEqual(["Morning"]));
    expect(stored("Evening")).toBeUndefined();
  });
});
