/**
 * The user's notifications, kept from their stream: the newest ones, new ones as they come, and what
 * was marked as read on any device. Sequences rise, with gaps: a reader sees its own only. Earlier
 * notifications are read in pages by the panel that shows them.
 */

import { NotificationKind, Severity, type Notification, type NotificationItem, type NotificationsRead } from "$gen/ordermesh/notify/v1/notification_pb.js";
import type { Cursor } from "$gen/ordermesh/type/v1/stream_pb.js";

import { drainWish, Emitter, type Wish } from "@ordermesh/client";
import type { NoticeTone } from "./notices";

/** Notifications kept of the stream; the oldest leave first, and are read in pages when they are wanted. */
export const KEPT_MAX = 1_000;

export class Notifications extends Emitter {
  /** Called for each new notification while the stream is live, once. */
  onNew: (notification: Notification) => void = () => undefined;

  #known: readonly Notification[] = [];
  /** The snapshot being received; shown only when whole. */
  #incoming: Notification[] | undefined;
  #cursor: { epoch: string; sequence: bigint } | undefined;
  #live = false;

  /** Newest first. */
  get newest(): readonly Notification[] {
    return this.#known;
  }

  /** Of those that are kept. */
  get unread(): number {
    return this.#known.reduce((count, one) => count + (one.readAt ? 0 : 1), 0);
  }

  /** Sequence of the last item taken; undefined before the first snapshot. */
  get sequence(): bigint | undefined {
    return this.#cursor?.sequence;
  }

  /** A connection begins; the answer is where it resumes. */
  beginConnection(): { epoch: string; sequence: bigint } | undefined {
    this.#live = false;
    this.#incoming = this.#cursor ? undefined : [];
    return this.#cursor;
  }

  take(items: readonly NotificationItem[]): Wish | undefined {
    const wish: Wish = {};
    for (const { item } of items) Object.assign(wish, this.#takeItem(item));
    this.#live ||= wish.live ?? false;
    this.changed();
    return wish;
  }

  #takeItem(item: NotificationItem["item"]): Wish | undefined {
    switch (item.case) {
      case "snapshot":
        this.#incoming?.push(item.value);
        return undefined;
      case "snapshotComplete":
        if (this.#incoming) this.#known = this.#incoming.sort(newerFirst);
        this.#incoming = undefined;
        this.#advance(item.value.cursor);
        return { live: true };
      case "event":
        this.#add(item.value);
        return undefined;
      case "read":
        this.#read(item.value);
        return undefined;
      case "heartbeat":
        if (this.#incoming) return undefined;
        this.#advance(item.value.highWater);
        return { live: true };
      case "resync":
        this.#cursor = undefined;
        this.#incoming = [];
        return undefined;
      case "drain":
        return drainWish(item.value);
      default:
        return undefined;
    }
  }

  #add(notification: Notification): void {
    if (this.#cursor && notification.sequence <= this.#cursor.sequence) return;
    if (this.#cursor) this.#cursor.sequence = notification.sequence;
    this.#known = [notification, ...this.#known].slice(0, KEPT_MAX);
    if (this.#live) this.onNew(notification);
  }

  #read(read: NotificationsRead): void {
    this.#known = this.#known.map((one) => marked(one, read));
  }

  /** Sequences of others lie between: a heartbeat says up to which one everything was sent. */
  #advance(cursor: Cursor | undefined): void {
    if (!cursor || (this.#cursor?.epoch === cursor.epoch && this.#cursor.sequence > cursor.sequence)) return;
    this.#cursor = { epoch: cursor.epoch, sequence: cursor.sequence };
  }
}

export function newerFirst(a: Notification, b: Notification): number {
  return a.sequence < b.sequence ? 1 : a.sequence > b.sequence ? -1 : 0;
}

/** A notification after others, or itself, were marked as read. One that was read keeps its time. */
export function marked(one: Notification, { notificationIds, upToSequence, readAt }: NotificationsRead): Notification {
  if (one.readAt || !readAt) return one;
  return notificationIds.includes(one.notificationId) || one.sequence <= upToSequence ? { ...one, readAt } : one;
}

/** Kinds with their words, in the order in which they are offered. */
export const KINDS: ReadonlyMap<NotificationKind, string> = new Map([
  [NotificationKind.FILL, "Execution"],
  [NotificationKind.ORDER_CLOSED, "Order closed"],
  [NotificationKind.REJECT, "Rejected"],
  [NotificationKind.UNKNOWN, "Outcome unknown"],
  [NotificationKind.ANOMALY, "Anomaly"],
  [NotificationKind.REPORT_PARKED, "Report parked"],
  [NotificationKind.LIMIT_HIT, "Limit hit"],
  [NotificationKind.LIMIT_NEAR, "Limit near"],
  [NotificationKind.KILL_SWITCH, "Kill switch"],
  [NotificationKind.SESSION_DOWN, "Session down"],
  [NotificationKind.SESSION_UP, "Session up"],
  [NotificationKind.PRICE_ALERT, "Price alert"],
  [NotificationKind.APPROVAL_WAITING, "Waits for approval"],
  [NotificationKind.RECONCILE_DIFFERENCE, "Reconcile difference"],
]);

/** A kind that this page does not know is named as the contract names it. */
export function kindWord(kind: NotificationKind): string {
  return KINDS.get(kind) ?? (NotificationKind[kind] as string | undefined)?.replaceAll("_", " ").toLowerCase() ?? `kind ${String(kind)}`;
}

export const SEVERITIES: ReadonlyMap<Severity, string> = new Map([
  [Severity.INFO, "info"],
  [Severity.WARNING, "warning"],
  [Severity.CRITICAL, "critical"],
]);

const GOOD = new Set([NotificationKind.FILL, NotificationKind.ORDER_CLOSED, NotificationKind.SESSION_UP]);

/** The colour family of a notification; its kind and text are beside it. */
export function toneOf({ kind, severity }: Notification): NoticeTone {
  if (severity === Severity.CRITICAL || kind === NotificationKind.REJECT) return "bad";
  if (severity === Severity.WARNING) return "doubt";
  return GOOD.has(kind) ? "good" : "info";
}

/** What a toast is about: a newer one about the same takes its place. */
export function aboutOf({ kind, orderId, sessionId, objectId }: Notification): string {
  const subject = orderId || sessionId || objectId;
  return subject && `${String(kind)} of ${subject}`;
}
