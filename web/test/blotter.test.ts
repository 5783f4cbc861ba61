import { describe, expect, it } from "vitest";

import { OrderLinkKind, OrderState, RoutingStrategy, Side, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { choicesOf, EVERY_ORDER, FIRST_CHOICES, NEWEST_FIRST, pressed, settingOf, type OrderFilter, type Sorting } from "$lib/blotter/choices";
import { COLUMN, COLUMNS, decimalKey } from "$lib/blotter/columns";
import { csvCell, csvName, csvOf } from "$lib/blotter/csv";
import { OrderIndex } from "$lib/blotter/order-index";
import { compare, parse } from "$lib/decimals";
import { movedColumn, toggledColumn } from "$lib/order-of";
import { Emitter } from "@ordermesh/client";

import { order } from "../../clients/typescript/test/builders";

const ISIN = "NL0010273215";
type Change = Parameters<typeof order>[0];

function parent(orderId: string, state = OrderState.NEW): Order {
  const link = { kind: OrderLinkKind.ROUTED, groupId: orderId };
  return order({ orderId, instrumentId: "", isin: ISIN, routing: { strategy: RoutingStrategy.BEST }, link, progress: { state } });
}
function child(orderId: string, of: string, instrumentId: string, state = OrderState.FILLED): Order {
  return order({ orderId, instrumentId, isin: ISIN, link: { kind: OrderLinkKind.ROUTED, groupId: of, parentOrderId: of }, progress: { state } });
}
const lone = (orderId: string, changes: Change = {}): Order => order({ orderId, instrumentId: "SAP.SIMA", isin: "DE0007164600", progress: { state: OrderState.FILLED }, ...changes });

/** Orders as a page holds them. */
class Source extends Emitter {
  readonly #held = new Map<string, Order>();
  readonly #told = new Set<(order: Order | undefined) => void>();

  constructor(orders: readonly Order[]) {
    super();
    for (const one of orders) this.#held.set(one.orderId, one);
  }
  get orders(): readonly Order[] {
    return [...this.#held.values()].sort((a, b) => (a.orderId < b.orderId ? 1 : -1));
  }
  onOrder(told: (order: Order | undefined) => void): () => void {
    this.#told.add(told);
    return () => this.#told.delete(told);
  }
  put(...orders: readonly Order[]): void {
    for (const one of orders) {
      this.#held.set(one.orderId, one);
      for (const told of this.#told) told(one);
    }
    this.changed();
  }
  replaceAll(orders: readonly Order[]): void {
    this.#held.clear();
    for (const one of orders) this.#held.set(one.orderId, one);
    for (const told of this.#told) told(undefined);
    this.changed();
  }
}

const FAMILY = [lone("9"), child("3", "1", "ASML.SIMB"), child("2", "1", "ASML.SIMA"), parent("1"), child("0", "gone", "ASML.SIMA")];

function indexOf(source: Source, filter: Partial<OrderFilter> = {}, sorting: Sorting = NEWEST_FIRST): OrderIndex {
  const index = new OrderIndex(source);
  index.show({ ...EVERY_ORDER, ...filter }, sorting);
  index.update();
  return index;
}
const ids = (index: OrderIndex): string[] => {
  index.update();
  return index.rows.map((row) => `${row.child ? "  " : ""}${row.order.orderId}${row.children === undefined ? "" : ` (${String(row.children)})`}`);
};

describe("the rows of the blotter", () => {
  it("have the children of a routed order under it when it is unfolded, first placed first", () => {
    const index = indexOf(new Source(FAMILY));
    expect(ids(index)).toEqual(["9", "1 (2)", "0"]);
    index.fold("1");
    expect(ids(index)).toEqual(["9", "1 (2)", "  2", "  3", "0"]);
    index.fold("1");
    expect(ids(index)).toEqual(["9", "1 (2)", "0"]);
  });

  it("have a child by itself only until its parent comes", () => {
    const source = new Source([child("2", "1", "ASML.SIMA")]);
    const index = indexOf(source);
    expect(ids(index)).toEqual(["2"]);
    source.put(parent("1"));
    expect(ids(index)).toEqual(["1 (1)"]);
    source.put(child("3", "1", "ASML.SIMB"));
    expect(ids(index)).toEqual(["1 (2)"]);
  });

  it.each<[string, Partial<OrderFilter>, string[]]>([
    ["a listing, with the parent of a child that fits", { text: "ASML.SIMB" }, ["1 (1)"]],
    ["an ISIN", { text: "DE0007164600" }, ["9"]],
    ["an id", { text: "9" }, ["9"]],
    ["nothing", { text: "XYZ" }, []],
    ["open orders", { openOnly: true }, ["1 (0)"]],
    ["a state", { state: "FILLED" }, ["9", "1 (2)", "0"]],
    ["a side", { side: "sell" }, []],
  ])("are those that fit %s", (_, filter, expected) => {
    expect(ids(indexOf(new Source(FAMILY), filter))).toEqual(expected);
  });

  it("show a closed parent whose child can trade among open orders", () => {
    const index = indexOf(new Source([child("2", "1", "ASML.SIMA", OrderState.UNKNOWN), parent("1", OrderState.CANCELED)]), { openOnly: true });
    expect(ids(index)).toEqual(["1 (1)"]);
    expect([index.count, index.openCount]).toEqual([1, 1]);
  });

  it("are counted without the children of routed orders, whatever is filtered", () => {
    const index = indexOf(new Source(FAMILY), { text: "SAP" });
    expect([index.count, index.openCount]).toEqual([3, 1]);
  });

  it("are sorted by exact numbers, with equal ones newest first", () => {
    const sized = (orderId: string, quantity: string): Order => lone(orderId, { terms: { quantity } });
    const index = indexOf(new Source([sized("1", "10"), sized("2", "9.5"), sized("3", "100000000000000001"), sized("4", "100000000000000000"), sized("5", "10")]), {}, { column: "quantity", down: false });
    expect(ids(index)).toEqual(["2", "5", "1", "4", "3"]);
  });

  it("are the same after each change as if they were made anew", () => {
    // A walk of changes that any number could make: ids, states, sides and quantities that differ.
    let seed = 7;
    const next = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    const some = (): Order => {
      const id = String(next(60)).padStart(3, "0");
      const state = [OrderState.NEW, OrderState.FILLED, OrderState.CANCELED, OrderState.HELD][next(4)];
      const terms = { quantity: String(next(9) + 1) };
      if (Number(id) % 10 === 0) return Object.assign(parent(id, state), { terms: order({ terms }).terms });
      const base = Number(id) % 3 === 0 ? child(id, `0${id.charAt(1)}0`, "ASML.SIMA", state) : lone(id, { progress: { state: state ?? 0 } });
      return Object.assign(base, { terms: order({ terms }).terms, side: next(2) ? Side.BUY : Side.SELL });
    };
    for (const sorting of [NEWEST_FIRST, { column: "quantity", down: true }, { column: "state", down: false }] as const) {
      for (const filter of [{}, { openOnly: true }, { side: "buy" }, { state: "FILLED" }] as const) {
        const source = new Source([some(), some(), some()]);
        const index = indexOf(source, filter, sorting);
        index.fold("010");
        for (let step = 0; step < 12; step++) {
          source.put(...Array.from({ length: 1 + next(3) }, some));
          const anew = indexOf(source, filter, sorting);
          anew.fold("010");
          expect(ids(index)).toEqual(ids(anew));
          expect([index.count, index.openCount]).toEqual([anew.count, anew.openCount]);
        }
      }
    }
  });

  it("are read anew after a snapshot", () => {
    const source = new Source(FAMILY);
    const index = indexOf(source);
    source.replaceAll([lone("8")]);
    expect(ids(index)).toEqual(["8"]);
    expect(index.count).toBe(1);
  });
});

describe("rows that are held", () => {
  it("stay at their places and show their orders as they are now", () => {
    const source = new Source([lone("1", { progress: { state: OrderState.NEW } }), lone("2", { progress: { state: OrderState.NEW } })]);
    const index = indexOf(source, { openOnly: true });
    index.hold(true);
    source.put(lone("2", { progress: { state: OrderState.CANCELED } }), lone("3", { progress: { state: OrderState.NEW } }));
    expect(ids(index)).toEqual(["2", "1"]);
    expect(index.rows[0]?.order.progress?.state).toBe(OrderState.CANCELED);
    expect([index.waiting, index.openCount]).toEqual([1, 2]);
    index.hold(false);
    expect(ids(index)).toEqual(["3", "1"]);
    expect(index.waiting).toBe(0);
  });

  it("count what is new once, and not what came and went", () => {
    const source = new Source([lone("1", { progress: { state: OrderState.NEW } })]);
    const index = indexOf(source, { openOnly: true });
    index.hold(true);
    const came = (state: OrderState): void => source.put(lone("3", { progress: { state } }));
    came(OrderState.NEW);
    came(OrderState.PARTIALLY_FILLED);
    index.update();
    expect(index.waiting).toBe(1);
    came(OrderState.FILLED);
    index.update();
    expect(index.waiting).toBe(0);
  });
});

describe("the choices of a person", () => {
  it("are sorted by a press on a heading, turned by the second, undone by the third", () => {
    const first = pressed(NEWEST_FIRST, "quantity");
    expect(first).toEqual({ column: "quantity", down: true });
    const second = pressed(first, "quantity");
    expect(second).toEqual({ column: "quantity", down: false });
    expect(pressed(second, "quantity")).toEqual(NEWEST_FIRST);
    expect(pressed(NEWEST_FIRST, "side")).toEqual({ column: "side", down: false });
  });

  it("are the same after they were kept, but for the text of the filter", () => {
    const chosen = { columns: ["state", "order"] as const, sorting: { column: "limit", down: true } as const, filter: { openOnly: true, side: "sell", state: "HELD", text: "ASML" } as const };
    expect(choicesOf(settingOf(chosen))).toEqual({ ...chosen, filter: { ...chosen.filter, text: "" } });
  });

  it("are the first ones where nothing was kept, or what this page does not know", () => {
    expect(choicesOf({ columns: [], sort: [], filters: [] })).toEqual(FIRST_CHOICES);
    const gone = { columns: [{ column: "gone" }], sort: [{ column: "gone", descending: true }], filters: [{ column: "state", text: "GONE" }, { column: "side", text: "7" }, { column: "gone", text: "x" }] };
    expect(choicesOf(gone)).toEqual(FIRST_CHOICES);
  });

  it("move a column as far as it goes and never hide the last", () => {
    expect(movedColumn(["time", "state", "side"], "side", -1)).toEqual(["time", "side", "state"]);
    expect(movedColumn(["time", "state"], "time", -1)).toEqual(["time", "state"]);
    expect(toggledColumn(["time"], "time")).toEqual(["time"]);
    expect(toggledColumn(["time"], "note")).toEqual(["time", "note"]);
  });
});

describe("sort keys", () => {
  it("compare as the decimals do", () => {
    const numbers = ["-10.5", "-10", "-2", "-1.25", "-1.2", "-1", "0", "0.000000001", "0.1", "0.15", "1", "1.5", "2", "10", "999999999999999999", "999999999999999999.5"];
    for (const a of numbers) {
      for (const b of numbers) {
        const [left, right] = [decimalKey(a), decimalKey(b)];
        expect([a, b, left < right ? -1 : left > right ? 1 : 0]).toEqual([a, b, compare(parse(a), parse(b))]);
      }
    }
    expect(decimalKey("") < decimalKey("-10")).toBe(true);
  });
});

describe("a file", () => {
  it.each([
    ["12.500000001", "12.500000001"],
    ["-5", "-5"],
    ["=1+1", "'=1+1"],
    ["+49 30", "'+49 30"],
    ["-cmd", "'-cmd"],
    ["@SUM(A1)", "'@SUM(A1)"],
    [" =1", "' =1"],
    ["\t=1", "'\t=1"],
    ['say "a, b"', '"say ""a, b"""'],
    ["two\nlines", '"two\nlines"'],
    ["plain", "plain"],
  ])("has %j as %j", (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  it("has a head, exact numbers and a name that says as of when", () => {
    const one = lone("7", { terms: { quantity: "100", limitPrice: "612.400000001" }, clientNote: "=HYPERLINK(1)" });
    const cells = ["order", "limit", "note"].map((id) => COLUMN.get(id)?.text(one) ?? "");
    expect(csvOf(["Order id", "Limit", "Note"], [cells])).toBe("\uFEFFOrder id,Limit,Note\r\n7,612.400000001,'=HYPERLINK(1)\r\n");
    expect(csvName("orders", Date.UTC(2027, 0, 31, 10, 30, 5))).toBe("orders-20270131T103005Z.csv");
    expect(new Set(COLUMNS.map(({ id }) => id)).size).toBe(COLUMNS.length);
  });

  it("has the children of routed orders, folded or not, or every order that is held", () => {
    const index = indexOf(new Source(FAMILY), { text: "ASML" });
    expect([...index.listed(false)].map(({ orderId }) => orderId)).toEqual(["1", "2", "3", "0"]);
    expect([...index.listed(true)].length).toBe(5);
  });
});
