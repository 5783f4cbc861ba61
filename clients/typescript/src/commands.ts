/**
 * Commands to the mesh. A command keeps its idempotency key over every repeat, so repeating is
 * always safe: the same key and body give the first result again (docs/STREAMS.md, rule 11).
 */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";

import {
  OrderTermsSchema,
  RoutingScheduleSchema,
  type Order,
  type OrderTerms,
  type OrderType,
  type PegReference,
  type RoutingStrategy,
  type Side,
} from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";
import type { OrderService } from "../../../gen/ts/ordermesh/oms/v1/order_service_pb.js";

import { Backoff } from "./backoff.js";
import { refusalOf, type Refusal } from "./errors.js";

/** How long one attempt may take. */
export const ATTEMPT_TIMEOUT_MS = 8_000;
/** Attempts made without asking, before the person sees that no answer came. */
export const ATTEMPTS_MAX = 4;
/** The same for a cancel: about 12 seconds of attempts. A late cancel can only help; a late order may harm. */
export const CANCEL_ATTEMPTS_MAX = 8;

/** How long one attempt may take, and how often or how long it is repeated. */
export interface Repeats {
  readonly attemptTimeoutMs: number;
  /** No further attempt after so many. */
  readonly attemptsMax: number;
  /** No further attempt after so long since the first. */
  readonly repeatForMs: number;
}

/** Repeats of the page: so many that a person still waits for them. */
export const REPEATS: Repeats = { attemptTimeoutMs: ATTEMPT_TIMEOUT_MS, attemptsMax: ATTEMPTS_MAX, repeatForMs: Infinity };

export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** One intent of a person: a body and its key. */
export interface Intent<Body> {
  readonly key: string;
  readonly body: Body;
}

/**
 * Returns the key of an intent: the same one while the same body has no final answer, a new one
 * for another body or after an answer.
 */
export class IntentKeeper<Body> {
  #open: { key: string; fingerprint: string } | undefined;

  constructor(private readonly newKey: () => string = () => crypto.randomUUID()) {}

  intent(body: Body): Intent<Body> {
    const fingerprint = JSON.stringify(body);
    if (this.#open?.fingerprint !== fingerprint) this.#open = { key: this.newKey(), fingerprint };
    return { key: this.#open.key, body };
  }

  /** The mesh gave its final answer; the next command is a new intent. */
  answered(): void {
    this.#open = undefined;
  }

  /** The key of an intent without a final answer, if there is one. */
  get openKey(): string | undefined {
    return this.#open?.key;
  }
}

/** How an order for an instrument is executed at several venues; MICs of ISO 10383. */
export interface RouteBody {
  readonly strategy: RoutingStrategy;
  /** Only these, in this order; empty for every venue of the instrument. */
  readonly venues: readonly string[];
  readonly deniedVenues: readonly string[];
  /** With TWAP and POV. */
  readonly schedule?: ScheduleBody;
}

/** When how much of a TWAP or POV order may be placed; times in milliseconds since 1970. */
export interface ScheduleBody {
  /** Not set: when the order is accepted. */
  readonly startAtMs?: number;
  readonly endAtMs: number;
  /** Seconds of a slice. */
  readonly sliceS: number;
  /** POV: the order's part of the traded quantity, in 1/100 of a percent; TWAP: 0. */
  readonly participationBps: number;
  /** The most that is placed within a slice; empty for the mesh's own bound. */
  readonly sliceQuantityMax: string;
}

/** The content of a new order. */
export interface PlaceBody {
  readonly accountId: string;
  /** The listing; empty with `routing`. */
  readonly instrumentId: string;
  /** With `routing`: the instrument, ISO 6166. */
  readonly isin?: string;
  /** With `routing`: ISO 4217. */
  readonly currency?: string;
  readonly routing?: RouteBody;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: string;
  readonly limitPrice: string;
  readonly timeInForce: number;
  readonly stopPrice?: string;
  readonly trailingOffset?: string;
  readonly displayQuantity?: string;
  readonly peg?: { readonly reference: PegReference; readonly offset: string };
  /** Milliseconds since 1970, for GTD. */
  readonly expiresAtMs?: number;
  /** Nothing is sent before a second person approves. */
  readonly held?: boolean;
  /** The order may only reduce the account's position in the instrument. */
  readonly reduceOnly?: boolean;
}

export class Commands {
  constructor(
    private readonly client: Client<typeof OrderService>,
    private readonly pause: (ms: number) => Promise<void> = sleep,
    private readonly newBackoff: () => Backoff = () => new Backoff(),
  ) {}

  place({ key, body }: Intent<PlaceBody>): Promise<Outcome<Order | undefined>> {
    const { accountId, instrumentId, isin = "", currency = "", routing, side, type, held, reduceOnly = false, expiresAtMs, ...rest } = body;
    const route = routing && {
      strategy: routing.strategy,
      venues: [...routing.venues],
      deniedVenues: [...routing.deniedVenues],
      ...(routing.schedule && { schedule: scheduleOf(routing.schedule) }),
    };
    const expireTime = expiresAtMs === undefined ? {} : { expireTime: timestampFromMs(expiresAtMs) };
    const terms = { ...rest, ...expireTime };
    const holdForApproval = held ?? false;
    return this.#repeat(async (options) => {
      const what = { instrumentId, isin, currency, routing: route };
      const request = { idempotencyKey: key, accountId, ...what, side, type, terms, holdForApproval, reduceOnly };
      return (await this.client.place(request, options)).order;
    });
  }

  /** Changes quantity and price; the other terms stay. */
  replace(intent: Intent<{ order: string; version: string; quantity: string; limitPrice: string }>, terms: OrderTerms): Promise<Outcome<Order | undefined>> {
    const { key, body } = intent;
    const changed = create(OrderTermsSchema, { ...terms, quantity: body.quantity, limitPrice: body.limitPrice });
    const request = {
      idempotencyKey: key,
      orderId: body.order,
      expectedVersion: BigInt(body.version),
      terms: changed,
    };
    return this.#repeat(async (options) => (await this.client.replace(request, options)).order);
  }

  cancel({ key, body }: Intent<string>): Promise<Outcome<Order | undefined>> {
    const request = { idempotencyKey: key, orderId: body };
    return this.#repeat(async (options) => (await this.client.cancel(request, options)).order, CANCEL_ATTEMPTS_MAX);
  }

  /** Pauses a TWAP or POV order: what rests is cancelled, and its time goes on. */
  pauseOrder({ key, body }: Intent<string>): Promise<Outcome<Order | undefined>> {
    const request = { idempotencyKey: key, orderId: body };
    return this.#repeat(async (options) => (await this.client.pause(request, options)).order);
  }

  /** Lets a paused order go on. */
  resumeOrder({ key, body }: Intent<string>): Promise<Outcome<Order | undefined>> {
    const request = { idempotencyKey: key, orderId: body };
    return this.#repeat(async (options) => (await this.client.resume(request, options)).order);
  }

  #repeat<T>(call: (options: { timeoutMs: number }) => Promise<T>, attemptsMax = ATTEMPTS_MAX): Promise<Outcome<T>> {
    return repeated(call, { ...REPEATS, attemptsMax }, this.newBackoff(), this.pause);
  }
}

/**
 * Calls an rpc, and calls it again as it is while repeating may help. A command must carry an
 * idempotency key: the same one in every attempt.
 */
export async function repeated<T>(
  call: (options: { timeoutMs: number }) => Promise<T>,
  { attemptTimeoutMs, attemptsMax, repeatForMs }: Repeats = REPEATS,
  backoff = new Backoff(),
  pause: (ms: number) => Promise<void> = sleep,
): Promise<Outcome<T>> {
  const begun = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return { ok: true, value: await call({ timeoutMs: attemptTimeoutMs }) };
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      const over = attempt >= attemptsMax || performance.now() - begun >= repeatForMs;
      if (!refusal.repeatable || over) return { ok: false, refusal };
      await pause(Math.max(backoff.next(), refusal.retryAfterMs ?? 0));
    }
  }
}

function scheduleOf({ startAtMs, endAtMs, ...rest }: ScheduleBody): MessageInitShape<typeof RoutingScheduleSchema> {
  const start = startAtMs === undefined ? {} : { startTime: timestampFromMs(startAtMs) };
  return { ...rest, ...start, endTime: timestampFromMs(endAtMs) };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
