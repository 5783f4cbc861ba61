/** Settings of the user, the same in every browser: kept from their stream, and changed by revision. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { UserSettingKind, UserSettingSchema, type UserSetting, type UserSettingItem } from "../../../gen/ts/ordermesh/identity/v1/user_setting_pb.js";
import { UserSettingsService, type WatchUserSettingsResponse } from "../../../gen/ts/ordermesh/identity/v1/user_settings_service_pb.js";
import type { Cursor } from "../../../gen/ts/ordermesh/type/v1/stream_pb.js";

import { Emitter } from "./emitter.js";
import { refusalOf } from "./errors.js";
import { drainWish, ResumingStream, type StreamOptions, type Wish } from "./stream.js";

/** Unary calls end after this. */
const CALL_TIMEOUT_MS = 10_000;

/** The kinds of settings, by the names of their bodies. */
export type SettingCase = NonNullable<UserSetting["body"]["case"]>;

/** The body of a setting of a kind. */
export type SettingBody<Case extends SettingCase> = Extract<UserSetting["body"], { case: Case }>["value"];

/** What a body is made of. */
export type SettingBodyInit<Case extends SettingCase> = Extract<NonNullable<MessageInitShape<typeof UserSettingSchema>["body"]>, { case: Case }>["value"];

const KINDS: Readonly<Record<SettingCase, UserSettingKind>> = {
  layout: UserSettingKind.LAYOUT,
  watchlist: UserSettingKind.WATCHLIST,
  preferences: UserSettingKind.PREFERENCES,
  blotter: UserSettingKind.BLOTTER,
};

const CASES = new Map(Object.entries(KINDS).map(([name, kind]) => [kind, name as SettingCase]));

const keyOf = (kind: SettingCase, name: string): string => `${kind} ${name}`;

export class UserSettings extends Emitter {
  readonly stream: ResumingStream<WatchUserSettingsResponse>;
  /** The first snapshot was received: what is not there does not exist. */
  loaded = false;

  readonly #client: Client<typeof UserSettingsService>;
  #known = new Map<string, UserSetting>();
  /** Revisions of removals that an answer of this page has told, so that an older item brings nothing back. */
  readonly #removed = new Map<string, bigint>();
  #incoming: Map<string, UserSetting> | undefined;
  #cursor: { epoch: string; sequence: bigint } | undefined;

  constructor(transport: Transport, options: StreamOptions) {
    super();
    this.#client = createClient(UserSettingsService, transport);
    const open = (signal: AbortSignal): AsyncIterable<WatchUserSettingsResponse> => {
      this.#incoming = this.#cursor ? undefined : new Map();
      return this.#client.watchUserSettings({ heartbeatS: options.heartbeatMs / 1_000, ...(this.#cursor && { cursor: this.#cursor }) }, { signal });
    };
    this.stream = new ResumingStream({ open, take: (frame) => this.#take(frame.items) }, options);
  }

  /** Names of the settings of a kind, in order. */
  names(kind: SettingCase): readonly string[] {
    return [...this.#known.values()].filter(({ body }) => body.case === kind).map(({ name }) => name).sort((a, b) => a.localeCompare(b));
  }

  /** The body of a setting; undefined if there is none. */
  body<Case extends SettingCase>(kind: Case, name: string): SettingBody<Case> | undefined {
    return this.#known.get(keyOf(kind, name))?.body.value as SettingBody<Case> | undefined;
  }

  /** The revision of a setting; 0 if there is none. */
  revision(kind: SettingCase, name: string): bigint {
    return this.#known.get(keyOf(kind, name))?.revision ?? 0n;
  }

  /** Reads all settings once. What the stream brings or this page changes meanwhile stays. The calls throw the mesh's refusal. */
  async read(): Promise<void> {
    const before = new Map(this.#known);
    const { settings } = await this.#client.listUserSettings({}, { timeoutMs: CALL_TIMEOUT_MS });
    const listed = new Map(settings.map((one) => [keyOf(one.body.case ?? "layout", one.name), one]));
    for (const key of new Set([...before.keys(), ...this.#known.keys()])) {
      const known = this.#known.get(key);
      if (known === before.get(key)) continue;
      if (known) listed.set(key, known);
      else listed.delete(key);
    }
    this.#known = listed;
    this.loaded = true;
    this.changed();
  }

  /**
   * Makes or changes a setting. Refused with STALE_VERSION if another browser changed it since `expected`, which is what this page knows if it
   * is left out; then what that browser has stored is read before the refusal is thrown.
   */
  async put<Case extends SettingCase>(kind: Case, name: string, value: SettingBodyInit<Case>, expected = this.revision(kind, name)): Promise<UserSetting> {
    const setting = create(UserSettingSchema, { name, body: { case: kind, value } as MessageInitShape<typeof UserSettingSchema>["body"] & object });
    return this.#answered(await this.#asked(this.#client.putUserSetting({ setting, expectedRevision: expected }, { timeoutMs: CALL_TIMEOUT_MS })));
  }

  async rename(kind: SettingCase, name: string, newName: string): Promise<UserSetting> {
    const request = { kind: KINDS[kind], name, newName, expectedRevision: this.revision(kind, name) };
    const renamed = this.#answered(await this.#asked(this.#client.renameUserSetting(request, { timeoutMs: CALL_TIMEOUT_MS })));
    this.#forget(kind, name, renamed.revision + 1n);
    return renamed;
  }

  async remove(kind: SettingCase, name: string): Promise<void> {
    const expectedRevision = this.revision(kind, name);
    if (expectedRevision === 0n) return;
    await this.#asked(this.#client.deleteUserSetting({ kind: KINDS[kind], name, expectedRevision }, { timeoutMs: CALL_TIMEOUT_MS }));
    this.#forget(kind, name, expectedRevision + 1n);
  }

  /** Waits for an answer. Where another browser was first, what it has stored is read before the refusal is thrown: the stream may bring it later, or not be there. */
  async #asked<Answer>(call: Promise<Answer>): Promise<Answer> {
    try {
      return await call;
    } catch (thrown) {
      // Where it cannot be read, the refusal stands, and the next one reads again.
      if (refusalOf(thrown).reason === "STALE_VERSION") await this.read().catch(() => undefined);
      throw thrown;
    }
  }

  #answered({ setting }: { setting?: UserSetting }): UserSetting {
    if (!setting) throw new Error("the mesh answered without a setting");
    this.#put(setting);
    this.changed();
    return setting;
  }

  #forget(kind: SettingCase, name: string, revision: bigint): void {
    const key = keyOf(kind, name);
    if ((this.#known.get(key)?.revision ?? 0n) < revision) this.#known.delete(key);
    this.#removed.set(key, revision);
    this.changed();
  }

  #put(setting: UserSetting): void {
    if (setting.body.case === undefined) return; // of a kind that this page does not know
    const key = keyOf(setting.body.case, setting.name);
    const known = this.#known.get(key)?.revision ?? this.#removed.get(key) ?? 0n;
    if (setting.revision >= known) this.#known.set(key, setting);
  }

  #take(items: readonly UserSettingItem[]): Wish {
    let wish: Wish = {};
    for (const { item } of items) wish = { ...wish, ...this.#takeItem(item) };
    this.changed();
    return wish;
  }

  #takeItem(item: UserSettingItem["item"]): Wish | undefined {
    switch (item.case) {
      case "snapshot":
        if (item.value.body.case !== undefined) this.#incoming?.set(keyOf(item.value.body.case, item.value.name), item.value);
        return undefined;
      case "snapshotComplete":
        if (this.#incoming) this.#known = this.#incoming;
        this.#incoming = undefined;
        this.#removed.clear();
        this.#at(item.value.cursor);
        this.loaded = true;
        return { live: true };
      case "changed":
        this.#put(item.value);
        this.#advance(item.value.revision);
        return { live: true };
      case "removed": {
        const kind = CASES.get(item.value.kind);
        if (kind) this.#forget(kind, item.value.name, item.value.revision);
        this.#advance(item.value.revision);
        return { live: true };
      }
      case "heartbeat":
        return this.#incoming ? undefined : { live: true };
      case "resync":
        this.#cursor = undefined;
        this.#incoming = new Map();
        return undefined;
      case "drain":
        return drainWish(item.value);
      default:
        return undefined;
    }
  }

  #at(cursor: Cursor | undefined): void {
    if (cursor) this.#cursor = { epoch: cursor.epoch, sequence: cursor.sequence };
  }

  #advance(revision: bigint): void {
    if (this.#cursor && revision > this.#cursor.sequence) this.#cursor.sequence = revision;
  }
}
