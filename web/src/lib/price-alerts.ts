/** The user's price alerts, kept from their stream by its sequences; those that are over are read when a panel shows them. */

import { AlertCondition, AlertPrice, AlertState, type AlertItem, type PriceAlert } from "$gen/ordermesh/marketdata/v1/price_alert_pb.js";
import type { Cursor } from "$gen/ordermesh/type/v1/stream_pb.js";

import { drainWish, Emitter, type Wish } from "@ordermesh/client";

export class PriceAlerts extends Emitter {
  /** Called for each alert that fires while the stream is live, once. */
  onFired: (alert: PriceAlert) => void = () => undefined;

  #known = new Map<string, PriceAlert>();
  /** The snapshot being received; shown only when whole. */
  #incoming: Map<string, PriceAlert> | undefined;
  #cursor: { epoch: string; sequence: bigint } | undefined;
  #live = false;

  /** Those that wait for their price, newest first. */
  get active(): readonly PriceAlert[] {
    return this.#sorted((one) => one.state === AlertState.ACTIVE, (one) => one.alertId);
  }

  /** Those that fired or ended, the last one first. */
  get over(): readonly PriceAlert[] {
    return this.#sorted((one) => one.state !== AlertState.ACTIVE, (one) => String(one.endedAt?.seconds ?? 0n).padStart(12, "0") + one.alertId);
  }

  /** Sequence of the last item taken; undefined before the first snapshot. */
  get sequence(): bigint | undefined {
    return this.#cursor?.sequence;
  }

  /** A connection begins; the answer is where it resumes. */
  beginConnection(): { epoch: string; sequence: bigint } | undefined {
    this.#live = false;
    this.#incoming = this.#cursor ? undefined : new Map();
    return this.#cursor;
  }

  /** Takes alerts that were read or made by a call. What the stream said since is newer. */
  put(alerts: readonly PriceAlert[]): void {
    for (const alert of alerts) {
      if (this.#known.get(alert.alertId)?.state !== AlertState.ACTIVE && this.#known.has(alert.alertId)) continue;
      this.#known.set(alert.alertId, alert);
    }
    this.changed();
  }

  take(items: readonly AlertItem[]): Wish | undefined {
    let wish: Wish = {};
    for (const { item } of items) {
      wish = { ...wish, ...this.#takeItem(item) };
      if (wish.reopen !== undefined) break;
    }
    this.#live ||= wish.live ?? false;
    this.changed();
    return wish;
  }

  #takeItem(item: AlertItem["item"]): Wish | undefined {
    switch (item.case) {
      case "snapshot":
        this.#incoming?.set(item.value.alertId, item.value);
        return undefined;
      case "snapshotComplete":
        this.#complete(item.value.cursor);
        return { live: true };
      case "event": {
        const { sequence, alert } = item.value;
        if (!this.#cursor || sequence > this.#cursor.sequence + 1n) return this.#readAnew();
        if (sequence <= this.#cursor.sequence || !alert) return undefined;
        this.#cursor.sequence = sequence;
        this.#known.set(alert.alertId, alert);
        if (alert.state === AlertState.FIRED && this.#live) this.onFired(alert);
        return undefined;
      }
      case "heartbeat":
        if (!this.#cursor || this.#incoming) return undefined;
        return (item.value.highWater?.sequence ?? 0n) > this.#cursor.sequence ? this.#readAnew() : { live: true };
      case "resync":
        this.#cursor = undefined;
        this.#incoming = new Map();
        return undefined;
      case "drain":
        return drainWish(item.value);
      default:
        return undefined;
    }
  }

  #complete(cursor: Cursor | undefined): void {
    if (this.#incoming) {
      const over = [...this.#known].filter(([, { state }]) => state !== AlertState.ACTIVE);
      this.#known = new Map([...over, ...this.#incoming]);
    }
    this.#incoming = undefined;
    if (cursor) this.#cursor = { epoch: cursor.epoch, sequence: cursor.sequence };
  }

  #readAnew(): Wish {
    this.#cursor = undefined;
    return { reopen: "a change of an alert is missing; reading anew" };
  }

  #sorted(fits: (alert: PriceAlert) => boolean, key: (alert: PriceAlert) => string): readonly PriceAlert[] {
    return [...this.#known.values()].filter(fits).sort((a, b) => (key(a) < key(b) ? 1 : -1));
  }
}

const PRICES: Readonly<Record<AlertPrice, string>> = {
  [AlertPrice.UNSPECIFIED]: "last",
  [AlertPrice.LAST]: "last",
  [AlertPrice.BID]: "bid",
  [AlertPrice.ASK]: "ask",
  [AlertPrice.MID]: "middle",
};

/** "last" for LAST; a price that this page does not know is shown by its number. */
export function alertPriceWord(price: AlertPrice): string {
  return PRICES[price] ?? `price ${String(price)}`;
}

/** "ASML.SIMA last at or above 700, −5 % of 736.8". */
export function conditionWords(alert: PriceAlert): string {
  const side = alert.condition === AlertCondition.ABOVE ? "at or above" : alert.condition === AlertCondition.BELOW ? "at or below" : `condition ${String(alert.condition)}`;
  const of = alert.percent ? `, ${alert.percent.replace("-", "−")} % of ${alert.referencePrice}` : "";
  return `${alert.instrumentId} ${alertPriceWord(alert.price)} ${side} ${alert.threshold}${of}`;
}

/** What became of an alert, in a word and why. */
export function alertStateWords(alert: PriceAlert): string {
  const words: Readonly<Partial<Record<AlertState, string>>> = {
    [AlertState.ACTIVE]: "waits",
    [AlertState.FIRED]: alert.firedPrice ? `fired at ${alert.firedPrice}` : "fired",
    [AlertState.EXPIRED]: "expired",
    [AlertState.CANCELED]: "removed",
    [AlertState.ENDED]: "ended",
  };
  const word = words[alert.state] ?? `state ${String(alert.state)}`;
  return alert.endedText && alert.state !== AlertState.FIRED ? `${word}: ${alert.endedText}` : word;
}
