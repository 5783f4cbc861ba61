import { describe, expect, it } from "vitest";

import { Role } from "$gen/ordermesh/identity/v1/auth_service_pb.js";

import { firstPlaces, neighbour, sameArrangement, type Arrangement, type Node } from "./arrangement";
import { linkOf, LINKS, mayOpen, nextLink, PANELS, panelsOf, type PanelName } from "./panels";

const user = (role: Role, accounts: string[] = []): { roles: Role[]; accounts: string[] } => ({ roles: [role], accounts });
const trader = user(Role.TRADER, ["ACC-ALICE"]);

describe("which panels a role may open", () => {
  it.each([
    ["TRADER", trader, ["ticket", "orders", "positions", "past"], ["overview"]],
    ["VIEWER", user(Role.VIEWER, ["ACC-ALICE"]), ["ticket", "orders", "positions", "past"], ["overview"]],
    ["RISK", user(Role.RISK), ["overview"], ["ticket", "orders", "positions", "past"]],
    ["OPERATOR", user(Role.OPERATOR), ["overview"], ["ticket", "orders", "positions", "past"]],
    ["AUDITOR", user(Role.AUDITOR), ["overview"], ["ticket", "orders", "positions", "past"]],
  ] as const)("%s", (_, who, may, mayNot) => {
    for (const name of may) expect(mayOpen(name, who), name).toBe(true);
    for (const name of mayNot) expect(mayOpen(name, who), name).toBe(false);
    for (const name of ["watchlist", "order", "chart", "ladder", "book", "links"] as const) expect(panelsOf(who)).toContain(name);
  });

  it("and the first arrangement holds no others, each beside one that is there", () => {
    for (const who of [trader, user(Role.RISK), user(Role.OPERATOR), user(Role.AUDITOR)]) {
      const allowed = panelsOf(who);
      const there: PanelName[] = [];
      for (const { panel, of } of firstPlaces(allowed)) {
        expect(allowed).toContain(panel);
        if (of) expect(there).toContain(of);
        there.push(panel);
      }
      expect(new Set(there).size).toBe(there.length);
      expect(there.length).toBeGreaterThan(3);
    }
  });
});

describe("colours", () => {
  it("go around, and anything else is the first one", () => {
    expect(LINKS.map(nextLink)).toEqual([...LINKS.slice(1), LINKS[0]]);
    for (const other of [undefined, 7, "pink", null]) expect(linkOf(other)).toBe(LINKS[0]);
    expect(Object.keys(PANELS)).not.toContain("pink");
  });
});

/** Two columns: the left one of two groups, the right one whole; below both one more. */
const GROUPS = [
  { left: 0, right: 500, top: 0, bottom: 300 },
  { left: 0, right: 500, top: 306, bottom: 600 },
  { left: 506, right: 1000, top: 0, bottom: 600 },
  { left: 0, right: 1000, top: 606, bottom: 900 },
];

describe("the neighbour of a group", () => {
  it.each([
    [0, "right", 2], [0, "down", 1], [0, "left", undefined], [0, "up", undefined],
    [1, "up", 0], [1, "down", 3], [1, "right", 2],
    [2, "left", 0], [2, "down", 3], [2, "up", undefined],
    [3, "up", 1], [3, "right", undefined],
  ] as const)("of %s to the %s is %s", (from, direction, found) => {
    expect(neighbour(GROUPS, from, direction)).toBe(found);
  });

  it("of a group that is not there is none", () => expect(neighbour(GROUPS, 9, "left")).toBeUndefined());
});

const leaf = (size: number, ...views: string[]): Node => ({ type: "leaf", size, data: { views } });
const layout = (sizes: readonly [number, number], views: readonly string[] = ["b"], link = "blue"): Arrangement => ({
  grid: { orientation: "HORIZONTAL", root: { type: "branch", data: [leaf(sizes[0], "a"), leaf(sizes[1], ...views)] } },
  panels: { a: { params: { link } }, b: {} },
});

describe("two layouts", () => {
  it.each([
    ["are the same in windows of different sizes", layout([300, 700]), layout([450, 1050]), true],
    ["are the same if a size differs by a little", layout([300, 700]), layout([310, 690]), true],
    ["differ by a size", layout([300, 700]), layout([400, 600]), false],
    ["differ by a panel", layout([300, 700]), layout([300, 700], ["b", "c"]), false],
    ["differ by the order of panels", layout([300, 700], ["b", "c"]), layout([300, 700], ["c", "b"]), false],
    ["differ by a colour", layout([300, 700]), layout([300, 700], ["b"], "green"), false],
  ] as const)("%s", (_, one, other, same) => {
    expect(sameArrangement(one, other)).toBe(same);
    expect(sameArrangement(other, one)).toBe(same);
  });
});
