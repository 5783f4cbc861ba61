/**
 * A small mesh in memory, for tests and for looking at the views while developing. It keeps the
 * stream contract: cursors, snapshots, consecutive sequences, heartbeats, drain.
 */

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type ServiceImpl, type Transport } from "@connectrpc/connect";

import { AuthService, Role } from "$gen/ordermesh/identity/v1/auth_service_pb.js";
import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { InstrumentService } from "$gen/ordermesh/marketdata/v1/instrument_service_pb.js";
import { QuoteSchema, type MarketDataItem, type Quote } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import { MarketDataService } from "$gen/ordermesh/marketdata/v1/market_data_service_pb.js";
import { OrderEventSchema, type OrderEvent, type OrderStreamItem } from "$gen/ordermesh/oms/v1/event_pb.js";
import { OrderProgressSchema, OrderState, OrderType, type Order, type OrderProgress } from "$gen/ordermesh/oms/v1/order_pb.js";
import { LimitService, ProposedChangeSchema, ProposedChangeState, type ProposedChange } from "$gen/ordermesh/oms/v1/limit_service_pb.js";
import { OrderService } from "$gen/ordermesh/oms/v1/order_service_pb.js";
import { WayStepSchema, type ControlsAt, type WayStep } from "$gen/ordermesh/oms/v1/order_way_pb.js";
import {
  ParkedItemSchema, ParkedService, ParkedServiceWatchResponseSchema, ParkedState, type ParkedItem, type ParkedServiceWatchResponse,
} from "$gen/ordermesh/oms/v1/parked_service_pb.js";
import { StatementSchema, StatementState, type Statement } from "$gen/ordermesh/oms/v1/statement_pb.js";

import { ACCOUNT, EPOCH, instrument, item, order, price, snapshotComplete } from "../../clients/typescript/test/builders";

import { FakeNotify } from "./fake-notify";
import { FakeSettings } from "./fake-settings";
import { Outbox } from "./outbox";

type Kind = OrderEvent["kind"];

/** The step of an event: ours are by alice, and sent; the venue's are received. */
function eventStep(event: OrderEvent): WayStep {
  const ours = event.kind.case === "accepted" || event.kind.case?.endsWith("Requested");
  const msgType = event.kind.case === "accepted" ? "D" : ours ? "F" : "8";
  const fix = { outbound: ours, msgType, msgSeqNum: ours ? 0n : event.sequence, text: `35=${msgType}|11=${event.orderId}-1|55=ASML` };
  const by = ours ? { actor: "u-1", actorName: "Alice" } : { actor: "venue:SIMA" };
  return create(WayStepSchema, { at: event.occurredAt, ...by, what: { case: "event", value: event }, fix });
}

export class FakeMesh {
  readonly log: OrderEvent[] = [];
  readonly orders = new Map<string, Order>();
  readonly instruments: Instrument[];
  readonly quotes = new Map<string, Quote>();
  /** Cursors readers came with, newest last. */
  readonly resumedAt: (bigint | undefined)[] = [];
  /** Keys of Place, newest last. */
  readonly keys: string[] = [];
  /** Of the user. */
  roles = [Role.TRADER];
  /** What waits for a person. */
  readonly parked = new Map<bigint, ParkedItem>();
  readonly statements = new Map<string, Statement>();
  /** Steps of orders that no event made, by order. */
  readonly steps = new Map<string, WayStep[]>();
  /** In force for every order. */
  controls: ControlsAt[] = [];
  readonly notify = new FakeNotify();
  readonly settings = new FakeSettings();
  readonly proposedChanges = new Map<string, ProposedChange>();
  #parkedReaders = new Set<Outbox<ParkedServiceWatchResponse>>();
  /** Fill what is placed at once. */
  fills = true;
  /** The venues are closed: orders are for their next trading session. */
  closed = false;
  #orderReaders = new Set<Outbox<OrderStreamItem>>();
  #priceReaders = new Set<Outbox<MarketDataItem>>();
  #sequences = new Map<string, bigint>();
  #counter = 0;

  constructor(symbols: readonly (readonly [string, string, string])[] = [["ASML", "ASML Holding", "612.4"]]) {
    this.instruments = ["SIMA", "SIMB"].flatMap((venueMic) =>
      symbols.map(([symbol, name]) => instrument({ instrumentId: `${symbol}.${venueMic}`, symbol, name, venueMic })),
    );
    for (const { instrumentId, symbol } of this.instruments) {
      const middle = symbols.find(([name]) => name === symbol)?.[2] ?? "100";
      this.quote(instrumentId, { bidPrice: middle, askPrice: middle, lastPrice: middle, closePrice: middle });
    }
  }

  transport(): Transport {
    const tokens = { accessToken: "h.e30.s", refreshToken: "refresh", accessExpiresAt: timestampFromMs(Date.now() + 300_000) };
    const user = { userId: "u-1", username: "alice", displayName: "Alice", roles: this.roles, accounts: [ACCOUNT] };
    const orders = this.#orderService();
    const watchPrices = this.#watchPrices.bind(this);
    const { instruments } = this;
    return createRouterTransport((router) => {
      const { service } = router;
      this.notify.register(router);
      this.settings.register(router);
      service(AuthService, { login: () => ({ tokens, user }), refresh: () => ({ tokens, user }), logout: () => ({}) });
      service(OrderService, orders);
      service(InstrumentService, { list: () => ({ instruments }) });
      service(MarketDataService, { watch: (_, { signal }) => watchPrices(signal) });
      service(ParkedService, this.#parkedService());
      service(LimitService, this.#limitService());
    });
  }

  /** Parks a message, or changes one. */
  park(item: Partial<Omit<ParkedItem, "$typeName">> & { parkedId: bigint }): void {
    const parked = create(ParkedItemSchema, { ...item, state: item.state ?? ParkedState.OPEN });
    this.parked.set(parked.parkedId, parked);
    for (const reader of this.#parkedReaders) reader.push(create(ParkedServiceWatchResponseSchema, { item: { case: "parked", value: parked } }));
  }

  /** Makes a statement that waits, or decides it. */
  state(statement: Partial<Omit<Statement, "$typeName">> & { statementId: string }): void {
    const made = create(StatementSchema, { ...statement, state: statement.state ?? StatementState.PROPOSED });
    this.statements.set(made.statementId, made);
    for (const reader of this.#parkedReaders) reader.push(create(ParkedServiceWatchResponseSchema, { item: { case: "statement", value: made } }));
  }

  /** Proposes a change that makes a control looser. */
  propose(change: Partial<Omit<ProposedChange, "$typeName">> & { changeId: string }): void {
    this.proposedChanges.set(change.changeId, create(ProposedChangeSchema, { ...change, state: ProposedChangeState.PROPOSED }));
  }

  #limitService(): Partial<ServiceImpl<typeof LimitService>> {
    const decide = (changeId: string, state: ProposedChangeState): { change: ProposedChange } => {
      const change = this.proposedChanges.get(changeId);
      if (change?.state !== ProposedChangeState.PROPOSED) throw new ConnectError("no such change", Code.FailedPrecondition);
      change.state = state;
      return { change };
    };
    return {
      listProposedChanges: ({ state }) => ({ changes: [...this.proposedChanges.values()].filter((one) => one.state === state) }),
      confirmChange: ({ changeId }) => decide(changeId, ProposedChangeState.CONFIRMED),
      rejectChange: ({ changeId }) => decide(changeId, ProposedChangeState.REJECTED),
    };
  }

  #parkedService(): Partial<ServiceImpl<typeof ParkedService>> {
    const settle = (parkedId: bigint, state: ParkedState): ParkedItem => {
      const item = this.parked.get(parkedId);
      if (!item) throw new ConnectError("no such message", Code.NotFound);
      this.park({ parkedId, why: item.why, state });
      return item;
    };
    return {
      watch: (_, { signal }) => this.#watchParked(signal),
      get: ({ parkedId }) => ({ item: this.parked.get(parkedId), fixText: "8=FIX.4.4|35=8|37=V-9|17=E9|31=50,51|32=ten|", asReceived: true }),
      apply: ({ parkedId }) => ({ item: settle(parkedId, ParkedState.APPLIED) }),
      discard: ({ parkedId }) => ({ item: settle(parkedId, ParkedState.DISCARDED) }),
    };
  }

  async *#watchParked(signal: AbortSignal): AsyncGenerator<ParkedServiceWatchResponse> {
    const reader = new Outbox<ParkedServiceWatchResponse>();
    this.#parkedReaders.add(reader);
    for (const value of this.parked.values()) reader.push(create(ParkedServiceWatchResponseSchema, { item: { case: "parked", value } }));
    for (const value of this.statements.values()) reader.push(create(ParkedServiceWatchResponseSchema, { item: { case: "statement", value } }));
    reader.push(create(ParkedServiceWatchResponseSchema, { item: { case: "snapshotComplete", value: {} } }));
    for await (const { items } of reader.frames(signal)) yield* items;
  }

  /** Appends an event to the log and sends it to every reader. */
  append(orderId: string, kind: Kind, progress: Partial<OrderProgress>): OrderEvent {
    const before = this.orders.get(orderId)?.progress;
    const event = create(OrderEventSchema, {
      accountId: ACCOUNT,
      sequence: BigInt(this.log.length + 1),
      orderId,
      occurredAt: timestampFromMs(Date.now()),
      kind,
      progress: Object.assign(create(OrderProgressSchema), before, progress, { version: (before?.version ?? 0n) + 1n }),
    });
    const held = kind.case === "accepted" ? kind.value.order : this.orders.get(orderId);
    const terms = kind.case === "replaced" ? kind.value.terms : held?.terms;
    const after = { ...order(), ...held, terms, progress: event.progress, lastSequence: event.sequence };
    this.orders.set(orderId, after);
    this.log.push(event);
    for (const reader of this.#orderReaders) reader.push(item({ case: "event", value: event }, after));
    return event;
  }

  /** Changes a quote and sends it. */
  quote(instrumentId: string, changes: Partial<Quote>): void {
    const receivedAt = timestampFromMs(Date.now());
    const quote = Object.assign(create(QuoteSchema), this.quotes.get(instrumentId), changes, { receivedAt });
    this.quotes.set(instrumentId, quote);
    const sequence = (this.#sequences.get(instrumentId) ?? 0n) + 1n;
    this.#sequences.set(instrumentId, sequence);
    const update = price({ case: "update", value: { instrumentId, sequence, value: { case: "quote", value: quote } } });
    for (const reader of this.#priceReaders) reader.push(update);
  }

  heartbeat(): void {
    const serverTime = timestampFromMs(Date.now());
    const highWater = { epoch: EPOCH, sequence: BigInt(this.log.length) };
    for (const reader of this.#orderReaders) reader.push(item({ case: "heartbeat", value: { serverTime, highWater, channel: ACCOUNT } }));
    for (const reader of this.#priceReaders) reader.push(price({ case: "heartbeat", value: { serverTime } }));
    this.notify.heartbeat();
  }

  /** Ends every order stream as a killed server does. */
  breakOrderStreams(): void {
    const readers = [...this.#orderReaders];
    this.#orderReaders.clear();
    for (const reader of readers) reader.fail(new ConnectError("missing trailer", Code.Unknown));
  }

  #orderService(): object {
    const find = (orderId: string): Order => {
      const found = this.orders.get(orderId);
      if (!found) throw new ConnectError("no such order", Code.NotFound);
      return found;
    };
    return {
      place: (request: Order & { idempotencyKey: string }) => {
        this.keys.push(request.idempotencyKey);
        const known = [...this.orders.values()].find((one) => one.idempotencyKey === request.idempotencyKey);
        return known ? { order: known, duplicate: true } : { order: this.#place(request) };
      },
      cancel: ({ orderId }: { orderId: string }) => {
        this.append(orderId, { case: "cancelRequested", value: {} as never }, { state: OrderState.PENDING_CANCEL });
        this.append(orderId, { case: "canceled", value: {} as never }, { state: OrderState.CANCELED, leavesQuantity: "0" });
        return { order: find(orderId) };
      },
      replace: ({ orderId, terms }: { orderId: string; terms: Order["terms"] }) => {
        this.append(orderId, { case: "replaceRequested", value: { terms } as never }, { state: OrderState.PENDING_REPLACE });
        this.append(orderId, { case: "replaced", value: { terms } as never }, { state: OrderState.NEW, leavesQuantity: terms?.quantity ?? "" });
        return { order: find(orderId) };
      },
      get: ({ orderId }: { orderId: string }) => {
        const executions = this.log.flatMap(({ orderId: of, kind }) =>
          of === orderId && kind.case === "executed" && kind.value.execution ? [kind.value.execution] : [],
        );
        return { order: find(orderId), executions };
      },
      showOrder: ({ id }: { id: string }) => {
        const events = this.log.filter(({ orderId }) => orderId === id);
        const executions = events.flatMap(({ kind }) => (kind.case === "executed" && kind.value.execution ? [kind.value.execution] : []));
        return { order: find(id), executions, steps: [...events.map(eventStep), ...(this.steps.get(id) ?? [])], controls: this.controls };
      },
      watch: (request: { accounts: { cursor?: { sequence: bigint } }[] }, { signal }: { signal: AbortSignal }) =>
        this.#watchOrders(request.accounts[0]?.cursor?.sequence, signal),
    };
  }

  #place(request: Order): Order {
    const orderId = `01JD${String(++this.#counter).padStart(22, "0")}`;
    const [symbol = "", venueMic = ""] = request.instrumentId.split(".");
    const quantity = request.terms?.quantity ?? "0";
    const progress = { state: OrderState.PENDING_NEW, cumQuantity: "0", leavesQuantity: quantity, averagePrice: "0" };
    const { idempotencyKey, instrumentId, side, type, terms, reduceOnly } = request;
    const made = { orderId, idempotencyKey, instrumentId, symbol, venueMic, side, type, reduceOnly };
    const placed = order({ ...made, forNextSession: this.closed, createdAt: timestampFromMs(Date.now()) });
    placed.terms = terms;
    this.append(orderId, { case: "accepted", value: { order: placed } as never }, progress);
    this.append(orderId, { case: "acknowledged", value: { venueOrderId: `V-${this.#counter}` } as never }, { state: OrderState.NEW });
    if (this.fills) {
      const paid = (type === OrderType.LIMIT && terms?.limitPrice) || this.quotes.get(instrumentId)?.lastPrice || "1";
      const execution = { execId: `E-${this.#counter}`, venueMic, quantity, price: paid, venueTime: timestampFromMs(Date.now()) };
      const filled = { state: OrderState.FILLED, cumQuantity: quantity, leavesQuantity: "0", averagePrice: paid };
      this.append(orderId, { case: "executed", value: { execution } as never }, filled);
    }
    return this.orders.get(orderId) ?? placed;
  }

  async *#watchOrders(from: bigint | undefined, signal: AbortSignal): AsyncGenerator<{ items: OrderStreamItem[] }> {
    this.resumedAt.push(from);
    const reader = new Outbox<OrderStreamItem>();
    this.#orderReaders.add(reader);
    if (from === undefined) {
      reader.push(...[...this.orders.values()].map((value) => item({ case: "snapshot", value })));
      reader.push(snapshotComplete(this.log.length));
    } else {
      reader.push(...this.log.slice(Number(from)).map((value) => item({ case: "event", value }, this.orders.get(value.orderId))));
    }
    this.heartbeat();
    yield* reader.frames(signal);
  }

  async *#watchPrices(signal: AbortSignal): AsyncGenerator<{ items: MarketDataItem[] }> {
    const reader = new Outbox<MarketDataItem>();
    for (const venueMic of ["SIMA", "SIMB"]) {
      reader.push(price({ case: "venueStatus", value: { venueMic, feedUp: true, simulated: true } }));
    }
    for (const [instrumentId, quote] of this.quotes) {
      const sequence = this.#sequences.get(instrumentId) ?? 0n;
      reader.push(price({ case: "update", value: { instrumentId, sequence, snapshot: true, value: { case: "quote", value: quote } } }));
    }
    reader.push(price({ case: "snapshotComplete", value: { cursor: { epoch: EPOCH } } }));
    this.#priceReaders.add(reader);
    yield* reader.frames(signal);
  }
}
