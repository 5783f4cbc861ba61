/**
 * A past interval, played over the messages of a live stream. It has a stream and values of its own:
 * nothing of it is in the stores of live prices. After a break it goes on at the minute of the last
 * trade or quote, so that the candle of that minute is whole again; trades that were shown are left out.
 */

import type { Timestamp } from "@bufbuild/protobuf/wkt";

import type { ReplayResponse } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";
import type { Candle, MarketDataUpdate, Quote, Trade } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { Backoff, Emitter, reasonWords, refusalOf } from "@ordermesh/client";
import { toMs } from "$lib/server-clock";

import type { Bar, Timing } from "../chart/chart";

/** Trades that are listed, the newest. */
export const TRADES_SHOWN_MAX = 200;
/** A stream that is silent for longer is broken; heartbeats come every 2 s. */
export const SILENT_AFTER_MS = 5_000;
const MINUTE_MS = 60_000;

/** How many times faster than it happened; 0: as fast as possible. */
export const SPEEDS: readonly (readonly [number, string])[] = [
  [1, "1×"],
  [10, "10×"],
  [60, "60×"],
  [600, "600×"],
  [0, "at once"],
];

/** What is played: a listing, from and to in milliseconds since 1970, and the speed. */
export interface Span {
  readonly instrumentId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly speed: number;
}

export type OpenReplay = (span: Span, signal: AbortSignal) => AsyncIterable<ReplayResponse>;

export type ReplayPhase = "idle" | "playing" | "waiting" | "stopped" | "ended" | "refused";

export class ReplayState extends Emitter {
  phase: ReplayPhase = "idle";
  span: Span | undefined;
  bars: Bar[] = [];
  /** Counts what cannot be drawn by adding to the end. */
  revision = 0;
  /** Newest first. */
  trades: readonly Trade[] = [];
  /** The newest quote; undefined before the first. */
  quote: Quote | undefined;
  /** Time of the newest trade or quote that was played, in milliseconds since 1970. */
  atMs: number | undefined;
  /** Why it stopped; "" if it did not. */
  fault = "";

  readonly #backoff = new Backoff();
  #connection: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Trades of the newest minute that has one, so that none is shown twice. */
  readonly #known = new Set<string>();
  #knownMinute = 0;

  constructor(
    private readonly open: OpenReplay,
    private readonly timing: Timing,
  ) {
    super();
  }

  /** Plays an interval from its beginning. */
  play(span: Span): void {
    this.#end();
    this.#known.clear();
    this.#knownMinute = 0;
    Object.assign(this, { span, bars: [], trades: [], quote: undefined, atMs: undefined });
    this.revision++;
    this.resume();
  }

  /** Goes on where it stopped. */
  resume(): void {
    if (!this.span) return;
    this.#end();
    this.#set("playing", "");
    const fromMs = this.atMs === undefined ? this.span.fromMs : Math.max(this.span.fromMs, this.atMs - (this.atMs % MINUTE_MS));
    void this.#read({ ...this.span, fromMs });
  }

  stop(): void {
    this.#end();
    if (this.phase === "playing" || this.phase === "waiting") this.#set("stopped", "");
  }

  /** Ends whatever is under way: the panel closes. */
  close(): void {
    this.#end();
  }

  async #read(span: Span): Promise<void> {
    const connection = new AbortController();
    const { signal } = connection;
    this.#connection = connection;
    this.#watch();
    try {
      for await (const frame of this.open(span, signal)) {
        if (signal.aborted) return;
        this.#watch();
        for (const { item } of frame.items) {
          if (item.case === "update") this.#update(item.value);
        }
        this.#backoff.ended(Infinity);
        this.changed();
      }
      if (signal.aborted) return;
      this.#end();
      this.#set("ended", "");
    } catch (thrown) {
      if (!signal.aborted) this.#broke(thrown);
    }
  }

  #broke(thrown: unknown): void {
    this.#end();
    const { reason, text, repeatable, retryAfterMs } = refusalOf(thrown);
    const fault = `${reason ? `${reasonWords(reason)}: ` : ""}${text}`;
    if (!repeatable) {
      this.#set("refused", fault);
      return;
    }
    this.#set("waiting", fault);
    this.#cancelTimer = this.timing.later(Math.max(this.#backoff.next(), retryAfterMs ?? 0), () => this.resume());
  }

  /** Silence is a break. */
  #watch(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.timing.later(SILENT_AFTER_MS, () => this.resume());
  }

  #update({ instrumentId, value }: MarketDataUpdate): void {
    if (instrumentId !== this.span?.instrumentId) return;
    if (value.case === "trade") this.#trade(value.value);
    else if (value.case === "quote") this.#quote(value.value);
    else if (value.case === "candle") this.#candle(value.value);
  }

  #trade(trade: Trade): void {
    const time = trade.venueTime;
    if (!time) return;
    const atMs = toMs(time);
    const key = `${stamp(time)} ${trade.tradeId} ${trade.price} ${trade.size}`;
    if (this.#known.has(key)) return;
    const minute = Math.floor(atMs / MINUTE_MS);
    if (minute > this.#knownMinute) this.#known.clear();
    this.#knownMinute = Math.max(minute, this.#knownMinute);
    this.#known.add(key);
    this.atMs = Math.max(atMs, this.atMs ?? atMs);
    this.trades = [trade, ...this.trades].slice(0, TRADES_SHOWN_MAX);
  }

  #quote(quote: Quote): void {
    this.quote = quote;
    if (quote.venueTime) this.atMs = Math.max(toMs(quote.venueTime), this.atMs ?? 0);
  }

  #candle(candle: Candle): void {
    const at = Number(candle.start?.seconds ?? 0n);
    const end = this.bars.at(-1);
    if (candle.openPrice !== "" && (end === undefined || at > end.at)) this.bars.push({ at, candle });
    else if (candle.openPrice !== "" && at === end?.at) this.bars[this.bars.length - 1] = { at, candle };
    else {
      const others = this.bars.filter((bar) => bar.at !== at);
      this.bars = (candle.openPrice === "" ? others : [...others, { at, candle }]).sort((a, b) => a.at - b.at);
      this.revision++;
    }
  }

  #end(): void {
    this.#connection?.abort();
    this.#connection = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #set(phase: ReplayPhase, fault: string): void {
    this.phase = phase;
    this.fault = fault;
    this.changed();
  }
}

function stamp(time: Timestamp): string {
  return `${String(time.seconds)}.${String(time.nanos)}`;
}

/** Longest interval, in milliseconds: what HistoryService.Replay takes. */
export const SPAN_MAX_MS = 31 * 86_400_000;

/** Reads the fields of the form, times in UTC as "2027-01-31T10:30"; or says what is wrong. */
export function spanOf(instrumentId: string, from: string, to: string, speed: number, nowMs: number): { span: Span; fault?: undefined } | { span?: undefined; fault: string } {
  const [fromMs, toMs] = [from, to].map((text) => Date.parse(`${text}Z`)) as [number, number];
  if (instrumentId === "") return { fault: "Choose a listing." };
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return { fault: "From and to are needed." };
  if (toMs <= fromMs) return { fault: "To must be after from." };
  if (toMs > nowMs + MINUTE_MS) return { fault: "To is in the future: only the past can be replayed." };
  if (toMs - fromMs > SPAN_MAX_MS) return { fault: "At most 31 days can be replayed at once." };
  return { span: { instrumentId, fromMs, toMs, speed } };
}

/** A time for the form: "2027-01-31T10:30", UTC. */
export function fieldTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16);
}
