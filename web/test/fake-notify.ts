/** The part of the mesh in memory that notifies: a stream, its history, what is read, and rules. */

import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";

import { DestinationService } from "$gen/ordermesh/notify/v1/destination_service_pb.js";
import { NotificationItemSchema, NotificationSchema, type Notification, type NotificationItem } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { NotificationService } from "$gen/ordermesh/notify/v1/notification_service_pb.js";
import { RuleSchema, type Rule } from "$gen/ordermesh/notify/v1/rule_pb.js";
import { RuleService } from "$gen/ordermesh/notify/v1/rule_service_pb.js";

import { EPOCH } from "../../clients/typescript/test/builders";

import { Outbox } from "./outbox";

/** Newest notifications that a stream begins with. */
const SNAPSHOT_MAX = 200;

export class FakeNotify {
  readonly stored: Notification[] = [];
  readonly rules = new Map<string, Rule>();
  /** False: the mesh has no svc_notify. */
  serves = true;
  readonly #readers = new Set<Outbox<NotificationItem>>();

  /** Stores a notification and sends it to every reader; sequences have gaps. */
  notify(changes: Partial<Omit<Notification, "$typeName">>): Notification {
    const sequence = BigInt((this.stored.length + 1) * 10);
    const made = create(NotificationSchema, { notificationId: `N${String(sequence)}`, sequence, occurredAt: timestampNow(), ...changes });
    this.stored.push(made);
    this.#send({ case: "event", value: made });
    return made;
  }

  heartbeat(): void {
    this.#send({ case: "heartbeat", value: { serverTime: timestampNow(), highWater: { epoch: EPOCH, sequence: this.#last() } } as never });
  }

  register({ service }: ConnectRouter): void {
    service(NotificationService, {
      watch: ({ cursor }, { signal }) => {
        if (!this.serves) throw new ConnectError("no such service", Code.Unimplemented);
        return this.#watch(cursor?.sequence, signal);
      },
      list: ({ kinds, unreadOnly, pageToken, pageSize }) => {
        const fitting = this.stored.filter((one) => (kinds.length === 0 || kinds.includes(one.kind)) && !(unreadOnly && one.readAt)).reverse();
        const from = Number(pageToken || "0");
        const next = from + pageSize;
        return { notifications: fitting.slice(from, next), nextPageToken: next < fitting.length ? String(next) : "" };
      },
      markRead: ({ notificationIds, upToSequence }) => {
        const readAt = timestampNow();
        for (const one of this.stored) if (notificationIds.includes(one.notificationId) || one.sequence <= upToSequence) one.readAt ??= readAt;
        this.#send({ case: "read", value: { notificationIds, upToSequence, readAt } as never });
        return { readAt };
      },
    });
    service(RuleService, {
      listRules: () => ({ rules: [...this.rules.values()] }),
      setRule: ({ rule }) => {
        const ruleId = rule?.ruleId || `R${String(this.rules.size + 1)}`;
        const stored = Object.assign(create(RuleSchema), rule, { ruleId, version: (rule?.version ?? 0) + 1 });
        this.rules.set(ruleId, stored);
        return { rule: stored };
      },
      deleteRule: ({ ruleId }) => {
        this.rules.delete(ruleId);
        return {};
      },
    });
    service(DestinationService, { listDestinations: () => ({ destinations: [{ destinationId: "D1", name: "Desk channel" }] }) });
  }

  /** Ends every stream as a killed server does. */
  breakStreams(): void {
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const reader of readers) reader.fail(new ConnectError("missing trailer", Code.Unknown));
  }

  #send(item: NotificationItem["item"]): void {
    for (const reader of this.#readers) reader.push(create(NotificationItemSchema, { item }));
  }

  #last(): bigint {
    return this.stored.at(-1)?.sequence ?? 0n;
  }

  async *#watch(from: bigint | undefined, signal: AbortSignal): AsyncGenerator<{ items: NotificationItem[] }> {
    const reader = new Outbox<NotificationItem>();
    const push = (item: NotificationItem["item"]): void => reader.push(create(NotificationItemSchema, { item }));
    if (from === undefined) {
      for (const value of this.stored.slice(-SNAPSHOT_MAX)) push({ case: "snapshot", value });
      push({ case: "snapshotComplete", value: { cursor: { epoch: EPOCH, sequence: this.#last() } } as never });
    } else for (const value of this.stored.filter(({ sequence }) => sequence > from)) push({ case: "event", value });
    this.#readers.add(reader);
    this.heartbeat();
    yield* reader.frames(signal);
  }
}
