/** The notifications that the panel shows: what the stream has, and the earlier pages of the same filter. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";

import { type NotificationKind, NotificationsReadSchema, type Notification } from "$gen/ordermesh/notify/v1/notification_pb.js";
import type { ListResponse } from "$gen/ordermesh/notify/v1/notification_service_pb.js";
import { create } from "@bufbuild/protobuf";

import { Emitter, reasonWords, refusalOf } from "@ordermesh/client";
import { marked, newerFirst } from "$lib/notifications";

/** Notifications of a page that is read. */
export const PAGE_SIZE = 100;

/** Which notifications are wanted. */
export interface Filter {
  /** UNSPECIFIED: all. */
  readonly kind: NotificationKind;
  readonly unreadOnly: boolean;
}

/** What is asked of NotificationService.List. */
export interface PageRequest {
  readonly kinds: NotificationKind[];
  readonly unreadOnly: boolean;
  readonly pageSize: number;
  readonly pageToken: string;
}

export class History extends Emitter {
  filter: Filter = { kind: 0, unreadOnly: false };
  /** Read in pages, newest first. */
  read: readonly Notification[] = [];
  reading = false;
  /** There are no earlier ones. */
  complete = false;
  fault = "";

  #token = "";
  #run = 0;

  constructor(private readonly list: (request: PageRequest) => Promise<ListResponse>) {
    super();
  }

  /** Shows those of a filter, from the newest on. */
  show(filter: Filter): void {
    this.#run++;
    this.#token = "";
    Object.assign(this, { filter, read: [], reading: false, complete: false, fault: "" });
    void this.readOlder();
  }

  /** Reads the next page; where few fit, the mesh gives short ones, so it goes on until one has something. */
  async readOlder(): Promise<void> {
    if (this.reading || this.complete) return;
    const run = this.#run;
    this.reading = true;
    this.fault = "";
    this.changed();
    try {
      let found = 0;
      while (found === 0 && !this.complete) {
        const { kind, unreadOnly } = this.filter;
        const page = await this.list({ kinds: kind ? [kind] : [], unreadOnly, pageSize: PAGE_SIZE, pageToken: this.#token });
        if (run !== this.#run) return;
        this.read = [...this.read, ...page.notifications];
        this.#token = page.nextPageToken;
        this.complete = page.nextPageToken === "";
        found = page.notifications.length;
      }
    } catch (thrown) {
      if (run !== this.#run) return;
      const { reason, text } = refusalOf(thrown);
      this.fault = `${reason ? `${reasonWords(reason)}: ` : ""}${text}`;
    }
    this.reading = false;
    this.changed();
  }

  /** These were marked as read: what was read in pages does not come by the stream again. */
  mark(notificationIds: readonly string[], upToSequence: bigint, readAt: Timestamp): void {
    const read = create(NotificationsReadSchema, { notificationIds: [...notificationIds], upToSequence, readAt });
    this.read = this.read.map((one) => marked(one, read));
    this.changed();
  }

  /** What the stream has and fits, and what was read in pages, once each, newest first. */
  rows(newest: readonly Notification[]): readonly Notification[] {
    const all = new Map(this.read.map((one) => [one.notificationId, one]));
    for (const one of newest) if (this.#fits(one)) all.set(one.notificationId, one);
    return [...all.values()].filter((one) => !this.filter.unreadOnly || !one.readAt).sort(newerFirst);
  }

  #fits({ kind }: Notification): boolean {
    return this.filter.kind === 0 || kind === this.filter.kind;
  }
}
