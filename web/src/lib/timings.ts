/** Measured times of the page's own session: how long commands take, as a person feels them. */

import { Emitter } from "@ordermesh/client";

/** Measurements kept of each kind; the oldest leave first. */
export const SAMPLES_MAX = 500;

/** What is measured from the press of a button. */
export type Measure = "answered" | "acknowledged";

export interface Percentiles {
  readonly count: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export class Timings extends Emitter {
  readonly #samples = new Map<Measure, number[]>();
  /** Orders on their way to a venue, with the instant at which their button was pressed. */
  readonly #pressed = new Map<string, number>();
  /** First reports of orders whose answer has not come yet: the stream may be faster. */
  readonly #early = new Map<string, number>();

  constructor(private readonly now: () => number = () => performance.now()) {
    super();
  }

  /** Measures a command from now until its answer. */
  async answered<T>(call: () => Promise<T>): Promise<{ answer: T; pressedAt: number }> {
    const pressedAt = this.now();
    const answer = await call();
    this.#add("answered", this.now() - pressedAt);
    return { answer, pressedAt };
  }

  /** An order was accepted: its time runs until the venue's first report of it. */
  placed(orderId: string, pressedAt: number): void {
    const reportedAt = this.#early.get(orderId);
    if (reportedAt === undefined) keep(this.#pressed, orderId, pressedAt);
    else this.#add("acknowledged", reportedAt - pressedAt);
  }

  /** The venue acknowledged, executed or refused an order. */
  reported(orderId: string): void {
    const pressedAt = this.#pressed.get(orderId);
    this.#pressed.delete(orderId);
    if (pressedAt !== undefined) this.#add("acknowledged", this.now() - pressedAt);
    else if (!this.#early.has(orderId)) keep(this.#early, orderId, this.now());
  }

  /** Undefined before the first measurement. */
  of(measure: Measure): Percentiles | undefined {
    const sorted = [...(this.#samples.get(measure) ?? [])].sort((a, b) => a - b);
    if (sorted.length === 0) return undefined;
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
  }

  #add(measure: Measure, ms: number): void {
    const samples = this.#samples.get(measure) ?? [];
    this.#samples.set(measure, [...samples, ms].slice(-SAMPLES_MAX));
    this.changed();
  }
}

/** Keeps an instant, and as many as measurements at most. */
function keep(into: Map<string, number>, orderId: string, at: number): void {
  into.set(orderId, at);
  const [oldest] = into.keys();
  if (into.size > SAMPLES_MAX && oldest !== undefined) into.delete(oldest);
}
