/** What waits for a person: parked messages and statements, kept from their stream. */

import { ParkedState, type ParkedItem, type ParkedServiceWatchResponse } from "$gen/ordermesh/oms/v1/parked_service_pb.js";
import { StatementState, type Statement } from "$gen/ordermesh/oms/v1/statement_pb.js";

import { drainWish, Emitter, type Wish } from "@ordermesh/client";

interface Waiting {
  readonly messages: Map<bigint, ParkedItem>;
  readonly statements: Map<string, Statement>;
}

const nothing = (): Waiting => ({ messages: new Map(), statements: new Map() });

export class Parked extends Emitter {
  #known = nothing();
  /** The snapshot being received; shown only when whole. */
  #incoming: Waiting | undefined;

  /** Open messages, newest first. */
  get messages(): readonly ParkedItem[] {
    return [...this.#known.messages.values()].sort((a, b) => (a.parkedId < b.parkedId ? 1 : -1));
  }

  /** Statements that wait for a second person, newest first. */
  get statements(): readonly Statement[] {
    return [...this.#known.statements.values()].sort((a, b) => (a.statementId < b.statementId ? 1 : -1));
  }

  /** A stream always begins with everything that is open. */
  beginConnection(): void {
    this.#incoming = nothing();
  }

  take({ item }: ParkedServiceWatchResponse): Wish | undefined {
    const into = this.#incoming ?? this.#known;
    let wish: Wish | undefined;
    switch (item.case) {
      case "parked":
        if (item.value.state === ParkedState.OPEN) into.messages.set(item.value.parkedId, item.value);
        else into.messages.delete(item.value.parkedId);
        break;
      case "statement":
        if (item.value.state === StatementState.PROPOSED) into.statements.set(item.value.statementId, item.value);
        else into.statements.delete(item.value.statementId);
        break;
      case "snapshotComplete":
        this.#known = into;
        this.#incoming = undefined;
        wish = { live: true };
        break;
      case "drain":
        wish = drainWish(item.value);
        break;
      default:
        break;
    }
    this.changed();
    return wish;
  }
}

/** "2 parked messages, 1 statement waits for a second person": empty if nothing waits. */
export function waitingWords(messages: number, statements: number, changes = 0, held = 0): string {
  const parts = [];
  if (messages) parts.push(messages === 1 ? "1 parked message" : `${messages} parked messages`);
  for (const [count, what] of [[held, "held order"], [statements, "statement"], [changes, "looser control"]] as const) {
    if (count === 1) parts.push(`1 ${what} waits for a second person`);
    else if (count) parts.push(`${count} ${what}s wait for a second person`);
  }
  return parts.join(", ");
}
