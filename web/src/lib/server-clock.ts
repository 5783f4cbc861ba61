/**
 * The mesh's clock as seen from here. Clocks of browsers are wrong by seconds and more, so the
 * age of data is computed on the server's clock: local time less the smallest difference any
 * heartbeat has shown (the one that was delayed least).
 */

import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Milliseconds since 1970 of a Timestamp. */
export function toMs(time: Timestamp): number {
  return Number(time.seconds) * 1000 + time.nanos / 1e6;
}

/** Heartbeats the smallest difference is taken over: two minutes at 2 s. */
const HEARTBEATS_KEPT = 60;

export class ServerClock {
  readonly #differences: number[] = [];
  #smallest: number | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  /** Takes the server's time from a heartbeat that arrived just now. */
  observe(serverTime: Timestamp | undefined): void {
    if (!serverTime) return;
    this.#differences.push(this.now() - toMs(serverTime));
    if (this.#differences.length > HEARTBEATS_KEPT) this.#differences.shift();
    this.#smallest = Math.min(...this.#differences);
  }

  /** By how many milliseconds this computer's clock is ahead of the mesh's, at most: the way of the fastest heartbeat is in it. Undefined before the first. */
  get offsetMs(): number | undefined {
    return this.#smallest;
  }

  /** Age of a server's time, in milliseconds; never negative. */
  ageMs(time: Timestamp): number {
    return Math.max(0, this.now() - (this.#smallest ?? 0) - toMs(time));
  }

  /** The server's time now, in milliseconds since 1970. */
  nowMs(): number {
    return this.now() - (this.#smallest ?? 0);
  }
}
