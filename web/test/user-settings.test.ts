import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { UserSettingKind, UserSettingSchema } from "$gen/ordermesh/identity/v1/user_setting_pb.js";

import { UserSettings } from "@ordermesh/client";

import { FakeMesh } from "./fake-mesh";

let mesh: FakeMesh;
let tabs: UserSettings[];

beforeEach(async () => {
  mesh = new FakeMesh();
  tabs = [0, 1].map(() => new UserSettings(mesh.transport(), { heartbeatMs: 2_000, renewToken: () => Promise.resolve() }));
  for (const tab of tabs) tab.stream.start();
  await vi.waitFor(() => expect(tabs.map(({ stream, loaded }) => [stream.phase, loaded])).toEqual([["live", true], ["live", true]]));
});

afterEach(() => {
  for (const tab of tabs) tab.stream.stop();
});

it("brings a change of one tab to the other, with its revision", async () => {
  const [one, other] = tabs as [UserSettings, UserSettings];
  await one.put("watchlist", "Banks", { instrumentIds: ["BNP.SIMA"] });
  await vi.waitFor(() => expect(other.body("watchlist", "Banks")?.instrumentIds).toEqual(["BNP.SIMA"]));
  expect(other.revision("watchlist", "Banks")).toBe(one.revision("watchlist", "Banks"));
  await other.put("watchlist", "Banks", { instrumentIds: ["BNP.SIMA", "SAN.SIMA"] });
  await vi.waitFor(() => expect(one.body("watchlist", "Banks")?.instrumentIds).toHaveLength(2));
});

it("refuses a change of what another tab has changed since", async () => {
  const [one] = tabs as [UserSettings, UserSettings];
  const { revision } = await one.put("layout", "Morning", { version: 1, json: "{}" });
  mesh.settings.put(create(UserSettingSchema, { name: "Morning", body: { case: "layout", value: { version: 1, json: '{"a":1}' } } }));
  await expect(one.put("layout", "Morning", { version: 1, json: '{"b":1}' }, revision)).rejects.toThrow("not the present one");
});

it("renames and removes in every tab, and lists the names of a kind alone", async () => {
  const [one, other] = tabs as [UserSettings, UserSettings];
  await one.put("layout", "Morning", { version: 1, json: "{}" });
  await one.put("watchlist", "Banks", {});
  await one.rename("layout", "Morning", "Evening");
  expect(one.names("layout")).toEqual(["Evening"]);
  await vi.waitFor(() => expect(other.names("layout")).toEqual(["Evening"]));
  await other.remove("layout", "Evening");
  expect(other.names("layout")).toEqual([]);
  await vi.waitFor(() => expect(one.names("layout")).toEqual([]));
  expect(mesh.settings.removed.get(mesh.settings.revision)).toEqual({ kind: UserSettingKind.LAYOUT, name: "Evening" });
  expect(one.names("watchlist")).toEqual(["Banks"]);
});

it("reads what it missed while it was not connected", async () => {
  const [one, other] = tabs as [UserSettings, UserSettings];
  other.stream.stop();
  await one.put("layout", "Morning", { version: 1, json: "{}" });
  expect(other.names("layout")).toEqual([]);
  other.stream.start();
  await vi.waitFor(() => expect(other.names("layout")).toEqual(["Morning"]));
});

it("leaves a setting of a kind that it does not know alone", async () => {
  const [one] = tabs as [UserSettings, UserSettings];
  mesh.settings.put(create(UserSettingSchema, { name: "Later" }));
  await one.put("layout", "Morning", { version: 1, json: "{}" });
  expect(one.names("layout")).toEqual(["Morning"]);
});

it("without a stream reads what another browser has stored when a change is refused because of it", async () => {
  const [one, other] = tabs as [UserSettings, UserSettings];
  other.stream.stop();
  await one.put("layout", "Morning", { version: 1, json: '{"a":1}' });
  await expect(other.put("layout", "Morning", { version: 1, json: '{"b":1}' })).rejects.toThrow("not the present one");
  expect(other.body("layout", "Morning")?.json).toBe('{"a":1}');
  await other.put("layout", "Morning", { version: 1, json: '{"b":1}' });
  await one.put("watchlist", "Banks", {});
  await other.read();
  expect(other.names("watchlist")).toEqual(["Banks"]);
});

it("keeps what was changed while the settings were read", async () => {
  const [, other] = tabs as [UserSettings, UserSettings];
  other.stream.stop();
  await other.put("layout", "Morning", { version: 1, json: "{}" });
  await other.put("layout", "Noon", { version: 1, json: "{}" });
  const reading = other.read();
  await Promise.all([other.put("layout", "Morning", { version: 1, json: '{"a":1}' }), other.remove("layout", "Noon"), other.put("layout", "Evening", { version: 1, json: "{}" })]);
  await reading;
  expect([other.names("layout"), other.body("layout", "Morning")?.json]).toEqual([["Evening", "Morning"], '{"a":1}']);
});
