/** What the page has of svc_notify: the stream of notifications, and their history. Toasts come from here while the stream is live. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import type { Notification } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { NotificationService, type ListRequestSchema, type ListResponse, type WatchResponse } from "$gen/ordermesh/notify/v1/notification_service_pb.js";

import { ResumingStream, type StreamOptions } from "@ordermesh/client";
import type { BrowserNotices } from "./browser-notices";
import type { Notices } from "./notices";
import { aboutOf, kindWord, Notifications, toneOf } from "./notifications";

/** Unary calls end after this. */
export const CALL_TIMEOUT_MS = 10_000;

type History = MessageInitShape<typeof ListRequestSchema>;

/** What the page knows beside notifications. */
export interface Known {
  /** The text as the page names things: a routed order by its symbol. */
  textOf(notification: Notification): string;
  /** The page makes a toast about the same by itself. */
  shownElsewhere(notification: Notification): boolean;
}

export class Notify {
  readonly notifications = new Notifications();
  readonly stream: ResumingStream<WatchResponse>;

  readonly #client: Client<typeof NotificationService>;
  /** Panels that show notifications. */
  #readers = 0;

  /** With few connections the stream is open only while a panel shows notifications. */
  constructor(
    /** For the clients of panels that are fetched when they are opened. */
    readonly transport: Transport,
    options: StreamOptions,
    private readonly notices: Notices,
    readonly browser: BrowserNotices,
    private readonly fewConnections: boolean,
    private readonly known: Known,
  ) {
    this.#client = createClient(NotificationService, transport);
    this.notifications.onNew = (notification) => this.#show(notification);
    const open = (signal: AbortSignal): AsyncIterable<WatchResponse> => {
      const cursor = this.notifications.beginConnection();
      return this.#client.watch({ heartbeatS: options.heartbeatMs / 1_000, ...(cursor && { cursor }) }, { signal });
    };
    this.stream = new ResumingStream({ open, take: (frame) => this.notifications.take(frame.items) }, options);
  }

  /** Toasts come from here: while it is not so, the page makes them from what else it knows. */
  get live(): boolean {
    return this.stream.phase === "live";
  }

  start(): void {
    if (!this.fewConnections) this.stream.start();
  }

  /** Follows notifications until the returned function is called. */
  watch(): () => void {
    this.#readers++;
    this.stream.start();
    return () => {
      if (--this.#readers === 0 && this.fewConnections) this.stream.stop();
    };
  }

  /** A page of earlier notifications. The calls throw the mesh's refusal. */
  async list(request: History): Promise<ListResponse> {
    return this.#client.list(request, { timeoutMs: CALL_TIMEOUT_MS });
  }

  /** Marks notifications as read; all pages of the user get it by the stream. */
  async markRead(notificationIds: string[]): Promise<void> {
    await this.#client.markRead({ notificationIds }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  /** Marks all up to a sequence as read. */
  async markAllRead(upToSequence: bigint): Promise<void> {
    await this.#client.markRead({ upToSequence }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  #show(notification: Notification): void {
    if (!this.known.shownElsewhere(notification)) {
      this.notices.push(toneOf(notification), kindWord(notification.kind), this.known.textOf(notification), aboutOf(notification));
    }
    this.browser.show(notification);
  }
}
