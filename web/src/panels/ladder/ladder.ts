/**
 * The depth ladder of one listing: prices from high to low, with what is bid and offered, own orders,
 * and what was traded at each price since the panel was opened. Plain state without a view: the
 * drawing asks for rows when it draws, at most once per frame, and gets them from the newest book.
 */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import type { Book, BookLevel, MarketDataUpdate, Trade } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { Side, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Emitter, isOpen } from "@ordermesh/client";
import { add, floorTo, format, multiply, parse, tryParse, ZERO, type Decimal } from "$lib/decimals";
import type { DetailReader } from "$lib/detail";
import { tickAt } from "$lib/tick";

/** Ticks that a row may hold. */
export const GROUPS: readonly number[] = [1, 2, 5, 10, 25, 50, 100];
/** The market may leave the middle by this part of the rows before the ladder follows it. */
const FOLLOW_SHARE = 4;

export interface LadderRow {
  /** The price of the row, the lowest it holds. */
  readonly price: string;
  /** Sizes; "" for none. */
  readonly bid: string;
  readonly ask: string;
  /** What is left of own orders. */
  readonly ownBuy: string;
  readonly ownSell: string;
  /** Traded since the panel was opened. */
  readonly traded: string;
  /** The last trade was here. */
  readonly last: boolean;
}

/** Sizes by the index of their row. */
type Sizes = Map<bigint, Decimal>;

export class Ladder extends Emitter {
  /** The ladder stays where it is, whatever the market does. */
  pinned = false;
  /** A person points at a row, which must stay under the pointer: the ladder does not follow meanwhile. */
  held = false;
  /** Ticks of a row. */
  group = 1;
  /** The book is of the connection that is open, and neither stale nor awaited. */
  current = false;
  /** Trades were conflated or missed: what was traded is more than what is shown. */
  tradesMissed = false;
  lastPrice = "";

  #instrument: Instrument | undefined;
  #book: Book | undefined;
  /** Of the account, that rest in this listing at a limit. */
  #orders: readonly Order[] = [];
  #traded = new Map<string, Decimal>();
  #tradeSequence: bigint | undefined;
  /** Price in the middle; undefined until there is a market. */
  #middle: Decimal | undefined;

  /** Readers of the two topics of the detail stream. */
  readonly book: DetailReader = { begin: () => this.#begin(), take: (update) => this.#takeBook(update), live: () => undefined };
  readonly trades: DetailReader = { begin: () => this.#missTrades(), take: (update) => this.#takeTrade(update), live: () => undefined };

  /** Another listing: nothing of the one before stays, not even that it was pinned. */
  show(instrument: Instrument | undefined): void {
    if (instrument?.instrumentId === this.#instrument?.instrumentId) {
      this.#instrument = instrument;
      return;
    }
    this.#instrument = instrument;
    this.#orders = [];
    this.#book = undefined;
    this.#traded = new Map();
    this.#tradeSequence = undefined;
    this.#middle = undefined;
    this.pinned = false;
    this.current = false;
    this.tradesMissed = false;
    this.lastPrice = "";
    this.changed();
  }

  /** Own orders of all listings; those of the account that rest in this one at a limit are shown. */
  setOrders(orders: readonly Order[], accountId: string): void {
    const instrumentId = this.#instrument?.instrumentId;
    this.#orders = orders.filter((order) => order.instrumentId === instrumentId && order.accountId === accountId && isOpen(order) && order.terms?.limitPrice);
    this.changed();
  }

  setGroup(group: number): void {
    this.group = group;
    this.changed();
  }

  togglePin(): void {
    this.pinned = !this.pinned;
    this.changed();
  }

  /** Puts the market into the middle again. */
  centre(): void {
    this.#middle = this.#market();
    this.changed();
  }

  /** Moves up, or down if negative; a ladder that was moved by hand stays there. */
  move(rows: number): void {
    const step = this.#step();
    if (!this.#middle || !step) return;
    const moved = add(this.#middle, multiply(step, { units: BigInt(rows), scale: 0 }));
    if (moved.units <= 0n) return;
    this.#middle = moved;
    this.pinned = true;
    this.changed();
  }

  /** The rows that fit, highest price first; none before there is a market. */
  rows(count: number): readonly LadderRow[] {
    const step = this.#step();
    this.#follow(count, step);
    if (!step || !this.#middle) return [];
    const bids = this.#levels(this.#book?.bids ?? [], step, false);
    const asks = this.#levels(this.#book?.asks ?? [], step, true);
    const [ownBuy, ownSell] = [this.#own(step, false), this.#own(step, true)];
    const traded: Sizes = new Map();
    for (const [price, size] of this.#traded) put(traded, indexOf(parse(price), step, false), size);
    const last = tryParse(this.lastPrice);
    const lastIndex = last && indexOf(last, step, false);
    const top = indexOf(this.#middle, step, false) + BigInt(Math.floor(count / 2));
    const rows: LadderRow[] = [];
    for (let index = top; index > 0n && rows.length < count; index--) {
      const text = (sizes: Sizes): string => (sizes.has(index) ? format(sizes.get(index) ?? ZERO) : "");
      const price = format(multiply(step, { units: index, scale: 0 }));
      rows.push({ price, bid: text(bids), ask: text(asks), ownBuy: text(ownBuy), ownSell: text(ownSell), traded: text(traded), last: index === lastIndex });
    }
    return rows;
  }

  /** The prices that an order is compared with before it is sent: those that are shown. */
  get touch(): { bidPrice: string; askPrice: string; lastPrice: string } {
    return { bidPrice: this.#book?.bids[0]?.price ?? "", askPrice: this.#book?.asks[0]?.price ?? "", lastPrice: this.lastPrice };
  }

  /** Own orders of a side in the row of a price. */
  ownAt(price: string, side: Side): readonly Order[] {
    const [step, wanted] = [this.#step(), tryParse(price)];
    if (!step || !wanted) return [];
    const sells = side !== Side.BUY;
    const index = indexOf(wanted, step, sells);
    return this.#orders.filter((order) => (order.side !== Side.BUY) === sells && indexOf(parse(order.terms?.limitPrice ?? "0"), step, sells) === index);
  }

  #follow(count: number, step: Decimal | undefined): void {
    const market = this.#market();
    if (!market || !step) return;
    this.#middle ??= market;
    if (this.pinned || this.held) return;
    const away = indexOf(market, step, false) - indexOf(this.#middle, step, false);
    if ((away < 0n ? -away : away) * BigInt(FOLLOW_SHARE) > BigInt(count)) this.#middle = market;
  }

  /** The step of a row at the market; undefined before there is one. */
  #step(): Decimal | undefined {
    const at = this.#market();
    if (!at || !this.#instrument) return undefined;
    const tick = tickAt(this.#instrument, at) ?? { units: 1n, scale: at.scale };
    return multiply(tick, { units: BigInt(this.group), scale: 0 });
  }

  #market(): Decimal | undefined {
    return tryParse(this.#book?.bids[0]?.price ?? "") ?? tryParse(this.#book?.asks[0]?.price ?? "") ?? tryParse(this.lastPrice);
  }

  #levels(levels: readonly BookLevel[], step: Decimal, up: boolean): Sizes {
    const sizes: Sizes = new Map();
    for (const { price, size } of levels) put(sizes, indexOf(parse(price), step, up), parse(size));
    return sizes;
  }

  #own(step: Decimal, sells: boolean): Sizes {
    const sizes: Sizes = new Map();
    for (const { side, terms, progress } of this.#orders) {
      if ((side !== Side.BUY) === sells) put(sizes, indexOf(parse(terms?.limitPrice ?? "0"), step, sells), parse(progress?.leavesQuantity || "0"));
    }
    return sizes;
  }

  #begin(): void {
    this.current = false;
    this.changed();
  }

  #takeBook({ instrumentId, value }: MarketDataUpdate): void {
    if (value.case !== "book" || instrumentId !== this.#instrument?.instrumentId) return;
    this.#book = value.value;
    this.current = !value.value.stale;
    this.changed();
  }

  #missTrades(): void {
    if (this.#tradeSequence !== undefined) this.tradesMissed = true;
    this.#tradeSequence = undefined;
  }

  #takeTrade({ instrumentId, value, sequence, snapshot, conflatedUpdates }: MarketDataUpdate): void {
    if (value.case !== "trade" || instrumentId !== this.#instrument?.instrumentId) return;
    // The snapshot has the last trade, which was before the panel was opened, or is counted already.
    if (!snapshot) {
      const hole = this.#tradeSequence !== undefined && sequence > this.#tradeSequence + 1n;
      if (hole || conflatedUpdates > 0) this.tradesMissed = true;
      this.#count(value.value);
    }
    this.#tradeSequence = sequence;
    if (!value.value.withdrawn && !value.value.offMarket) this.lastPrice = value.value.price;
    this.changed();
  }

  #count({ price, size, withdrawn, offMarket }: Trade): void {
    if (offMarket) return;
    const amount = parse(size);
    const before = this.#traded.get(price);
    // A trade that was counted before the panel was opened is withdrawn from nothing.
    if (withdrawn && !before) return;
    this.#traded.set(price, add(before ?? ZERO, withdrawn ? { ...amount, units: -amount.units } : amount));
  }
}

/** The index of the row that holds a price: offers belong to the row at or above them. */
function indexOf(price: Decimal, step: Decimal, up: boolean): bigint {
  const below = floorTo(price, step);
  const scale = BigInt(Math.max(0, below.scale - step.scale));
  const [units, by] = [below.units * 10n ** BigInt(Math.max(0, step.scale - below.scale)), step.units * 10n ** scale];
  const index = units / by;
  const exact = multiply(step, { units: index, scale: 0 });
  return up && format(exact) !== format(price) ? index + 1n : index;
}

function put(sizes: Sizes, index: bigint, size: Decimal): void {
  sizes.set(index, add(sizes.get(index) ?? ZERO, size));
}
