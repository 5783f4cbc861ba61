/**
 * What each venue would get of a routed order if it were sent now, from the book of all venues: an
 * estimate. Fees are not known here, so levels are ranked by their price, and the account's own orders
 * are not left out. The decision is the mesh's, when it takes the order.
 */

import type { ConsolidatedBook } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { RoutingStrategy, Side, TimeInForce } from "$gen/ordermesh/oms/v1/order_pb.js";

import { add, compare, type Decimal, divide, floorTo, format, multiply, parse, rounded, subtract, tryParse, ZERO } from "$lib/decimals";
import { micOf } from "$lib/rights";

/** What is asked for; decimals are canonical. */
export interface Wanted {
  readonly side: Side;
  readonly strategy: RoutingStrategy;
  readonly timeInForce: TimeInForce;
  /** Of the order, or of the first slice of a schedule. */
  readonly quantity: string;
  /** Empty for a market order. */
  readonly limitPrice: string;
  /** MICs that may be used, in the person's order. */
  readonly mics: readonly string[];
}

/** One venue's part. */
export interface Part {
  readonly mic: string;
  /** "0" for nothing. */
  readonly quantity: string;
  /** On average, before fees; empty for nothing. */
  readonly price: string;
  /** Displayed within the limit price. */
  readonly displayed: string;
}

export interface Estimate {
  readonly parts: readonly Part[];
  /** What is not taken now. */
  readonly rest: string;
}

/** Places of an average price. */
const PRICE_PLACES = 4;
/** Digits after the point that a quotient keeps. */
const DIGITS = 9;
const ONE: Decimal = { units: 1n, scale: 0 };

/** A level of one venue. */
interface Offer {
  readonly mic: string;
  readonly price: Decimal;
  readonly size: Decimal;
}

/** The split over venues. `lotOf` is the lot of a venue's listing. */
export function estimate(book: ConsolidatedBook, wanted: Wanted, lotOf: (mic: string) => Decimal | undefined): Estimate {
  const offers = within(book, wanted);
  const quantity = parse(wanted.quantity);
  const displayed = (mic: string): Decimal => sum(offers.filter((one) => one.mic === mic).map(({ size }) => size));
  const lot = (mic: string): Decimal => lotOf(mic) ?? ONE;
  const aims = new Map([...aimsOf(wanted, offers, quantity, displayed, lot)].map(([mic, aim]) => [mic, floorTo(aim, lot(mic))]));
  const parts = wanted.mics.map((mic) => {
    const taken = aims.get(mic) ?? ZERO;
    const price = taken.units > 0n ? rounded(format(divide(cost(offers, mic, taken), taken, DIGITS)), PRICE_PLACES) : "";
    return { mic, quantity: format(taken), price, displayed: format(displayed(mic)) };
  });
  return { parts, rest: format(subtract(quantity, sum([...aims.values()]))) };
}

/** Levels of the other side within the limit price, at venues that may be used, best first. */
function within(book: ConsolidatedBook, { side, limitPrice, mics }: Wanted): readonly Offer[] {
  const buys = side === Side.BUY;
  const limit = tryParse(limitPrice);
  const reaches = (price: Decimal): boolean => limit === undefined || compare(price, limit) !== (buys ? 1 : -1);
  return (buys ? book.asks : book.bids).flatMap((level) => {
    const price = parse(level.price);
    if (!reaches(price)) return [];
    return level.shares.map(({ instrumentId, size }) => ({ mic: micOf(instrumentId), price, size: parse(size) })).filter(({ mic }) => mics.includes(mic));
  });
}

type OfVenue = (mic: string) => Decimal;

/** What each venue is to get, before its lot. */
function aimsOf(wanted: Wanted, offers: readonly Offer[], quantity: Decimal, displayed: OfVenue, lot: OfVenue): ReadonlyMap<string, Decimal> {
  if (wanted.strategy === RoutingStrategy.POST) return new Map();
  if (wanted.timeInForce === TimeInForce.FOK) return allAtOne(wanted, offers, quantity, displayed);
  if (wanted.strategy === RoutingStrategy.SPLIT) return proRata(wanted.mics, quantity, displayed, lot);
  if (wanted.strategy === RoutingStrategy.LIST) {
    const first = wanted.mics[0];
    return first === undefined ? new Map() : new Map([[first, least(quantity, displayed(first))]]);
  }
  return bestFirst(offers, quantity);
}

function bestFirst(offers: readonly Offer[], quantity: Decimal): ReadonlyMap<string, Decimal> {
  const aims = new Map<string, Decimal>();
  let left = quantity;
  for (const { mic, size } of offers) {
    const taken = least(left, size);
    aims.set(mic, add(aims.get(mic) ?? ZERO, taken));
    left = subtract(left, taken);
  }
  return aims;
}

/** One venue displays all of it: the one at which it costs least, or brings most; LIST takes the first. */
function allAtOne({ side, strategy, mics }: Wanted, offers: readonly Offer[], quantity: Decimal, displayed: OfVenue): ReadonlyMap<string, Decimal> {
  const able = mics.filter((mic) => compare(displayed(mic), quantity) !== -1);
  const worse = (a: string, b: string): number => compare(cost(offers, a, quantity), cost(offers, b, quantity)) * (side === Side.BUY ? 1 : -1);
  const [chosen] = strategy === RoutingStrategy.LIST ? able : able.toSorted(worse);
  return chosen === undefined ? new Map() : new Map([[chosen, quantity]]);
}

/** In proportion to what is displayed, in lots; what the lots leave over goes to the largest remainders. */
function proRata(mics: readonly string[], quantity: Decimal, displayed: OfVenue, lot: OfVenue): ReadonlyMap<string, Decimal> {
  const total = sum(mics.map(displayed));
  if (total.units === 0n) return new Map();
  const taken = least(quantity, total);
  const exact = new Map(mics.map((mic) => [mic, divide(multiply(taken, displayed(mic)), total, DIGITS)]));
  const aims = new Map([...exact].map(([mic, share]) => [mic, floorTo(share, lot(mic))]));
  const remainder = (mic: string): Decimal => subtract(exact.get(mic) ?? ZERO, aims.get(mic) ?? ZERO);
  let left = subtract(taken, sum([...aims.values()]));
  for (const mic of mics.toSorted((a, b) => compare(remainder(b), remainder(a)))) {
    const more = add(aims.get(mic) ?? ZERO, lot(mic));
    if (compare(left, lot(mic)) === -1 || compare(more, displayed(mic)) === 1) continue;
    aims.set(mic, more);
    left = subtract(left, lot(mic));
  }
  return aims;
}

/** Amount of a quantity at one venue, from its best level on. */
function cost(offers: readonly Offer[], mic: string, quantity: Decimal): Decimal {
  let [left, amount] = [quantity, ZERO];
  for (const offer of offers) {
    if (offer.mic !== mic) continue;
    const taken = least(left, offer.size);
    amount = add(amount, multiply(taken, offer.price));
    left = subtract(left, taken);
  }
  return amount;
}

function least(a: Decimal, b: Decimal): Decimal {
  return compare(a, b) === 1 ? b : a;
}

function sum(values: readonly Decimal[]): Decimal {
  return values.reduce(add, ZERO);
}

/** Quantity of the first slice of a TWAP, in whole lots; empty while one of them is missing. */
export function firstSlice(quantity: string, slices: number, lot: Decimal): string {
  const whole = tryParse(quantity);
  if (!whole || whole.units <= 0n || slices < 1) return "";
  return format(floorTo(divide(whole, { units: BigInt(slices), scale: 0 }, DIGITS), lot));
}
