/** How plain stores inform their readers of a change. */

/** A store that a view can follow. */
export interface Observable {
  subscribe(listener: () => void): () => void;
}

/** Keeps listeners and calls them; a listener gets no value and reads the store itself. */
export class Emitter implements Observable {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
