/** A state of the mesh that has no stream: it is asked for at once, and again and again. */

import { Emitter } from "@ordermesh/client";

/** Milliseconds between two questions. */
export const ASK_INTERVAL_MS = 5_000;

export abstract class Asking<Answer> extends Emitter {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly ask: () => Promise<Answer>) {
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
    let answer: Answer;
    try {
      answer = await this.ask();
    } catch {
      return;
    }
    this.take(answer);
    this.changed();
  }

  protected abstract take(answer: Answer): void;
}
