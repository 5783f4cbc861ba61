/** Composition: one session's clients, its streams and the stores they fill. Only this file connects. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";

import type { User } from "$gen/ordermesh/identity/v1/auth_service_pb.js";
import { Role } from "$gen/ordermesh/identity/v1/auth_service_pb.js";
import { HistoryService, type ListCandlesRequestSchema, type ListCandlesResponse, type ReplayRequestSchema, type ReplayResponse } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";
import { InstrumentService, type FoundInstrument } from "$gen/ordermesh/marketdata/v1/instrument_service_pb.js";
import { Topic } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import {
  DeliveryMode,
  MarketDataService,
  type WatchResponse as PriceFrame,
} from "$gen/ordermesh/marketdata/v1/market_data_service_pb.js";
import { NotificationKind, type Notification } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { OrderState, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";
import { PriceAlertService, type CreateAlertRequestSchema, type WatchAlertsResponse } from "$gen/ordermesh/marketdata/v1/price_alert_service_pb.js";
import { KillSwitchService, type KillSwitchServiceWatchResponse } from "$gen/ordermesh/oms/v1/kill_switch_service_pb.js";
import { LimitService, ProposedChangeState, type ListPositionsRequestSchema, type ListPositionsResponse } from "$gen/ordermesh/oms/v1/limit_service_pb.js";
import { RecoveryService } from "$gen/ordermesh/oms/v1/recovery_service_pb.js";
import {
  OrderService,
  type ListRequestSchema,
  type ListResponse,
  type ShowOrderResponse,
  type ShowRoutingResponse,
  type WatchResponse as OrderFrame,
} from "$gen/ordermesh/oms/v1/order_service_pb.js";
import { ParkedService, type ParkedServiceGetResponse, type ParkedServiceWatchResponse } from "$gen/ordermesh/oms/v1/parked_service_pb.js";

import { Commands, type Intent, OrderBook, type Outcome, type PlaceBody, refusalOf, ResumingStream, type Session, type StreamOptions, UserSettings } from "@ordermesh/client";
import { BrowserNotices, browserApi } from "./browser-notices";
import { DetailPrices } from "./detail";
import { HeldOrders } from "./held-orders";
import { orderName, symbolOf } from "./labels";
import { Kept } from "./kept";
import { KillSwitches } from "./kill-switches";
import { Notices } from "./notices";
import { Notify } from "./notify";
import { Parked } from "./parked";
import { alertStateWords, conditionWords, PriceAlerts } from "./price-alerts";
import { ProposedChanges } from "./proposed-changes";
import { QuoteStore } from "./quotes";
import { RecoveryState } from "./recovery";
import { ServerClock } from "./server-clock";
import { Timings } from "./timings";
import { Sparks } from "./watchlist/sparks";

/** Requested seconds between heartbeats: silence is noticed after 5 s. */
const HEARTBEAT_S = 2;
/** Milliseconds between two frames of prices. */
const PRICE_INTERVAL_MS = 250;
/** Unary calls end after this. */
const CALL_TIMEOUT_MS = 10_000;
const PAGE_SIZE = 500;
/** Price levels per side of the book of all venues. */
export const BOOK_DEPTH = 10;
/** Price levels per side while a depth ladder is open. */
const LADDER_DEPTH = 100;
/** Alerts that are read at once, the newest. */
const ALERTS_READ_MAX = 100;
/** Kinds of events that change a position. */
const EXECUTIONS: ReadonlySet<string> = new Set(["executed", "executionBusted", "executionCorrected", "resolved"]);
/** Kinds of events that are a venue's first report of an order. */
const FROM_VENUE: ReadonlySet<string> = new Set(["acknowledged", "executed", "rejected"]);
/** Instruments that a search returns. */
const FOUND_MAX = 12;

type CandlesRequest = MessageInitShape<typeof ListCandlesRequestSchema>;
type AlertRequest = MessageInitShape<typeof CreateAlertRequestSchema>;
type ReplayRequest = MessageInitShape<typeof ReplayRequestSchema>;

export class Desk {
  readonly clock = new ServerClock();
  readonly notices = new Notices();
  readonly timings = new Timings();
  readonly orders: OrderBook;
  readonly quotes = new QuoteStore(this.clock);
  readonly orderStream: ResumingStream<OrderFrame>;
  readonly priceStream: ResumingStream<PriceFrame>;
  /** Candles and the book of all venues of the chosen listing, for panels. */
  readonly detail: DetailPrices;
  readonly killSwitches = new KillSwitches();
  readonly killStream: ResumingStream<KillSwitchServiceWatchResponse>;
  readonly parked = new Parked();
  readonly parkedStream: ResumingStream<ParkedServiceWatchResponse>;
  readonly alerts = new PriceAlerts();
  readonly alertStream: ResumingStream<WatchAlertsResponse>;
  /** Notifications; the source of toasts while their stream is live. */
  readonly notify: Notify;
  /** Layouts, watchlists and other settings of the user, the same in every browser. */
  readonly settings: UserSettings;
  readonly recovery: RecoveryState;
  readonly proposedChanges: ProposedChanges;
  /** Orders of all accounts that wait for approval, for who may approve them without having an account. */
  readonly heldOrders: HeldOrders;
  /** The user's own watchlists and choices for the blotter. */
  readonly kept: Kept;
  readonly sparks = new Sparks((request) => this.candles(request));
  readonly commands: Commands;

  /** For streams of panels. */
  readonly renewToken = (openedForMs: number): Promise<unknown> => this.session.renewForStream(openedForMs);

  readonly #orderClient: Client<typeof OrderService>;
  readonly #priceClient: Client<typeof MarketDataService>;
  readonly #instrumentClient: Client<typeof InstrumentService>;
  readonly #parkedClient: Client<typeof ParkedService>;
  readonly #limitClient: Client<typeof LimitService>;
  /** Orders and positions as they stood at an instant. The calls throw the mesh's refusal. */
  readonly past = {
    orders: (request: MessageInitShape<typeof ListRequestSchema>): Promise<ListResponse> => this.#orderClient.list(request, { timeoutMs: CALL_TIMEOUT_MS }),
    positions: (request: MessageInitShape<typeof ListPositionsRequestSchema>): Promise<ListPositionsResponse> => this.#limitClient.listPositions(request, { timeoutMs: CALL_TIMEOUT_MS }),
  };
  readonly #historyClient: Client<typeof HistoryService>;
  readonly #alertClient: Client<typeof PriceAlertService>;
  readonly #options: StreamOptions;
  readonly #executionReaders = new Set<(accountId: string) => void>();
  /** Panels that show alerts. */
  #alertReaders = 0;

  constructor(
    transport: Transport,
    private readonly session: Pick<Session, "renewForStream">,
    readonly user: User,
    readonly fewConnections = false,
  ) {
    this.#orderClient = createClient(OrderService, transport);
    this.#priceClient = createClient(MarketDataService, transport);
    this.#instrumentClient = createClient(InstrumentService, transport);
    this.#parkedClient = createClient(ParkedService, transport);
    this.#limitClient = createClient(LimitService, transport);
    this.#historyClient = createClient(HistoryService, transport);
    this.#alertClient = createClient(PriceAlertService, transport);
    this.commands = new Commands(this.#orderClient);
    this.orders = new OrderBook(user.accounts);
    this.orders.onChange = (change) => {
      if (FROM_VENUE.has(change.event.kind.case ?? "")) this.timings.reported(change.event.orderId);
      if (EXECUTIONS.has(change.event.kind.case ?? "")) for (const told of this.#executionReaders) told(change.event.accountId);
      if (!this.notify.live) this.notices.show(change, this.nameOf(change.order));
    };
    const options = { heartbeatMs: HEARTBEAT_S * 1000, renewToken: this.renewToken };
    this.notify = new Notify(transport, options, this.notices, new BrowserNotices(browserApi()), fewConnections, {
      textOf: (notification) => this.textOf(notification),
      // The alert's own stream has the price at which it fired.
      shownElsewhere: ({ kind }) => kind === NotificationKind.PRICE_ALERT && this.alertStream.phase === "live",
    });
    this.orderStream = new ResumingStream(
      {
        open: (signal) => this.#watchOrders(signal),
        take: (frame) => {
          for (const { item } of frame.items) {
            if (item.case === "heartbeat") this.clock.observe(item.value.serverTime);
          }
          return this.orders.take(frame.items);
        },
      },
      options,
    );
    this.priceStream = new ResumingStream(
      { open: (signal) => this.#watchPrices(signal), take: (frame) => this.quotes.take(frame.items) },
      options,
    );
    this.#options = options;
    this.detail = this.newDetail();
    this.settings = new UserSettings(transport, options);
    this.kept = new Kept(this.settings, (text) => this.notices.push("bad", "Settings", text));
    const recoveryClient = createClient(RecoveryService, transport);
    this.recovery = new RecoveryState(() => recoveryClient.getState({}, { timeoutMs: CALL_TIMEOUT_MS }));
    this.proposedChanges = new ProposedChanges(() =>
      this.#limitClient.listProposedChanges({ state: ProposedChangeState.PROPOSED, pageSize: PAGE_SIZE }, { timeoutMs: CALL_TIMEOUT_MS }),
    );
    this.heldOrders = new HeldOrders(() => this.#orderClient.list({ states: [OrderState.HELD], pageSize: PAGE_SIZE }, { timeoutMs: CALL_TIMEOUT_MS }));
    this.killStream = this.#newKillStream(createClient(KillSwitchService, transport), options);
    this.alertStream = this.#newAlertStream(options);
    this.parkedStream = new ResumingStream(
      { open: (signal) => this.#watchParked(signal), take: (frame) => this.parked.take(frame) },
      options,
    );
  }

  #newAlertStream(options: StreamOptions): ResumingStream<WatchAlertsResponse> {
    this.alerts.onFired = (alert) => this.notices.push("info", "Price alert", `${conditionWords(alert)}: ${alertStateWords(alert)}${alert.note ? ` — ${alert.note}` : ""}`);
    const open = (signal: AbortSignal): AsyncIterable<WatchAlertsResponse> => {
      const cursor = this.alerts.beginConnection();
      return this.#alertClient.watchAlerts({ heartbeatS: HEARTBEAT_S, ...(cursor && { cursor }) }, { signal });
    };
    return new ResumingStream({ open, take: (frame) => this.alerts.take(frame.items) }, options);
  }

  /** A role that may not read switches ends this stream for good, and sees no banner. */
  #newKillStream(client: Client<typeof KillSwitchService>, options: StreamOptions): ResumingStream<KillSwitchServiceWatchResponse> {
    const open = (signal: AbortSignal): AsyncIterable<KillSwitchServiceWatchResponse> => {
      this.killSwitches.beginConnection();
      return client.watch({ heartbeatS: HEARTBEAT_S }, { signal });
    };
    return new ResumingStream({ open, take: (frame) => this.killSwitches.take(frame.items) }, options);
  }

  /** A stream of the details of another listing, for panels that follow it. */
  newDetail(): DetailPrices {
    return new DetailPrices((instrumentId, topics, signal) => {
      // Trades are counted, so none may be left out; without them the newest of each interval is enough.
      const ladder = topics.includes(Topic.TRADE);
      const pace = ladder ? { mode: DeliveryMode.EVERY_EVENT } : { mode: DeliveryMode.INTERVAL, intervalMs: PRICE_INTERVAL_MS };
      const subscription = { instrumentIds: [instrumentId], topics, depth: ladder ? LADDER_DEPTH : BOOK_DEPTH, ...pace };
      return this.#priceClient.watch({ subscription, heartbeatS: HEARTBEAT_S }, { signal });
    }, this.#options);
  }

  /** An order as notices and headings name it. */
  nameOf(order: Order): string {
    return orderName(order, order.isin ? this.quotes.listingOf(order.isin, order.currency) : undefined);
  }

  /** The text of a notification, with the symbol of a routed order in place of its ISIN. */
  textOf({ orderId, text }: Notification): string {
    const order = this.orders.get(orderId);
    const listing = order?.isin && !order.instrumentId ? this.quotes.listingOf(order.isin, order.currency) : undefined;
    return listing && order ? text.replaceAll(order.isin, symbolOf(listing)) : text;
  }

  get hasAccounts(): boolean {
    return this.user.accounts.length > 0;
  }

  get mayTrade(): boolean {
    return this.user.roles.includes(Role.TRADER);
  }

  /** Whether the user may settle parked messages, state what a venue has, and change controls. */
  get mayResolve(): boolean {
    return this.user.roles.includes(Role.RISK);
  }

  /** Sends an order, and measures how long that takes. */
  async place(intent: Intent<PlaceBody>): Promise<Outcome<Order | undefined>> {
    const { answer, pressedAt } = await this.timings.answered(() => this.commands.place(intent));
    if (answer.ok && answer.value) this.timings.placed(answer.value.orderId, pressedAt);
    return answer;
  }

  /** Calls `told` with the account of each execution, bust and correction until the returned function is called. */
  onExecution(told: (accountId: string) => void): () => void {
    this.#executionReaders.add(told);
    return () => this.#executionReaders.delete(told);
  }

  start(): void {
    // Without an account there is nothing to watch, and the mesh refuses the stream.
    if (this.hasAccounts) this.orderStream.start();
    this.priceStream.start();
    this.killStream.start();
    this.parkedStream.start();
    if (!this.fewConnections) this.alertStream.start();
    this.notify.start();
    if (this.fewConnections) this.#readSettings();
    else this.settings.stream.start();
    this.recovery.start();
    if (this.mayResolve) {
      this.proposedChanges.start();
      this.heldOrders.start();
    }
  }

  stop(): void {
    this.orderStream.stop();
    this.priceStream.stop();
    this.detail.stop();
    this.killStream.stop();
    this.parkedStream.stop();
    this.alertStream.stop();
    this.notify.stream.stop();
    this.settings.stream.stop();
    this.recovery.stop();
    this.proposedChanges.stop();
    this.heldOrders.stop();
  }

  nudge(): void {
    if (this.hasAccounts) this.orderStream.nudge();
    this.priceStream.nudge();
    this.detail.stream.nudge();
    this.killStream.nudge();
    this.parkedStream.nudge();
    this.alertStream.nudge();
    this.notify.stream.nudge();
    if (this.fewConnections) this.#readSettings();
    else this.settings.stream.nudge();
  }

  /** With few connections settings are read when the page opens, and whenever it comes into view: another tab may have changed them. */
  #readSettings(): void {
    this.settings.read().catch((thrown: unknown) => {
      if (!this.settings.loaded) this.notices.push("bad", "Settings", `Your layouts and lists were not read (${refusalOf(thrown).text}). They are read again when the page comes into view.`);
    });
  }

  /** The whole way of an order, with its executions, from the OMS. Throws the mesh's refusal. */
  async wayOf(orderId: string): Promise<ShowOrderResponse> {
    return this.#orderClient.showOrder({ id: orderId }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  /** The decisions about a routed order after a number, with its child orders. Throws the mesh's refusal. */
  async routingOf(orderId: string, afterNumber: number): Promise<ShowRoutingResponse> {
    return this.#orderClient.showRouting({ orderId, afterNumber }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  /** A page of candles. Throws the mesh's refusal. */
  async candles(request: CandlesRequest): Promise<ListCandlesResponse> {
    return this.#historyClient.listCandles(request, { timeoutMs: CALL_TIMEOUT_MS });
  }

  /** Follows the alerts until the returned function is called; with few connections they are followed only meanwhile. */
  watchAlerts(): () => void {
    this.#alertReaders++;
    this.alertStream.start();
    return () => {
      if (--this.#alertReaders === 0 && this.fewConnections) this.alertStream.stop();
    };
  }

  /** Reads the newest alerts, those that are over included. The calls about alerts throw the mesh's refusal. */
  async listAlerts(): Promise<void> {
    this.alerts.put((await this.#alertClient.listAlerts({ pageSize: ALERTS_READ_MAX }, { timeoutMs: CALL_TIMEOUT_MS })).alerts);
  }

  async createAlert(request: AlertRequest): Promise<void> {
    const { alert } = await this.#alertClient.createAlert(request, { timeoutMs: CALL_TIMEOUT_MS });
    if (alert) this.alerts.put([alert]);
  }

  async cancelAlert(alertId: string): Promise<void> {
    const { alert } = await this.#alertClient.cancelAlert({ alertId }, { timeoutMs: CALL_TIMEOUT_MS });
    if (alert) this.alerts.put([alert]);
  }

  /** Prices of a past interval, as a stream. */
  replay(request: ReplayRequest, signal: AbortSignal): AsyncIterable<ReplayResponse> {
    return this.#historyClient.replay({ ...request, heartbeatS: HEARTBEAT_S }, { signal });
  }

  /** Instruments that fit a text, best first. Throws the mesh's refusal. */
  async find(text: string, signal: AbortSignal): Promise<readonly FoundInstrument[]> {
    const request = { text, pageSize: FOUND_MAX };
    return (await this.#instrumentClient.search(request, { signal, timeoutMs: CALL_TIMEOUT_MS })).instruments;
  }

  /** A parked message with its FIX text. The calls about them throw the mesh's refusal. */
  async parkedMessage(parkedId: bigint): Promise<ParkedServiceGetResponse> {
    return this.#parkedClient.get({ parkedId }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  async applyParked(parkedId: bigint, reason: string): Promise<void> {
    await this.#parkedClient.apply({ parkedId, reason }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  async discardParked(parkedId: bigint, reason: string): Promise<void> {
    await this.#parkedClient.discard({ parkedId, reason }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  async confirmStatement(statementId: string): Promise<void> {
    await this.#orderClient.confirmStatement({ statementId }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  async declineStatement(statementId: string, reason: string): Promise<void> {
    await this.#orderClient.declineStatement({ statementId, reason }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  async confirmChange(changeId: string, reason: string, idempotencyKey: string): Promise<void> {
    await this.#limitClient.confirmChange({ changeId, reason, idempotencyKey }, { timeoutMs: CALL_TIMEOUT_MS });
    await this.proposedChanges.look();
  }

  async rejectChange(changeId: string, reason: string, idempotencyKey: string): Promise<void> {
    await this.#limitClient.rejectChange({ changeId, reason, idempotencyKey }, { timeoutMs: CALL_TIMEOUT_MS });
    await this.proposedChanges.look();
  }

  /** Approves an order that a person looked at in this version. */
  async approveOrder(orderId: string, expectedVersion: bigint, idempotencyKey: string): Promise<void> {
    await this.#orderClient.approve({ orderId, expectedVersion, idempotencyKey }, { timeoutMs: CALL_TIMEOUT_MS });
    if (this.mayResolve) await this.heldOrders.look();
  }

  async declineOrder(orderId: string, text: string, idempotencyKey: string): Promise<void> {
    await this.#orderClient.decline({ orderId, text, idempotencyKey }, { timeoutMs: CALL_TIMEOUT_MS });
    if (this.mayResolve) await this.heldOrders.look();
  }

  #watchParked(signal: AbortSignal): AsyncIterable<ParkedServiceWatchResponse> {
    this.parked.beginConnection();
    return this.#parkedClient.watch({ heartbeatS: HEARTBEAT_S }, { signal });
  }

  #watchOrders(signal: AbortSignal): AsyncIterable<OrderFrame> {
    const accounts = this.orders.beginConnection();
    return this.#orderClient.watch({ accounts, heartbeatS: HEARTBEAT_S }, { signal });
  }

  async *#watchPrices(signal: AbortSignal): AsyncIterable<PriceFrame> {
    // Listings are read anew at each connection: they may have changed while it was down.
    await this.#readInstruments(signal);
    const subscription = { topics: [Topic.QUOTE], mode: DeliveryMode.INTERVAL, intervalMs: PRICE_INTERVAL_MS };
    const cursor = this.quotes.epoch ? { epoch: this.quotes.epoch } : undefined;
    yield* this.#priceClient.watch({ subscription, heartbeatS: HEARTBEAT_S, cursor }, { signal });
  }

  async #readInstruments(signal: AbortSignal): Promise<void> {
    let pageToken = "";
    do {
      const request = { pageSize: PAGE_SIZE, pageToken };
      const page = await this.#instrumentClient.list(request, { signal, timeoutMs: CALL_TIMEOUT_MS });
      this.quotes.putInstruments(page.instruments);
      pageToken = page.nextPageToken;
      if (pageToken === "") this.quotes.putLeftOut(page.leftOut);
    } while (pageToken !== "");
  }
}
