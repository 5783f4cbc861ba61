/** Delays between attempts: at once, then exponential with full jitter. */

/** The limits of a backoff, in milliseconds. */
export interface BackoffLimits {
  /** Upper bound of the second delay; the first is 0. */
  readonly baseMs: number;
  /** No delay is longer. */
  readonly capMs: number;
  /** A connection healthy for this long makes the next delay the first again. */
  readonly resetAfterMs: number;
}

export const BACKOFF: BackoffLimits = { baseMs: 500, capMs: 8_000, resetAfterMs: 30_000 };

/** Counts attempts and gives the delay before the next one. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly random: () => number = Math.random,
    private readonly limits: BackoffLimits = BACKOFF,
  ) {}

  /** Attempts that failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const failed = this.#failures++;
    if (failed === 0) return 0;
    const bound = Math.min(this.limits.capMs, this.limits.baseMs * 2 ** Math.min(failed - 1, 16));
    return Math.round(this.random() * bound);
  }

  /** Forgets failures if the connection that just ended was healthy long enough. */
  ended(healthyForMs: number): void {
    if (healthyForMs >= this.limits.resetAfterMs) this.#failures = 0;
  }
}
