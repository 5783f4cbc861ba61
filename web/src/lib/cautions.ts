/**
 * What a person should see before an order is sent. Nothing here is a rule of the mesh: the mesh
 * decides what it takes. An order that is large, or far from the market, is sent only after a
 * second press.
 */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import type { Quote } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderType, Side, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import type { PlaceBody } from "@ordermesh/client";
import { compare, divide, format, grouped, multiply, padded, parse, rounded, subtract, tryParse, type Decimal } from "./decimals";
import type { Desk } from "./desk";
import { lightOf } from "./status";
import { priceScale } from "./tick";
import { valueOf } from "./ticket";

/** From this value on, in the currency of the listing, an order is confirmed. */
export const CONFIRM_VALUE_MIN = "250000";
/** A limit that is worse for the person than the market by more than this is confirmed, in per cent. */
export const FAR_PERCENT_MAX = "5";

export interface Caution {
  readonly text: string;
  /** The order is sent after a second press only. */
  readonly confirm: boolean;
}

export interface Market {
  readonly instrument: Instrument | undefined;
  /** The newest quote; undefined if there is none, or it is not current. */
  readonly quote: Quote | undefined;
  /** Venues whose order link is down, by MIC. */
  readonly linksDown: ReadonlyMap<string, unknown>;
}

const HUNDRED = parse("100");
/** Types whose limit bounds what is paid at once. */
const AT_LIMIT: ReadonlySet<OrderType> = new Set([OrderType.LIMIT, OrderType.ICEBERG]);

/** The cautions of an order that could be sent, those that ask for a second press first. */
export function cautionsOf(body: PlaceBody, market: Market): readonly Caution[] {
  const found = [sizeCaution(body, market), limitCaution(body, market), linkCaution(body, market)];
  return found.filter((caution) => caution !== undefined).sort((a, b) => Number(b.confirm) - Number(a.confirm));
}

/** What an order is compared with at this moment: a quote that is not current counts for nothing. */
export function marketNow(desk: Pick<Desk, "orders" | "quotes" | "priceStream">, instrument: Instrument | undefined): Market {
  const instrumentId = instrument?.instrumentId ?? "";
  const current = lightOf(desk.priceStream, performance.now()).tone === "live" && desk.quotes.staleBecause(instrumentId) === "";
  return { instrument, quote: current ? desk.quotes.lines.get(instrumentId)?.quote : undefined, linksDown: desk.orders.linksDown };
}

/** Why an order that gets these terms is sent after a second press only, or "". What is made smaller is not asked about. */
export function cautionOfChange({ accountId, instrumentId, side, type, terms }: Order, quantity: string, limitPrice: string, market: Market): string {
  const before = terms?.quantity ?? "";
  const more = before === "" || compare(parse(quantity), parse(before)) > 0;
  if (!more && limitPrice === (terms?.limitPrice ?? "")) return "";
  const body = { accountId, instrumentId, side, type, quantity, limitPrice, timeInForce: terms?.timeInForce ?? 0 };
  return cautionsOf(body, market).find(({ confirm }) => confirm)?.text ?? "";
}

function isBuy(side: Side): boolean {
  return side === Side.BUY;
}

/** The price of the other side: what the order would trade at. */
function otherSide({ side }: PlaceBody, quote: Quote | undefined): string {
  return (isBuy(side) ? quote?.askPrice : quote?.bidPrice) ?? "";
}

function sizeCaution(body: PlaceBody, { instrument, quote }: Market): Caution | undefined {
  const value = valueOf(body.quantity, body.limitPrice || otherSide(body, quote) || quote?.lastPrice || "");
  if (!value) return { text: "Its value is not known: the order has no limit, and the listing no current price.", confirm: true };
  if (compare(parse(value), parse(CONFIRM_VALUE_MIN)) < 0) return undefined;
  const currency = instrument?.currency ?? "";
  return { text: `Large: ${grouped(padded(rounded(value, 2), 2))} ${currency}. Orders of ${grouped(CONFIRM_VALUE_MIN)} ${currency} and more are confirmed.`, confirm: true };
}

function limitCaution(body: PlaceBody, { instrument, quote }: Market): Caution | undefined {
  const limit = tryParse(body.limitPrice);
  const market = otherSide(body, quote) || quote?.lastPrice;
  const price = tryParse(market ?? "");
  if (!limit || !price || price.units <= 0n || !AT_LIMIT.has(body.type)) return undefined;
  const worse = isBuy(body.side) ? subtract(limit, price) : subtract(price, limit);
  if (worse.units < 0n) return undefined;
  const shown = grouped(padded(market ?? "", instrument ? priceScale(instrument, market ?? "") : 0));
  const percent = percentOf(worse, price);
  if (compare(percent, parse(FAR_PERCENT_MAX)) > 0) {
    const way = isBuy(body.side) ? "above" : "below";
    return { text: `Far from the market: the limit ${grouped(body.limitPrice)} is ${rounded(format(percent), 1)} % ${way} ${shown}.`, confirm: true };
  }
  if (otherSide(body, quote) === "" || body.routing) return undefined;
  return { text: `It can trade at once: its limit reaches the ${isBuy(body.side) ? "ask" : "bid"} of ${shown}.`, confirm: false };
}

function percentOf(part: Decimal, whole: Decimal): Decimal {
  return divide(multiply(part, HUNDRED), whole, 2);
}

function linkCaution({ instrumentId, routing }: PlaceBody, { instrument, linksDown }: Market): Caution | undefined {
  const mic = instrument?.venueMic ?? "";
  if (routing || instrumentId === "" || !linksDown.has(mic)) return undefined;
  return { text: `The order link to ${mic} is down: the mesh refuses what would have to be sent there now.`, confirm: false };
}
