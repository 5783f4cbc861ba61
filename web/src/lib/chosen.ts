/** What a person has chosen for a panel: it outlives the panel, and another tab of the user may set it, too. */

import { Emitter } from "@ordermesh/client";

export class Chosen<Value> extends Emitter {
  #value: Value;
  /** Called with what the person chose, to keep it. */
  onSet: (value: Value) => void = () => undefined;

  constructor(first: Value) {
    super();
    this.#value = first;
  }

  get value(): Value {
    return this.#value;
  }

  /** Sets what the person chose here. */
  set(value: Value): void {
    this.#value = value;
    this.changed();
    this.onSet(value);
  }

  /** Takes what was kept, or what another tab has set. */
  take(value: Value): void {
    this.#value = value;
    this.changed();
  }
}
