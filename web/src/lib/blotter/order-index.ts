/**
 * The rows of the order blotter: which orders fit, in which order, kept up to date one order at a
 * time, so that 100,000 orders cost as much per change as the change, not as the list.
 *
 * While the rows are held (`hold`), each stays at its place whatever becomes of its order: a person
 * who is about to press Cancel presses it on the row that is under the pointer. The orders in the
 * rows stay current; what is new waits and is counted.
 */

import { Side, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Emitter, isOpen, type Observable, stateOf } from "@ordermesh/client";
import { stateName } from "../labels";

import { COLUMN, COLUMNS, sortKey, type Column } from "./columns";
import { EVERY_ORDER, NEWEST_FIRST, type OrderFilter, type Sorting } from "./choices";
import { Families, isParent } from "./family";

export interface BlotterRow {
  readonly order: Order;
  /** What it is sorted by. */
  readonly key: string;
  /** It stands under its routed order. */
  readonly child: boolean;
  /** Children that fit; undefined if the order is not routed. */
  readonly children: number | undefined;
  /** Its children are shown. */
  readonly unfolded: boolean;
}

/** Where orders come from. */
export interface OrderSource extends Observable {
  readonly orders: readonly Order[];
  /** Calls `told` with each order that is added or replaced, and with undefined when a snapshot replaces all, until the returned function is called. */
  onOrder(told: (order: Order | undefined) => void): () => void;
}

/** Above one in so many of all orders, and above so many, sorting anew costs less than placing each changed order. */
const ANEW_SHARE = 16;
const DIRTY_MIN = 50;

export class OrderIndex extends Emitter {
  readonly #held = new Families();
  #filter: OrderFilter = EVERY_ORDER;
  #sorting: Sorting = NEWEST_FIRST;
  #unfolded: ReadonlySet<string> = new Set();
  /** Orders that stand by themselves and fit, sorted. */
  #top: BlotterRow[] = [];
  readonly #rowOf = new Map<string, BlotterRow>();
  /** `#top` with the children that are shown. */
  #rows: BlotterRow[] = [];
  readonly #all = new Set<string>();
  readonly #open = new Set<string>();
  /** Orders that changed since the rows were made; undefined: everything did. */
  #dirty: Set<string> | undefined;
  /** What is shown while the rows are held. */
  #shown: BlotterRow[] | undefined;
  /** Places of the orders in `#shown`. */
  #shownAt: ReadonlyMap<string, number> = new Map();
  /** Orders that fit and are not shown, because the rows are held. */
  readonly #waiting = new Set<string>();
  readonly #forget: (() => void)[];

  constructor(private readonly source: OrderSource) {
    super();
    this.#forget = [source.onOrder((order) => this.#take(order)), source.subscribe(() => this.changed())];
  }

  stop(): void {
    for (const forget of this.#forget) forget();
  }

  /** The rows that are shown, from the top, as of the last `update`. */
  get rows(): readonly BlotterRow[] {
    return this.#shown ?? this.#rows;
  }

  /** Orders that stand by themselves: what a person sees with every routed order folded and no filter. */
  get count(): number {
    return this.#all.size;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Orders that are new and wait until the rows are not held any more. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Shows what fits, sorted anew. */
  show(filter: OrderFilter, sorting: Sorting): void {
    this.#filter = filter;
    this.#sorting = sorting;
    this.#dirty = undefined;
    this.#letGo();
    this.changed();
  }

  /** Shows the children of a routed order, or hides them. */
  fold(orderId: string): void {
    this.update();
    const changed = new Set(this.#unfolded);
    if (!changed.delete(orderId)) changed.add(orderId);
    this.#unfolded = changed;
    this.#place(orderId);
    this.#flatten();
    if (this.#shown) this.#holdNow();
    this.changed();
  }

  /** Holds each row at its place, or lets go. */
  hold(holding: boolean): void {
    if ((this.#shown !== undefined) === holding) return;
    this.update();
    if (holding) this.#holdNow();
    else this.#letGo();
    this.changed();
  }

  #holdNow(): void {
    this.#shown = [...this.#rows];
    this.#shownAt = new Map(this.#shown.map(({ order }, at) => [order.orderId, at]));
    this.#waiting.clear();
  }

  #letGo(): void {
    this.#shown = undefined;
    this.#shownAt = new Map();
    this.#waiting.clear();
  }

  /** The place of an order among the rows; -1 if it is not shown. */
  indexOf(orderId: string): number {
    return this.rows.findIndex(({ order }) => order.orderId === orderId);
  }

  /** Every order that fits with all its children that do, or every order that is held: for a file. */
  *listed(all: boolean): Generator<Order> {
    this.update();
    if (all) yield* this.source.orders;
    else {
      for (const { order } of this.#top) {
        yield order;
        if (isParent(order)) yield* this.#fittingChildren(order);
      }
    }
  }

  #take(order: Order | undefined): void {
    if (order === undefined) this.#dirty = undefined;
    if (!order || !this.#dirty) return;
    const added = !this.#held.orders.has(order.orderId);
    this.#held.put(order);
    this.#dirty.add(order.orderId);
    const parent = this.#held.parentOf(order);
    if (parent !== "") this.#dirty.add(parent);
    // Children that came before their parent stood by themselves so far.
    if (added && isParent(order)) for (const child of this.#held.childrenOf(order.orderId)) this.#dirty.add(child.orderId);
  }

  /** Brings the rows up to date; a view calls it once for each time it draws. */
  update(): void {
    const dirty = this.#dirty;
    if (dirty?.size === 0) return;
    this.#dirty = new Set();
    if (!dirty || dirty.size > Math.max(DIRTY_MIN, this.#held.orders.size / ANEW_SHARE)) this.#sortAnew(dirty === undefined);
    else {
      for (const orderId of dirty) this.#place(orderId);
      this.#flatten();
    }
    if (this.#shown) this.#refresh(this.#shown, dirty ?? new Set(this.#held.orders.keys()));
  }

  /** While the rows are held: each shows its order as it is now, and what is new waits. */
  #refresh(shown: BlotterRow[], dirty: ReadonlySet<string>): void {
    for (const orderId of dirty) {
      const at = this.#shownAt.get(orderId);
      const row = at === undefined ? undefined : shown[at];
      if (at !== undefined && row) shown[at] = { ...row, order: this.#held.orders.get(orderId) ?? row.order, children: this.#rowOf.get(orderId)?.children ?? row.children };
      else if (this.#rowOf.has(orderId)) this.#waiting.add(orderId);
      else this.#waiting.delete(orderId);
    }
  }

  #sortAnew(reread: boolean): void {
    if (reread) {
      this.#held.clear();
      for (const order of this.source.orders) this.#held.put(order);
    }
    this.#all.clear();
    this.#open.clear();
    this.#rowOf.clear();
    this.#top = [];
    for (const order of this.#held.orders.values()) {
      const row = this.#counted(order);
      if (!row) continue;
      this.#top.push(row);
      this.#rowOf.set(order.orderId, row);
    }
    this.#top.sort((a, b) => this.#compare(a, b));
    this.#flatten();
  }

  #place(orderId: string): void {
    const before = this.#rowOf.get(orderId);
    const order = this.#held.orders.get(orderId);
    const row = order && this.#counted(order);
    if (before && row && before.key === row.key) this.#top[this.#search(before)] = row;
    else {
      if (before) this.#top.splice(this.#search(before), 1);
      if (row) this.#top.splice(this.#search(row), 0, row);
    }
    if (row) this.#rowOf.set(orderId, row);
    else this.#rowOf.delete(orderId);
  }

  /** Counts an order that stands by itself, and makes its row if it fits. */
  #counted(order: Order): BlotterRow | undefined {
    const { orderId } = order;
    this.#all.delete(orderId);
    this.#open.delete(orderId);
    if (this.#held.parentOf(order) !== "") return undefined;
    this.#all.add(orderId);
    if (this.#held.isOpen(order)) this.#open.add(orderId);
    return this.#rowFor(order);
  }

  #rowFor(order: Order): BlotterRow | undefined {
    const key = sortKey(this.#column, order);
    if (!isParent(order)) return this.#fits(order) ? { order, key, child: false, children: undefined, unfolded: false } : undefined;
    const children = this.#fittingChildren(order).length;
    if (children === 0 && !this.#fits(order)) return undefined;
    return { order, key, child: false, children, unfolded: this.#unfolded.has(order.orderId) };
  }

  get #column(): Column {
    return COLUMN.get(this.#sorting.column) ?? (COLUMNS[0] as Column);
  }

  #fits(order: Order): boolean {
    const { openOnly, side, state, text } = this.#filter;
    if (openOnly && !isOpen(order)) return false;
    if (side !== "" && (order.side === Side.BUY) !== (side === "buy")) return false;
    if (state !== "" && stateName(stateOf(order)) !== state) return false;
    return text === "" || `${order.instrumentId} ${order.venueSymbol} ${order.isin} ${order.orderId} ${order.accountId} ${order.clientNote}`.toUpperCase().includes(text);
  }

  #fittingChildren(order: Order): readonly Order[] {
    return this.#held.childrenOf(order.orderId).filter((child) => this.#fits(child));
  }

  #compare(a: BlotterRow, b: BlotterRow): number {
    if (a.key !== b.key) return a.key < b.key === this.#sorting.down ? 1 : -1;
    return a.order.orderId < b.order.orderId ? 1 : a.order.orderId > b.order.orderId ? -1 : 0;
  }

  /** Where a row stands, or would. */
  #search(row: BlotterRow): number {
    let [low, high] = [0, this.#top.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#top[middle] as BlotterRow, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #flatten(): void {
    if (this.#unfolded.size === 0) {
      this.#rows = this.#top;
      return;
    }
    this.#rows = [];
    for (const row of this.#top) {
      this.#rows.push(row);
      if (!row.unfolded) continue;
      for (const order of this.#fittingChildren(row.order)) this.#rows.push({ order, key: "", child: true, children: undefined, unfolded: false });
    }
  }
}
