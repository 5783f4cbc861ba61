/**
 * The orders of the caller's accounts, kept from the order stream by its sequences: a snapshot
 * replaces what was held, each event must follow the one before, a repeat changes nothing, and a
 * hole is never skipped but read again. Orders are kept as the stream carries them: none is
 * derived from events.
 */

import type { OrderEvent, OrderStreamItem } from "../../../gen/ts/ordermesh/oms/v1/event_pb.js";
import type { Order } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";
import { GapKind, type Cursor, type Gap, type SnapshotComplete } from "../../../gen/ts/ordermesh/type/v1/stream_pb.js";

import { Emitter } from "./emitter.js";
import { isForeign } from "./order-states.js";
import { drainWish, type Wish } from "./stream.js";

/** Events kept per order for its trail; the oldest leave first. */
export const TRAIL_EVENTS_MAX = 200;

/** The known part of one account's log. */
interface AccountLog {
  readonly accountId: string;
  orders: Map<string, Order>;
  /** Undefined until a first snapshot is whole. */
  cursor: { epoch: string; sequence: bigint } | undefined;
  /** The snapshot being received; shown only when whole. */
  incoming: Map<string, Order> | undefined;
  /** Caught up on the present connection. */
  caughtUp: boolean;
  /** Events whose order is still to come, with a later event of their batch; by order. */
  unsettled: Map<string, OrderEvent[]>;
  /** High water of the last heartbeat that was above the last event received. */
  suspect: bigint | undefined;
  /** Where the last hole was; if it is there again, the account is read anew. */
  holeAt: bigint | undefined;
}

/** A live event, and the order after it or after a later event of its batch; for notices. */
export interface OrderChange {
  readonly event: OrderEvent;
  readonly order: Order;
}

/** A venue whose link is down, as the OMS reported. */
export interface LinkGap {
  readonly channel: string;
  readonly text: string;
}

export class OrderBook extends Emitter {
  /** Venues whose link is down, by channel. */
  readonly linksDown = new Map<string, LinkGap>();
  /** Holes met since the page was loaded; each was read again. */
  holes = 0;
  /** Events that came twice; each was skipped. */
  repeats = 0;
  /** Called for each live event, once. */
  onChange: (change: OrderChange) => void = () => undefined;

  readonly #orderReaders = new Set<(order: Order | undefined) => void>();
  readonly #accounts = new Map<string, AccountLog>();
  readonly #trails = new Map<string, OrderEvent[]>();
  #sorted: Order[] | undefined;
  /** Orders that changed since `#sorted` was made. */
  readonly #touched = new Map<string, Order>();

  constructor(accountIds: readonly string[]) {
    super();
    for (const accountId of accountIds) this.#account(accountId);
  }

  /** All orders, newest first. */
  get orders(): readonly Order[] {
    // ULIDs sort by time of acceptance.
    this.#sorted ??= [...this.#accounts.values()]
      .flatMap((account) => [...account.orders.values()])
      .sort((a, b) => (a.orderId < b.orderId ? 1 : -1));
    if (this.#touched.size > 0) this.#sorted = merged(this.#sorted, this.#touched);
    this.#touched.clear();
    return this.#sorted;
  }

  /** Calls `told` with each order that is added or replaced, and with undefined when a snapshot replaces all of an account, until the returned function is called. */
  onOrder(told: (order: Order | undefined) => void): () => void {
    this.#orderReaders.add(told);
    return () => this.#orderReaders.delete(told);
  }

  get(orderId: string): Order | undefined {
    for (const account of this.#accounts.values()) {
      const order = account.orders.get(orderId);
      if (order) return order;
    }
    return undefined;
  }

  findByKey(idempotencyKey: string): Order | undefined {
    return this.orders.find((order) => order.idempotencyKey === idempotencyKey);
  }

  /** Events of an order seen by this page, oldest first. */
  trail(orderId: string): readonly OrderEvent[] {
    return this.#trails.get(orderId) ?? [];
  }

  /** Sequence of the last event taken, by account; an account without one is not there yet. */
  get sequences(): ReadonlyMap<string, bigint> {
    return new Map([...this.#accounts.values()].flatMap(({ accountId, cursor }) => (cursor ? [[accountId, cursor.sequence]] : [])));
  }

  /** Where to resume each account; a connection begins. */
  beginConnection(): { accountId: string; cursor: { epoch: string; sequence: bigint } | undefined }[] {
    // Reported again at the start of each connection.
    this.linksDown.clear();
    return [...this.#accounts.values()].map((account) => {
      account.caughtUp = false;
      account.suspect = undefined;
      account.incoming = undefined;
      return { accountId: account.accountId, cursor: account.cursor };
    });
  }

  /** Takes the items of one frame, in order. */
  take(items: readonly OrderStreamItem[]): Wish | undefined {
    const wish: Wish = {};
    for (const item of items) {
      Object.assign(wish, this.#takeItem(item));
      if (wish.reopen !== undefined) break;
    }
    wish.live = this.#accounts.size > 0 && [...this.#accounts.values()].every((account) => account.caughtUp);
    this.changed();
    return wish;
  }

  #takeItem({ item, order }: OrderStreamItem): Wish | undefined {
    switch (item.case) {
      case "event":
        return this.#takeEvent(item.value, order);
      case "snapshot": {
        const account = this.#account(item.value.accountId);
        account.incoming ??= new Map();
        account.incoming.set(item.value.orderId, item.value);
        return undefined;
      }
      case "snapshotComplete":
        this.#complete(item.value);
        return undefined;
      case "heartbeat":
        return this.#heartbeat(item.value.channel, item.value.highWater);
      case "resync":
        for (const account of this.#named(item.value.channel)) {
          account.cursor = undefined;
          account.caughtUp = false;
          account.incoming = new Map();
        }
        return undefined;
      case "gap":
        this.#gap(item.value);
        return undefined;
      case "slowConsumer":
        return { reopen: "this page was too slow; resuming" };
      case "drain":
        return drainWish(item.value);
      case undefined:
        return undefined;
    }
  }

  #takeEvent(event: OrderEvent, order: Order | undefined): Wish | undefined {
    const account = this.#account(event.accountId);
    const { cursor } = account;
    if (!cursor) return this.#readAnew(account, "an event came before its snapshot");
    if (event.sequence <= cursor.sequence) {
      this.repeats++;
      return undefined;
    }
    if (event.sequence !== cursor.sequence + 1n) return this.#hole(account);
    if (isForeign(event)) return this.#readAnew(account, "an event of a kind this page does not know");
    cursor.sequence = event.sequence;
    if (event.orderId === "") return undefined;
    this.#remember(event);
    const events = [...(account.unsettled.get(event.orderId) ?? []), event];
    if (order) this.#settle(account, order, events);
    else account.unsettled.set(event.orderId, events);
    return undefined;
  }

  /** Replaces the copy of an order, unless it is newer: a replay brings orders as they are stored. */
  #settle(account: AccountLog, carried: Order, events: readonly OrderEvent[]): void {
    const held = account.orders.get(carried.orderId);
    const order = held && held.lastSequence >= carried.lastSequence ? held : carried;
    account.unsettled.delete(order.orderId);
    account.orders.set(order.orderId, order);
    this.#touched.set(order.orderId, order);
    for (const told of this.#orderReaders) told(order);
    for (const event of events) this.onChange({ event, order });
  }

  #remember(event: OrderEvent): void {
    const trail = this.#trails.get(event.orderId) ?? [];
    this.#trails.set(event.orderId, [...trail, event].slice(-TRAIL_EVENTS_MAX));
  }

  #complete({ channel, cursor }: SnapshotComplete): void {
    for (const account of this.#named(channel)) {
      // A resumed account that needed no snapshot may still be reported as complete.
      if (account.incoming || !account.cursor) {
        account.orders = account.incoming ?? new Map();
        account.unsettled.clear();
        this.#touched.clear();
        this.#sorted = undefined;
        for (const told of this.#orderReaders) told(undefined);
      }
      account.incoming = undefined;
      account.cursor = advanced(account.cursor, cursor);
      account.caughtUp = true;
    }
  }

  #heartbeat(channel: string, highWater: Cursor | undefined): Wish | undefined {
    for (const account of this.#named(channel)) {
      if (!account.cursor || !highWater) continue;
      if (highWater.epoch !== account.cursor.epoch) return this.#readAnew(account, "the order log began a new epoch");
      if (highWater.sequence <= account.cursor.sequence) {
        account.caughtUp = true;
        account.suspect = undefined;
      } else if (account.suspect !== undefined && account.cursor.sequence < account.suspect) {
        // One heartbeat may overtake events; a second one does not.
        return this.#hole(account);
      } else {
        account.suspect = highWater.sequence;
      }
    }
    return undefined;
  }

  #hole(account: AccountLog): Wish {
    this.holes++;
    const at = account.cursor?.sequence;
    if (account.holeAt !== undefined && account.holeAt === at) {
      return this.#readAnew(account, "the same events are missing again; reading everything anew");
    }
    account.holeAt = at;
    return { reopen: `events after ${at ?? 0n} are missing; resuming there` };
  }

  #readAnew(account: AccountLog, why: string): Wish {
    account.cursor = undefined;
    account.holeAt = undefined;
    return { reopen: why };
  }

  #gap(gap: Gap): void {
    if (gap.kind === GapKind.LINK_UP) this.linksDown.delete(gap.channel);
    else if (gap.kind === GapKind.LINK_DOWN) {
      this.linksDown.set(gap.channel, { channel: gap.channel, text: gap.text });
    }
  }

  #named(channel: string): AccountLog[] {
    return channel === "" ? [...this.#accounts.values()] : [this.#account(channel)];
  }

  #account(accountId: string): AccountLog {
    let account = this.#accounts.get(accountId);
    if (!account) {
      account = {
        accountId,
        orders: new Map(),
        cursor: undefined,
        incoming: undefined,
        unsettled: new Map(),
        caughtUp: false,
        suspect: undefined,
        holeAt: undefined,
      };
      this.#accounts.set(accountId, account);
    }
    return account;
  }
}

/** A sorted list with some orders replaced or added: under load, a frame touches few of many. */
function merged(sorted: readonly Order[], touched: ReadonlyMap<string, Order>): Order[] {
  const added = new Map(touched);
  const kept = sorted.map((order) => {
    const newer = added.get(order.orderId);
    if (!newer) return order;
    added.delete(order.orderId);
    return newer;
  });
  for (const order of added.values()) {
    const at = kept.findIndex((other) => other.orderId < order.orderId);
    kept.splice(at < 0 ? kept.length : at, 0, order);
  }
  return kept;
}

function advanced(
  held: AccountLog["cursor"],
  reported: Cursor | undefined,
): { epoch: string; sequence: bigint } | undefined {
  if (!reported) return held;
  if (held && held.epoch === reported.epoch && held.sequence > reported.sequence) return held;
  return { epoch: reported.epoch, sequence: reported.sequence };
}
