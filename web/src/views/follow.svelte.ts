/** The bridge from plain stores to runes. */

import { untrack } from "svelte";
import { createSubscriber } from "svelte/reactivity";

import { type Observable } from "@ordermesh/client";

/**
 * Reads a store reactively. After `const book = follow(() => desk.orders)`, `$derived(book.now.orders)` is read again when the store reports a
 * change. Changes are drawn at most once per frame of the screen.
 */
export function follow<Store extends Observable>(get: () => Store): { readonly now: Store } {
  const subscribe = createSubscriber((update) => {
    let frame: number | undefined;
    const unsubscribe = untrack(get).subscribe(() => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        update();
      });
    });
    return () => {
      unsubscribe();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  });
  return {
    get now() {
      subscribe();
      return get();
    },
  };
}

/** A clock that ticks for the views: `ticking(250).ms` is `performance.now()`, read again every 250 ms. */
export function ticking(everyMs: number): { readonly ms: number } {
  const subscribe = createSubscriber((update) => {
    const timer = setInterval(update, everyMs);
    return () => clearInterval(timer);
  });
  return {
    get ms() {
      subscribe();
      return performance.now();
    },
  };
}
