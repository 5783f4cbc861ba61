/**
 * What risk, operations and audit look at: orders of all accounts, order sessions with the venues,
 * and the audit log. Sessions are pushed. Orders and audit entries have no stream for these roles:
 * they are read when the panel asks, and each list says when that was.
 */

import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { Role } from "$gen/ordermesh/identity/v1/auth_service_pb.js";
import { AuditKind, AuditService, type AuditEntry } from "$gen/ordermesh/oms/v1/audit_service_pb.js";
import type { Order } from "$gen/ordermesh/oms/v1/order_pb.js";
import { OrderService } from "$gen/ordermesh/oms/v1/order_service_pb.js";
import { FixSessionState, type Session } from "$gen/ordermesh/oms/v1/session_pb.js";
import { SessionService, type SessionServiceWatchResponse } from "$gen/ordermesh/oms/v1/session_service_pb.js";

import { drainWish, Emitter, reasonWords, refusalOf, ResumingStream, type StreamOptions, type Wish } from "@ordermesh/client";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

const CALL_TIMEOUT_MS = 10_000;
/** Orders and entries that are read at once, the newest. */
export const ROWS_MAX = 200;
/** SessionService sends a heartbeat after this, in milliseconds. */
const SESSION_HEARTBEAT_MS = 5_000;

export type OverviewTab = "orders" | "sessions" | "audit";

/** The tabs that a user's roles may read, by the rights of the mesh; the first is shown at first. */
export function tabsOf(roles: readonly Role[]): readonly OverviewTab[] {
  if (roles.some((role) => role === Role.RISK || role === Role.AUDITOR)) return roles.includes(Role.AUDITOR) ? ["audit", "orders", "sessions"] : ["orders", "sessions", "audit"];
  return roles.includes(Role.OPERATOR) ? ["sessions", "audit"] : [];
}

/** A list of the mesh as it was when it was read. */
export interface Read<Row> {
  readonly rows: readonly Row[];
  /** There are older ones. */
  readonly more: boolean;
  /** On the clock of the mesh, in milliseconds since 1970; undefined before the first answer. */
  readonly atMs: number | undefined;
  /** Why the last reading failed; what was read before stays. */
  readonly fault: string;
}

const NOTHING: Read<never> = { rows: [], more: false, atMs: undefined, fault: "" };

export class Overview extends Emitter {
  orders: Read<Order> = NOTHING;
  entries: Read<AuditEntry> = NOTHING;
  readonly sessions = new Map<string, Session>();
  readonly sessionStream: ResumingStream<SessionServiceWatchResponse>;

  readonly #orderClient: Client<typeof OrderService>;
  readonly #auditClient: Client<typeof AuditService>;
  /** Lists that are being read, each with what is read after that. */
  readonly #next = new Map<"orders" | "entries", (() => Promise<void>) | undefined>();

  constructor(
    transport: Transport,
    renewToken: StreamOptions["renewToken"],
    private readonly nowMs: () => number,
  ) {
    super();
    this.#orderClient = createClient(OrderService, transport);
    this.#auditClient = createClient(AuditService, transport);
    const client = createClient(SessionService, transport);
    this.sessionStream = new ResumingStream(
      { open: (signal) => client.watch({}, { signal }), take: ({ item }) => this.#takeSession(item) },
      { heartbeatMs: SESSION_HEARTBEAT_MS, renewToken },
    );
  }

  async readOrders(openOnly: boolean): Promise<void> {
    await this.#inTurn("orders", async () => {
      this.orders = await this.#read(this.orders, async () => {
        const page = await this.#orderClient.list({ openOnly, pageSize: ROWS_MAX }, { timeoutMs: CALL_TIMEOUT_MS });
        return [page.orders, page.nextPageToken];
      });
    });
  }

  async readEntries(actor: string): Promise<void> {
    await this.#inTurn("entries", async () => {
      this.entries = await this.#read(this.entries, async () => {
        const page = await this.#auditClient.list({ actor, pageSize: ROWS_MAX }, { timeoutMs: CALL_TIMEOUT_MS });
        return [page.entries, page.nextPageToken];
      });
    });
  }

  /** Reads a list once at a time. Of what is asked meanwhile only the last is read, after it: a burst of notifications is no burst of calls, and no older answer comes last. */
  async #inTurn(list: "orders" | "entries", read: () => Promise<void>): Promise<void> {
    if (this.#next.has(list)) {
      this.#next.set(list, read);
      return;
    }
    for (let turn: (() => Promise<void>) | undefined = read; turn; turn = this.#next.get(list)) {
      this.#next.set(list, undefined);
      await turn();
      this.changed();
    }
    this.#next.delete(list);
  }

  async #read<Row>(before: Read<Row>, ask: () => Promise<readonly [readonly Row[], string]>): Promise<Read<Row>> {
    try {
      const [rows, token] = await ask();
      return { rows, more: token !== "", atMs: this.nowMs(), fault: "" };
    } catch (thrown) {
      return { ...before, fault: refusalOf(thrown).text };
    }
  }

  #takeSession(item: SessionServiceWatchResponse["item"]): Wish | undefined {
    if (item.case === "drain") return drainWish(item.value);
    if (item.case === "session") this.sessions.set(item.value.sessionId, item.value);
    this.changed();
    return { live: true };
  }
}

/** The state of a session in one word, and its tone. */
export function sessionState({ state, keptOut }: Session): { word: string; tone: "good" | "doubt" | "bad" } {
  if (keptOut) return { word: "kept out", tone: "bad" };
  if (state === FixSessionState.UP) return { word: "up", tone: "good" };
  return state === FixSessionState.RECOVERING ? { word: "recovering", tone: "doubt" } : { word: "down", tone: "bad" };
}

/** What an entry records: "refused, Price off tick", "done", "312 refusals". */
export function entryWords({ kind, reason, count }: AuditEntry): string {
  const why = ErrorReason[reason] as string | undefined;
  if (kind === AuditKind.ACTION) return "done";
  if (kind === AuditKind.COUNTED) return `${String(count)} refusals`;
  return why && reason !== ErrorReason.UNSPECIFIED ? `refused: ${reasonWords(why)}` : "refused";
}
