/**
 * Positions of the user's accounts. There is no stream of them: each account is read when the panel
 * opens, after every execution that the order stream reports, and when that stream was resumed; what
 * could not be read is read again, at growing intervals. The mesh folds executions to positions; here they are only valued at the prices that are shown.
 */

import type { Position } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Backoff, Emitter, refusalOf } from "@ordermesh/client";
import { add, format, multiply, parse, subtract, tryParse, type Decimal } from "$lib/decimals";
import type { QuoteStore } from "$lib/quotes";

export type ReadPositions = (accountId: string) => Promise<readonly Position[]>;

export class Positions extends Emitter {
  /** Why the last reading of an account failed, by account. */
  readonly faults = new Map<string, string>();
  readonly #byAccount = new Map<string, readonly Position[]>();
  /** Accounts that are being read; true: they changed meanwhile and are read once more. */
  readonly #reading = new Map<string, boolean>();
  /** Accounts that could not be read, with what has them read again. */
  readonly #again = new Map<string, { readonly backoff: Backoff; timer: ReturnType<typeof setTimeout> | undefined }>();
  #stopped = false;

  constructor(private readonly read: ReadPositions) {
    super();
  }

  /** Reads nothing again. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#again.values()) clearTimeout(timer);
  }

  /** Positions of all accounts that have been read. */
  get all(): readonly Position[] {
    return [...this.#byAccount.values()].flat();
  }

  has(accountId: string): boolean {
    return this.#byAccount.has(accountId);
  }

  /** What is shown of an account may be older than its last execution. */
  isBehind(accountId: string): boolean {
    return this.#reading.has(accountId) || this.faults.has(accountId);
  }

  /** Reads an account; executions that come while it is read have it read once more, not once each. */
  async refresh(accountId: string): Promise<void> {
    if (this.#reading.has(accountId)) {
      this.#reading.set(accountId, true);
      return;
    }
    do {
      this.#reading.set(accountId, false);
      this.changed();
      try {
        this.#byAccount.set(accountId, await this.read(accountId));
        this.faults.delete(accountId);
        clearTimeout(this.#again.get(accountId)?.timer);
        this.#again.delete(accountId);
      } catch (thrown) {
        this.faults.set(accountId, refusalOf(thrown).text);
      }
    } while (this.#reading.get(accountId));
    this.#reading.delete(accountId);
    if (this.faults.has(accountId)) this.#readAgain(accountId);
    this.changed();
  }

  #readAgain(accountId: string): void {
    if (this.#stopped) return;
    const again = this.#again.get(accountId) ?? { backoff: new Backoff(), timer: undefined };
    this.#again.set(accountId, again);
    clearTimeout(again.timer);
    again.timer = setTimeout(() => void this.refresh(accountId), again.backoff.next());
  }
}

/** A position, valued. */
export interface PositionLine {
  readonly position: Position;
  /** The listing whose price values it; "" if none has a current price. */
  readonly instrumentId: string;
  /** What one share would bring, or cost, if the position were closed now: the best bid of a long one, the best offer of a short one. */
  readonly mark: string;
  /** Quantity × mark; "" without a mark. */
  readonly value: string;
  /** (mark − average) × quantity; "" without a mark, "0" of a closed position. */
  readonly unrealised: string;
  /** Realised and unrealised; "" without a mark. */
  readonly total: string;
}

export type Prices = Pick<QuoteStore, "instruments" | "lines" | "staleBecause">;

/** Values a position at the prices that are current; `live` is false while the price stream is not. */
export function valued(position: Position, prices: Prices, live: boolean): PositionLine {
  const quantity = parse(position.quantity || "0");
  const realised = position.realisedProfit || "0";
  if (quantity.units === 0n) return { position, instrumentId: "", mark: "", value: "0", unrealised: "0", total: realised };
  const best = live ? bestMark(position, quantity, prices) : undefined;
  if (!best) return { position, instrumentId: "", mark: "", value: "", unrealised: "", total: "" };
  const unrealised = multiply(subtract(best.price, parse(position.averagePrice || "0")), quantity);
  return {
    position,
    instrumentId: best.instrumentId,
    mark: format(best.price),
    value: format(multiply(best.price, quantity)),
    unrealised: format(unrealised),
    total: format(add(unrealised, parse(realised))),
  };
}

function bestMark({ isin, currency }: Position, quantity: Decimal, prices: Prices): { instrumentId: string; price: Decimal } | undefined {
  const long = quantity.units > 0n;
  let best: { instrumentId: string; price: Decimal } | undefined;
  for (const listing of prices.instruments.values()) {
    const same = listing.isin === isin && listing.currency === currency;
    if ((!same && listing.instrumentId !== isin) || prices.staleBecause(listing.instrumentId) !== "") continue;
    const quote = prices.lines.get(listing.instrumentId)?.quote;
    const price = tryParse((long ? quote?.bidPrice : quote?.askPrice) ?? "");
    if (!price || price.units <= 0n) continue;
    const better = best && subtract(price, best.price).units;
    if (better === undefined || (long ? better > 0n : better < 0n)) best = { instrumentId: listing.instrumentId, price };
  }
  return best;
}

/** Sums of a currency. */
export interface Total {
  readonly currency: string;
  readonly realised: string;
  /** "" if a position of the currency has no current price. */
  readonly unrealised: string;
  readonly total: string;
}

export function totalsOf(lines: readonly PositionLine[]): readonly Total[] {
  const currencies = [...new Set(lines.map(({ position }) => position.currency))].sort();
  return currencies.map((currency) => {
    const group = lines.filter(({ position }) => position.currency === currency);
    return {
      currency,
      realised: sum(group.map(({ position }) => position.realisedProfit || "0")),
      unrealised: sum(group.map(({ unrealised }) => unrealised)),
      total: sum(group.map(({ total }) => total)),
    };
  });
}

/** The sum, or "" if a part is missing. */
function sum(parts: readonly string[]): string {
  return parts.includes("") ? "" : format(parts.map(parse).reduce(add, parse("0")));
}
