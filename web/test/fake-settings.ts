/** The part of the mesh in memory that keeps settings of the user, with their stream. */

import { clone, create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";

import { UserSettingItemSchema, UserSettingKind, UserSettingSchema, type UserSetting, type UserSettingItem } from "$gen/ordermesh/identity/v1/user_setting_pb.js";
import { UserSettingsService } from "$gen/ordermesh/identity/v1/user_settings_service_pb.js";

import { EPOCH } from "../../clients/typescript/test/builders";

import { Outbox } from "./outbox";

const KINDS = { layout: UserSettingKind.LAYOUT, watchlist: UserSettingKind.WATCHLIST, preferences: UserSettingKind.PREFERENCES, blotter: UserSettingKind.BLOTTER };

/** The refusal of a change that was made from another revision. */
function stale(): ConnectError {
  const info = new BinaryWriter().tag(1, WireType.LengthDelimited).string("STALE_VERSION").tag(2, WireType.LengthDelimited).string("ordermesh");
  const error = new ConnectError("expected_revision is not the present one", Code.Aborted);
  error.details.push({ type: "google.rpc.ErrorInfo", value: info.finish() });
  return error;
}

export class FakeSettings {
  readonly stored = new Map<string, UserSetting>();
  /** Removals, by revision. */
  readonly removed = new Map<bigint, { kind: UserSettingKind; name: string }>();
  revision = 0n;
  /** Changes are answered as while the database is away. */
  away = false;
  readonly #readers = new Set<Outbox<UserSettingItem>>();

  register({ service }: ConnectRouter): void {
    service(UserSettingsService, {
      listUserSettings: () => ({ settings: [...this.stored.values()] }),
      putUserSetting: ({ setting, expectedRevision }) => {
        const kind = KINDS[setting?.body.case ?? "layout"];
        this.#check(kind, setting?.name ?? "", expectedRevision);
        return { setting: this.put(clone(UserSettingSchema, setting ?? create(UserSettingSchema))) };
      },
      renameUserSetting: ({ kind, name, newName, expectedRevision }) => {
        const present = this.#check(kind, name, expectedRevision);
        if (!present) throw new ConnectError("no such setting", Code.NotFound);
        const made = this.put({ ...clone(UserSettingSchema, present), name: newName });
        this.remove(kind, name);
        return { setting: made };
      },
      deleteUserSetting: ({ kind, name, expectedRevision }) => {
        this.#check(kind, name, expectedRevision);
        this.remove(kind, name);
        return {};
      },
      watchUserSettings: ({ cursor }, { signal }) => this.#watch(cursor?.sequence, signal),
    });
  }

  /** Stores a setting, as another browser of the user does. */
  put(setting: UserSetting): UserSetting {
    const stored = Object.assign(setting, { revision: ++this.revision, changedAt: timestampNow() });
    this.stored.set(`${String(KINDS[setting.body.case ?? "layout"])} ${setting.name}`, stored);
    this.#send({ case: "changed", value: stored });
    return stored;
  }

  remove(kind: UserSettingKind, name: string): void {
    this.stored.delete(`${String(kind)} ${name}`);
    this.removed.set(++this.revision, { kind, name });
    this.#send({ case: "removed", value: { kind, name, revision: this.revision } as never });
  }

  #check(kind: UserSettingKind, name: string, expected: bigint): UserSetting | undefined {
    if (this.away) throw new ConnectError("the database is away", Code.Unavailable);
    const present = this.stored.get(`${String(kind)} ${name}`);
    if ((present?.revision ?? 0n) !== expected) throw stale();
    return present;
  }

  #send(item: UserSettingItem["item"]): void {
    for (const reader of this.#readers) reader.push(create(UserSettingItemSchema, { item }));
  }

  async *#watch(sequence: bigint | undefined, signal: AbortSignal): AsyncIterable<{ items: UserSettingItem[] }> {
    const reader = new Outbox<UserSettingItem>();
    this.#readers.add(reader);
    signal.addEventListener("abort", () => this.#readers.delete(reader));
    if (sequence === undefined) {
      const items = [...this.stored.values()].map((value) => create(UserSettingItemSchema, { item: { case: "snapshot", value } }));
      const complete = { case: "snapshotComplete", value: { cursor: { epoch: EPOCH, sequence: this.revision } } } as never;
      yield { items: [...items, create(UserSettingItemSchema, { item: complete })] };
    } else {
      const items = [...this.stored.values()].filter(({ revision }) => revision > sequence).map((value) => create(UserSettingItemSchema, { item: { case: "changed", value } }));
      yield { items: [...items, create(UserSettingItemSchema, { item: { case: "heartbeat", value: { highWater: { epoch: EPOCH, sequence: this.revision } } as never } })] };
    }
    yield* reader.frames(signal);
  }
}
