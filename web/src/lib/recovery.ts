/** Whether the order book was restored to an earlier state and waits for a person; asked again and again. */

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { GetStateResponse } from "$gen/ordermesh/oms/v1/recovery_service_pb.js";

import { Emitter } from "@ordermesh/client";

/** Milliseconds between two questions. */
export const ASK_INTERVAL_MS = 5_000;

export class RecoveryState extends Emitter {
  recovering = false;
  since: Date | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly ask: () => Promise<GetStateResponse>) {
    super();
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => void this.look(), ASK_INTERVAL_MS);
    void this.look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A question without an answer changes nothing: the page says elsewhere that it is reconnecting. */
  async look(): Promise<void> {
    let answer: GetStateResponse;
    try {
      answer = await this.ask();
    } catch {
      return;
    }
    this.recovering = answer.recovering;
    this.since = answer.since ? timestampDate(answer.since) : undefined;
    this.changed();
  }
}
