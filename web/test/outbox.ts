import type { ConnectError } from "@connectrpc/connect";

/** Items on their way to one reader; ends by `fail`. */
export class Outbox<T> {
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;
  #error: ConnectError | undefined;

  push(...items: T[]): void {
    this.#items.push(...items);
    this.#wake?.();
  }
  fail(error: ConnectError): void {
    this.#error = error;
    this.#wake?.();
  }
  async *frames(signal: AbortSignal): AsyncGenerator<{ items: T[] }> {
    signal.addEventListener("abort", () => this.#wake?.());
    while (!signal.aborted) {
      if (this.#items.length > 0) yield { items: this.#items.splice(0) };
      else if (this.#error) throw this.#error;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
