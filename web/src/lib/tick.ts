/** Tick-size tables (MiFID II RTS 11) and lots: which prices and quantities are allowed. */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";

import { add, compare, floorTo, format, isMultiple, parse, subtract, tryParse, ZERO } from "./decimals";
import type { Decimal } from "./decimals";

const ONE: Decimal = { units: 1n, scale: 0 };

/** The price step at a price; undefined if the venue reported no table. */
export function tickAt(instrument: Instrument, price: Decimal): Decimal | undefined {
  let step: Decimal | undefined;
  for (const band of instrument.tickTable) {
    const from = tryParse(band.fromPrice);
    if (from && step !== undefined && compare(from, price) > 0) break;
    step = tryParse(band.tickSize) ?? step;
  }
  return step && step.units > 0n ? step : undefined;
}

/** The lot: smallest quantity and its multiples. */
export function lotOf(instrument: Instrument): Decimal {
  const lot = tryParse(instrument.lotSize);
  return lot && lot.units > 0n ? lot : ONE;
}

/** Decimal places of prices around `price`, so that a column of them aligns. */
export function priceScale(instrument: Instrument, price: string): number {
  const value = tryParse(price);
  const step = value && tickAt(instrument, value);
  return step ? (format(step).split(".")[1] ?? "").length : 0;
}

/** Returns what is wrong with a price, or "". */
export function priceFault(instrument: Instrument, price: string): string {
  const value = parse(price);
  if (value.units <= 0n) return "must be above zero";
  const step = tickAt(instrument, value);
  if (!step || isMultiple(value, step)) return "";
  const below = floorTo(value, step);
  const near = below.units > 0n ? `${format(below)} or ${format(add(below, step))}` : format(step);
  return `must be a multiple of the tick ${format(step)}: ${near}`;
}

/** Returns what is wrong with a quantity, or "". */
export function quantityFault(instrument: Instrument, quantity: string): string {
  const value = parse(quantity);
  if (value.units <= 0n) return "must be above zero";
  const lot = lotOf(instrument);
  if (!isMultiple(value, lot)) return `must be a multiple of the lot ${format(lot)}`;
  const largest = tryParse(instrument.maxQuantity);
  if (largest && compare(value, largest) > 0) return `must not be above ${format(largest)}`;
  return "";
}

/** The next price up or down on the tick grid; never zero or below. */
export function stepPrice(instrument: Instrument, price: string, up: boolean): string {
  const value = tryParse(price) ?? ZERO;
  const step = tickAt(instrument, value) ?? ONE;
  const grid = floorTo(value, step);
  if (up) return format(add(grid, step));
  // Below a grid point the finer band of the lower price may apply.
  if (compare(grid, value) < 0 && grid.units > 0n) return format(grid);
  const finer = tickAt(instrument, subtract(value, { units: 1n, scale: value.scale + 9 })) ?? step;
  const below = subtract(grid, finer);
  return format(below.units > 0n ? below : finer);
}

/** The next quantity up or down on the lot grid; never below one lot. */
export function stepQuantity(instrument: Instrument, quantity: string, up: boolean): string {
  const lot = lotOf(instrument);
  const grid = floorTo(tryParse(quantity) ?? ZERO, lot);
  const next = up ? add(grid, lot) : subtract(grid, lot);
  return format(compare(next, lot) < 0 ? lot : next);
}
