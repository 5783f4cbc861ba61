/** The driver of the TypeScript client, on Node.js: clients/conformance/README.md has its contract. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";

import { MarketDataService, DeliveryMode } from "../../../gen/ts/ordermesh/marketdata/v1/market_data_service_pb.js";
import { Topic } from "../../../gen/ts/ordermesh/marketdata/v1/market_data_pb.js";
import { OrderState, type Order } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";
import {
  CancelRequestSchema,
  ListRequestSchema,
  OrderService,
  PlaceRequestSchema,
  ReplaceRequestSchema,
  type WatchResponse,
} from "../../../gen/ts/ordermesh/oms/v1/order_service_pb.js";
import {
  Backoff,
  bearer,
  memoryTokenStore,
  OrderBook,
  PriceReader,
  refusalOf,
  repeated,
  ResumingStream,
  Session,
  type Outcome,
  type Reader,
  type Refusal,
} from "../src/index.js";
import { grpcNode } from "../src/node.js";

interface Settings {
  attempt_timeout_s: number;
  heartbeat_s: number;
  backoff_base_ms: number;
  backoff_cap_ms: number;
}

interface Step {
  do: string;
  username?: string;
  password?: string;
  request?: JsonValue;
  key?: string;
  order_id?: string;
  retry_for_s?: number;
  accounts?: string[];
  instruments?: string[];
  mode?: keyof typeof DeliveryMode;
  interval_ms?: number;
  until?: Record<string, number>;
  hold_after?: number;
  s?: number;
  steps?: Step[];
}

interface Case {
  case: string;
  address: string;
  ca_file: string;
  username: string;
  password: string;
  settings: Settings;
  steps: Step[];
}

type Shown = Record<string, unknown>;

/** A refusal that a step reports. */
class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.text);
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(line: Shown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Plays the steps of one case with one client. */
class Player {
  readonly #session: Session;
  readonly #orders: Client<typeof OrderService>;
  readonly #prices: Client<typeof MarketDataService>;

  constructor(private readonly played: Case) {
    const ca = readFileSync(played.ca_file, "utf-8");
    this.#session = new Session(grpcNode(played.address, ca), memoryTokenStore());
    const authorised = grpcNode(played.address, ca, [bearer(this.#session)]);
    this.#orders = createClient(OrderService, authorised);
    this.#prices = createClient(MarketDataService, authorised);
  }

  async play(): Promise<void> {
    for (const [number, step] of this.played.steps.entries()) await this.#playOne(step, String(number));
  }

  async #playOne(step: Step, name: string): Promise<void> {
    try {
      say({ step: name, ok: await this.#done(step, name) });
    } catch (thrown) {
      say({ step: name, error: this.#error(thrown, step) });
    }
  }

  #error(thrown: unknown, step: Step): Shown {
    const refusal = thrown instanceof Refused ? thrown.refusal : refusalOf(thrown);
    const { code, reason, retryClass, field } = refusal;
    const loggedOut = code === Code.Unauthenticated && step.do !== "login" && this.#session.phase === "anonymous";
    if (loggedOut) return { kind: "not_logged_in" };
    if (reason === "" && refusal.repeatable) return { kind: "unreachable" };
    const status = Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
    return { kind: "refused", code: status, reason: reason || status, retry_class: retryClass, field };
  }

  async #done(step: Step, name: string): Promise<Shown> {
    const { request = {}, key: idempotencyKey = crypto.randomUUID(), order_id: orderId = "" } = step;
    switch (step.do) {
      case "login": {
        await this.#session.login(step.username ?? this.played.username, step.password ?? this.played.password);
        return { username: this.#session.user?.username, accounts: this.#session.user?.accounts };
      }
      case "place": {
        const asked = { ...fromJson(PlaceRequestSchema, request), idempotencyKey };
        return this.#order(step, (options) => this.#orders.place(asked, options));
      }
      case "replace": {
        const asked = { ...fromJson(ReplaceRequestSchema, request), idempotencyKey };
        return this.#order(step, (options) => this.#orders.replace(asked, options));
      }
      case "cancel": {
        const asked = { ...fromJson(CancelRequestSchema, request), idempotencyKey };
        return this.#order(step, (options) => this.#orders.cancel(asked, options));
      }
      case "get":
        return this.#order(step, (options) => this.#orders.get({ orderId }, options));
      case "list":
        return { order_ids: await this.#list(step) };
      case "orders":
        return this.#watchOrders(step, name);
      case "prices":
        return this.#watchPrices(step, name);
      case "wait":
        await new Promise((resolve) => setTimeout(resolve, (step.s ?? 0) * 1000));
        return {};
      case "together":
        await Promise.all((step.steps ?? []).map((one, number) => this.#playOne(one, `${name}.${number}`)));
        return {};
      default:
        throw new Error(`the step ${step.do} is not known`);
    }
  }

  async #order(step: Step, call: (options: { timeoutMs: number }) => Promise<{ order?: Order | undefined }>): Promise<Shown> {
    return shown((await this.#call(step, call)).order);
  }

  async #call<T>(step: Step, call: (options: { timeoutMs: number }) => Promise<T>): Promise<T> {
    const outcome: Outcome<T> = await repeated(
      call,
      {
        attemptTimeoutMs: this.played.settings.attempt_timeout_s * 1000,
        attemptsMax: Infinity,
        repeatForMs: (step.retry_for_s ?? 0) * 1000,
      },
      this.#backoff(),
    );
    if (outcome.ok) return outcome.value;
    throw new Refused(outcome.refusal);
  }

  #backoff(): Backoff {
    const { backoff_base_ms: baseMs, backoff_cap_ms: capMs } = this.played.settings;
    return new Backoff(Math.random, { baseMs, capMs, resetAfterMs: 30_000 });
  }

  async #list(step: Step): Promise<string[]> {
    const asked = fromJson(ListRequestSchema, step.request ?? {});
    const found: string[] = [];
    do {
      const page = await this.#call(step, (options) => this.#orders.list(asked, options));
      found.push(...page.orders.map((order) => order.orderId));
      asked.pageToken = page.nextPageToken;
    } while (asked.pageToken !== "");
    return found;
  }

  async #watchOrders(step: Step, name: string): Promise<Shown> {
    const book = new OrderBook(step.accounts ?? []);
    const heartbeatS = this.played.settings.heartbeat_s;
    let [events, hold] = [0, false];
    book.onChange = ({ event }) => {
      events++;
      hold ||= events === step.hold_after;
      say({ step: name, event: { account: event.accountId, sequence: Number(event.sequence), order_id: event.orderId } });
    };
    const client = this.#orders;
    const open = async function* (signal: AbortSignal): AsyncIterable<WatchResponse> {
      for await (const frame of client.watch({ accounts: book.beginConnection(), heartbeatS }, { signal })) {
        yield frame;
        if (hold) {
          hold = false;
          say({ step: name, held: true });
          await lines.next();
        }
      }
    };
    const there = (): boolean => reached(step.until ?? {}, (account) => book.sequences.get(account));
    await this.#until({ open, take: (frame) => book.take(frame.items) }, there);
    const orders = [...book.orders].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
    return { orders: orders.map((order) => shown(order)) };
  }

  async #watchPrices(step: Step, name: string): Promise<Shown> {
    const last: Record<string, { sequence: number; bid_price: string }> = {};
    const subscription = {
      instrumentIds: step.instruments ?? [],
      topics: [Topic.QUOTE],
      mode: DeliveryMode[step.mode ?? "LATEST_ON_READY"],
      intervalMs: step.interval_ms ?? 0,
    };
    const reader = new PriceReader(this.#prices, subscription, (update) => {
      const bid = update.value.case === "quote" ? update.value.value.bidPrice : "";
      const seen = { sequence: Number(update.sequence), bid_price: bid };
      last[update.instrumentId] = seen;
      say({ step: name, update: { instrument: update.instrumentId, conflated: update.conflatedUpdates, ...seen } });
    }, this.played.settings.heartbeat_s);
    await this.#until(reader, () => reached(step.until ?? {}, (instrument) => last[instrument]?.sequence));
    return { last };
  }

  /** Keeps a stream until the caller has what it wants; throws if it is refused for good. */
  async #until<Frame>(reader: Reader<Frame>, there: () => boolean): Promise<void> {
    let ended: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const take = (frame: Frame): ReturnType<Reader<Frame>["take"]> => {
      const wish = reader.take(frame);
      if (there()) ended();
      return wish;
    };
    const stream = new ResumingStream(
      { open: (signal) => reader.open(signal), take },
      {
        heartbeatMs: this.played.settings.heartbeat_s * 1000,
        renewToken: (openedForMs) => this.#session.renewForStream(openedForMs),
        backoff: this.#backoff(),
      },
    );
    stream.subscribe(() => {
      if (stream.phase === "stopped") ended();
    });
    stream.start();
    await end;
    const refused = stream.refused;
    stream.stop();
    if (refused) throw new Refused(refused);
  }
}

function reached(until: Record<string, number>, at: (channel: string) => bigint | number | undefined): boolean {
  return Object.entries(until).every(([channel, sequence]) => (at(channel) ?? -1) >= sequence);
}

/** An order as the contract prints it. Decimals are exact as the text that the mesh sends. */
function shown(order: Order | undefined): Shown {
  if (!order) throw new ConnectError("the answer has no order", Code.Internal);
  const state = order.progress?.state ?? OrderState.UNSPECIFIED;
  return {
    order_id: order.orderId,
    state: OrderState[state] ?? String(state),
    quantity: order.terms?.quantity ?? "",
    limit_price: order.terms?.limitPrice ?? "",
    cum_quantity: order.progress?.cumQuantity ?? "",
    last_sequence: Number(order.lastSequence),
  };
}

for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const played = JSON.parse(line.value) as Case;
  await new Player(played).play();
  say({ end: played.case });
}
