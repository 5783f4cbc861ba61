/** Kill switches in force that can block the caller or that it may see, kept from their stream. */

import { KillSwitchState, type KillScope, type KillSwitch } from "$gen/ordermesh/oms/v1/kill_switch_pb.js";
import type { KillSwitchItem } from "$gen/ordermesh/oms/v1/kill_switch_service_pb.js";

import { drainWish, Emitter, type Wish } from "@ordermesh/client";

/** States in which new orders and replaces are refused. */
const BLOCKING = new Set([KillSwitchState.ENGAGING, KillSwitchState.ENGAGED]);

export class KillSwitches extends Emitter {
  #known = new Map<string, KillSwitch>();
  /** The snapshot being received; shown only when whole. */
  #incoming: Map<string, KillSwitch> | undefined;

  /** What blocks now, newest first. */
  get inForce(): readonly KillSwitch[] {
    // ULIDs sort by time.
    return [...this.#known.values()]
      .filter((one) => BLOCKING.has(one.state) && !one.drill)
      .sort((a, b) => (a.switchId < b.switchId ? 1 : -1));
  }

  /** A stream always begins with a snapshot. */
  beginConnection(): void {
    this.#incoming = new Map();
  }

  take(items: readonly KillSwitchItem[]): Wish | undefined {
    let wish: Wish | undefined;
    for (const { item } of items) {
      switch (item.case) {
        case "snapshot":
          this.#incoming?.set(item.value.switchId, item.value);
          break;
        case "snapshotComplete":
          this.#known = this.#incoming ?? this.#known;
          this.#incoming = undefined;
          wish = { ...wish, live: true };
          break;
        case "changed":
          this.#known.set(item.value.switchId, item.value);
          break;
        case "drain":
          wish = { ...wish, ...drainWish(item.value) };
          break;
        default:
          break;
      }
    }
    this.changed();
    return wish;
  }
}

/** "account ACC-ALICE, listing ASML.SIMA", "desk DEMO/CASH". */
export function scopeWords(scope: KillScope | undefined): string {
  const ofDesk = scope?.firmId && scope.deskId;
  const words: [string, string | undefined][] = [
    ["firm", ofDesk ? "" : scope?.firmId],
    ["desk", ofDesk ? `${scope.firmId}/${scope.deskId}` : scope?.deskId],
    ["account", scope?.accountId],
    ["trader", scope?.trader],
    ["algorithm", scope?.algorithmId],
    ["session", scope?.sessionId],
    ["venue", scope?.venueMic],
    ["listing", scope?.instrumentId],
  ];
  return words.flatMap(([word, name]) => (name ? [`${word} ${name}`] : [])).join(", ");
}

/** "rita (01JD...)": who did something, by the stored name; only the id if there is none. */
export function personName(subject: string, name: string): string {
  return name && name !== subject ? `${name} (${subject})` : subject;
}
