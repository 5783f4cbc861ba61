import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { UserSettingKind, UserSettingSchema } from "$gen/ordermesh/identity/v1/user_setting_pb.js";

import { UserSettings } from "@ordermesh/client";

import { FakeMesh } from "../../test/fake-mesh";
import { Appearance } from "./appearance";
import { EMPTY, LAYOUT_VERSION, Layouts, SAVE_AFTER_MS } from "./layouts";

interface Tab {
  settings: UserSettings;
  layouts: Layouts;
  remembered: string | null;
  replaced: string[];
  faults: string[];
  close(): void;
}

let mesh: FakeMesh;
let tabs: Tab[] = [];

async function tab(remembered: string | null = null): Promise<Tab> {
  const settings = new UserSettings(mesh.transport(), { heartbeatMs: 2_000, renewToken: () => Promise.resolve() });
  const made: Tab = { settings, layouts: undefined as never, remembered, replaced: [], faults: [], close: () => undefined };
  made.layouts = new Layouts(settings, { read: () => made.remembered, write: (name) => (made.remembered = name) });
  made.layouts.onReplaced = (name) => made.replaced.push(name);
  made.layouts.onFault = (text) => made.faults.push(text);
  const forget = made.layouts.start();
  settings.stream.start();
  await vi.waitFor(() => expect(settings.loaded).toBe(true));
  made.close = () => {
    forget();
    settings.stream.stop();
  };
  tabs.push(made);
  return made;
}

beforeEach(() => {
  mesh = new FakeMesh();
});

afterEach(() => {
  for (const one of tabs) one.close();
  tabs = [];
});

const stored = (name: string): string | undefined => {
  const body = mesh.settings.stored.get(`${String(UserSettingKind.LAYOUT)} ${name}`)?.body;
  return body?.case === "layout" ? body.value.json : undefined;
};

it("a layout is made, shown, remembered by its tab and opened by tabs that come later", async () => {
  const first = await tab();
  expect(first.layouts.current).toBe("");
  expect(await first.layouts.create(" Morning ")).toBe(true);
  expect([first.layouts.current, first.layouts.json, first.remembered]).toEqual(["Morning", EMPTY, "Morning"]);
  expect((await tab()).layouts.current).toBe("Morning");
  expect((await tab("")).layouts.current).toBe("");
});

it("a name that is empty, too long or taken is not sent", async () => {
  const { layouts } = await tab();
  await layouts.create("Morning");
  expect(layouts.faultOf("  ")).toContain("empty");
  expect(layouts.faultOf("x".repeat(65))).toContain("64");
  expect(layouts.faultOf("Morning ")).toContain("Morning");
  expect(layouts.faultOf("Evening")).toBe("");
});

it("what is moved is stored once, and the other tab that shows the layout takes it", async () => {
  const [one, other] = [await tab(), await tab("")] as const;
  await one.layouts.create("Morning");
  await vi.waitFor(() => expect(other.layouts.names).toContain("Morning"));
  await other.layouts.choose("Morning");
  const before = mesh.settings.revision;
  one.layouts.moved('{"a":1}');
  one.layouts.moved('{"a":2}');
  await one.layouts.flush();
  expect(mesh.settings.revision).toBe(before + 1n);
  await vi.waitFor(() => expect(other.layouts.json).toBe('{"a":2}'));
  expect(other.replaced).toEqual([]);
});

it("a layout that both tabs changed is that of the tab that was first, and the other one is told", async () => {
  const [one, other] = [await tab(), await tab("")] as const;
  await one.layouts.create("Morning");
  await vi.waitFor(() => expect(other.layouts.names).toContain("Morning"));
  await other.layouts.choose("Morning");
  other.layouts.moved('{"of":"other"}');
  one.layouts.moved('{"of":"one"}');
  await one.layouts.flush();
  await vi.waitFor(() => expect(other.layouts.json).toBe('{"of":"one"}'));
  expect(other.replaced).toEqual(["Morning"]);
  await other.layouts.flush();
  expect(stored("Morning")).toBe('{"of":"one"}');
});

it("a layout that is removed in one tab gives way to the standard one in the other", async () => {
  const [one, other] = [await tab(), await tab("")] as const;
  await one.layouts.create("Morning");
  await vi.waitFor(() => expect(other.layouts.names).toContain("Morning"));
  await other.layouts.choose("Morning");
  await one.layouts.remove();
  expect(one.layouts.current).toBe("");
  await vi.waitFor(() => expect(other.layouts.current).toBe(""));
});

it("renaming keeps what the layout holds and shows it under the new name", async () => {
  const { layouts } = await tab();
  await layouts.create("Morning");
  layouts.moved('{"a":1}');
  expect(await layouts.rename("Evening")).toBe(true);
  expect([layouts.current, layouts.json, layouts.names]).toEqual(["Evening", '{"a":1}', ["Evening"]]);
});

it("arranging anew stores an empty layout", async () => {
  const { layouts } = await tab();
  await layouts.create("Morning", '{"a":1}');
  layouts.reset();
  expect(layouts.json).toBe(EMPTY);
  await layouts.flush();
  expect(stored("Morning")).toBe(EMPTY);
});

it("a layout of a newer page is arranged anew and stays stored as it is", async () => {
  mesh.settings.put(create(UserSettingSchema, { name: "Later", body: { case: "layout", value: { version: LAYOUT_VERSION + 1, json: '{"new":1}' } } }));
  const { layouts } = await tab("Later");
  expect([layouts.current, layouts.json]).toEqual(["Later", EMPTY]);
  await new Promise((done) => setTimeout(done, 0));
  expect(stored("Later")).toBe('{"new":1}');
  expect(SAVE_AFTER_MS).toBeGreaterThan(0);
});

it("a refusal is said, and nothing is shown that is not there", async () => {
  const { layouts } = await tab();
  await layouts.create("Morning");
  mesh.settings.put(create(UserSettingSchema, { name: "Taken", body: { case: "layout", value: { version: 1, json: "{}" } } }));
  expect(await layouts.create("Taken")).toBe(false);
  expect(layouts.fault).toContain("not the present one");
  expect(layouts.current).toBe("Morning");
});

it("looks are marked at the document, kept for every browser, and nothing else of the preferences is lost", async () => {
  const one = await tab();
  await one.layouts.create("Morning");
  const [root, times] = [{ dataset: {} as Record<string, string | undefined> }, [] as boolean[]];
  const appearance = new Appearance(one.settings, root, (utc) => times.push(utc));
  const forget = appearance.start();
  await appearance.set("theme", 2);
  await appearance.set("density", 1);
  await appearance.set("time", 1);
  expect(root.dataset).toEqual({ theme: "light", density: "compact" });
  expect(times.at(-1)).toBe(true);
  expect(one.settings.body("preferences", "default")?.layout).toBe("Morning");
  await appearance.set("theme", 0);
  expect(root.dataset).toEqual({ density: "compact" });
  forget();
});

it("what could not be stored is said once and stored when the mesh is back, without another move", async () => {
  const { layouts, faults } = await tab();
  await layouts.create("Morning");
  mesh.settings.away = true;
  layouts.moved('{"a":1}');
  await layouts.flush();
  await layouts.flush();
  expect(faults).toEqual([expect.stringContaining("“Morning” is not stored yet")]);
  mesh.settings.away = false;
  await vi.waitFor(() => expect(stored("Morning")).toBe('{"a":1}'), 10 * SAVE_AFTER_MS);
});

it("a panel that is moved while the layout is being stored is stored before another layout is shown", async () => {
  const { layouts } = await tab();
  await layouts.create("Evening");
  await layouts.create("Morning");
  layouts.moved('{"a":1}');
  const storing = layouts.flush();
  layouts.moved('{"a":2}');
  await Promise.all([storing, layouts.choose("Evening")]);
  expect([layouts.current, stored("Morning")]).toEqual(["Evening", '{"a":2}']);
});

it("without a stream a tab takes what another one has stored when its own change is refused, and may change that", async () => {
  const [one, other] = [await tab(), await tab("")] as const;
  await one.layouts.create("Morning");
  await vi.waitFor(() => expect(other.layouts.names).toContain("Morning"));
  await other.layouts.choose("Morning");
  other.settings.stream.stop();
  one.layouts.moved('{"of":"one"}');
  await one.layouts.flush();
  other.layouts.moved('{"of":"other"}');
  await other.layouts.flush();
  expect([other.layouts.json, other.replaced]).toEqual(['{"of":"one"}', ["Morning"]]);
  other.layouts.moved('{"of":"both"}');
  await other.layouts.flush();
  expect(stored("Morning")).toBe('{"of":"both"}');
});

it("looks that are chosen at once, here and in another browser, are all kept", async () => {
  const [one, other] = [await tab(), await tab()] as const;
  const looks = [one, other].map(({ settings }) => new Appearance(settings, { dataset: {} }, () => undefined)) as [Appearance, Appearance];
  const forget = looks.map((one) => one.start());
  await Promise.all([looks[0].set("theme", 2), looks[0].set("density", 1), looks[1].set("time", 1)]);
  for (const look of looks) await vi.waitFor(() => expect([look.theme, look.density, look.time]).toEqual([2, 1, 1]));
  for (const one of forget) one();
});

it("a look that cannot be kept is taken back", async () => {
  const { settings } = await tab();
  const look = new Appearance(settings, { dataset: {} }, () => undefined);
  mesh.settings.away = true;
  await expect(look.set("theme", 2)).rejects.toThrow("away");
  expect(look.theme).toBe(0);
});
