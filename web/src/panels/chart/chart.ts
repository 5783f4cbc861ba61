/**
 * The candles of one listing at one interval: pages of history, and what the live stream adds.
 * Candles come whole from the mesh; none is made here. The stream has candles of a minute. For other
 * lengths each of its updates is the sign to read the newest candles again.
 */

import type { Timestamp } from "@bufbuild/protobuf/wkt";

import { CandleInterval, HistoryGapCause, type HistoryGap, type ListCandlesResponse } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";
import type { Candle, MarketDataUpdate } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";

import { Backoff, Emitter, reasonWords, refusalOf } from "@ordermesh/client";
import type { DetailReader } from "$lib/detail";

/** Candles of one page: a day of minutes. */
export const PAGE_CANDLES = 1_440;
/** Milliseconds from an update of the stream to the reading of the newest candles; history is written every 500 ms. */
export const REFRESH_AFTER_MS = 1_000;

/** A length of candles that can be chosen. */
export interface IntervalChoice {
  readonly interval: CandleInterval;
  readonly word: string;
  readonly meaning: string;
  readonly seconds: number;
}

export const INTERVALS: readonly IntervalChoice[] = [
  { interval: CandleInterval.SECOND, word: "1s", meaning: "1 second", seconds: 1 },
  { interval: CandleInterval.FIVE_SECONDS, word: "5s", meaning: "5 seconds", seconds: 5 },
  { interval: CandleInterval.MINUTE, word: "1m", meaning: "1 minute", seconds: 60 },
  { interval: CandleInterval.FIVE_MINUTES, word: "5m", meaning: "5 minutes", seconds: 300 },
  { interval: CandleInterval.QUARTER, word: "15m", meaning: "15 minutes", seconds: 900 },
  { interval: CandleInterval.HOUR, word: "1h", meaning: "1 hour", seconds: 3_600 },
  { interval: CandleInterval.DAY, word: "1d", meaning: "1 trading day", seconds: 86_400 },
  { interval: CandleInterval.WEEK, word: "1w", meaning: "1 week", seconds: 604_800 },
  { interval: CandleInterval.MONTH, word: "1M", meaning: "1 month", seconds: 2_592_000 },
];

export function choiceOf(interval: CandleInterval): IntervalChoice {
  const found = INTERVALS.find((one) => one.interval === interval);
  if (!found) throw new RangeError(`no interval ${String(interval)}`);
  return found;
}

const DAY_S = 86_400;

/** A candle and the second since 1970 at which it begins. */
export interface Bar {
  readonly at: number;
  readonly candle: Candle;
}

/**
 * Where a candle stands on the time axis, in seconds since 1970 by UTC. A trading day begins at any
 * time of UTC: what begins a day or more is drawn at midnight of the date in which most of the first day lies.
 */
export function axisTime(at: number, interval: CandleInterval): number {
  if (choiceOf(interval).seconds < DAY_S) return at;
  return Math.floor((at + DAY_S / 2) / DAY_S) * DAY_S;
}

/** What is asked of HistoryService.ListCandles. */
export interface CandlesRequest {
  readonly instrumentIds: string[];
  readonly interval: CandleInterval;
  readonly latest: number;
  readonly to?: Timestamp;
}

export type ReadCandles = (request: CandlesRequest) => Promise<ListCandlesResponse>;

/** What keeps time for a chart; a test brings its own. */
export interface Timing {
  nowMs(): number;
  later(ms: number, call: () => void): () => void;
}

export class ChartState extends Emitter implements DetailReader {
  instrumentId = "";
  interval = CandleInterval.MINUTE;
  /** By time. */
  bars: Bar[] = [];
  /** Counts what cannot be drawn by adding to the end: draw all bars again. */
  revision = 0;
  /** The first page of this listing and interval was read. */
  read = false;
  /** Reading earlier candles. */
  readingOlder = false;
  /** There are no earlier candles. */
  complete = false;
  gaps: readonly HistoryGap[] = [];
  /** Why candles could not be read; "" if they could. */
  fault = "";
  /** Another attempt is made by itself. */
  retries = false;

  #run = 0;
  readonly #backoff = new Backoff();
  #cancelTimer: (() => void) | undefined;
  #refreshing = false;

  constructor(
    private readonly readCandles: ReadCandles,
    private readonly timing: Timing,
  ) {
    super();
  }

  /** Shows a listing at an interval: what was shown goes, the newest page is read. */
  show(instrumentId: string, interval: CandleInterval): void {
    this.#run++;
    this.#stopTimer();
    this.#refreshing = false;
    Object.assign(this, { instrumentId, interval, bars: [], read: false, readingOlder: false, complete: false, gaps: [] });
    this.revision++;
    this.changed();
    void this.readFirst();
  }

  close(): void {
    this.#run++;
    this.#stopTimer();
  }

  /** Reads the newest page; repeats by itself while the mesh cannot answer. */
  async readFirst(): Promise<void> {
    const run = this.#run;
    this.fault = "";
    this.retries = false;
    this.changed();
    const page = await this.#ask(PAGE_CANDLES, undefined, () => void this.readFirst());
    if (!page || run !== this.#run) return;
    this.read = true;
    this.gaps = page.gaps;
    this.complete = this.#isWhole(page.candles.length);
    this.#merge(page.candles);
    this.changed();
  }

  /** Reads the page before the first bar, unless it is being read or there is none. */
  async readOlder(): Promise<void> {
    const first = this.bars[0]?.candle.start;
    if (!first || this.readingOlder || this.complete || !this.read) return;
    const run = this.#run;
    this.readingOlder = true;
    this.changed();
    const page = await this.#ask(PAGE_CANDLES, first, () => void this.readOlder());
    if (run !== this.#run) return;
    this.readingOlder = false;
    if (page) {
      this.complete = this.#isWhole(page.candles.length);
      this.gaps = [...page.gaps.filter((gap) => !this.gaps.some((one) => sameGap(one, gap))), ...this.gaps];
      this.#merge(page.candles);
    }
    this.changed();
  }

  begin(): void {
    // What was missed is read when the connection is live.
  }

  take(update: MarketDataUpdate): void {
    if (update.instrumentId !== this.instrumentId || update.value.case !== "candle") return;
    if (this.interval !== CandleInterval.MINUTE) this.#refreshLater();
    else if (this.read) {
      this.#merge([update.value.value]);
      this.changed();
    }
  }

  /** A connection is live: candles of the time without one are read. */
  live(): void {
    if (this.read) void this.#refresh();
  }

  #refreshLater(): void {
    this.#cancelTimer ??= this.timing.later(REFRESH_AFTER_MS, () => {
      this.#cancelTimer = undefined;
      void this.#refresh();
    });
  }

  /** Reads the candles since the last bar, and the last bar again. */
  async #refresh(): Promise<void> {
    if (this.#refreshing || !this.read) return;
    const run = this.#run;
    this.#refreshing = true;
    const page = await this.#ask(this.#missing(), undefined, () => void this.#refresh());
    if (run !== this.#run) return;
    this.#refreshing = false;
    if (!page) return;
    this.#merge(page.candles);
    this.changed();
  }

  /** Whether a page is the first of all. Candles below a minute are looked for in a bounded time only, so that a page may be short. */
  #isWhole(candles: number): boolean {
    return choiceOf(this.interval).seconds < 60 ? candles === 0 : candles < PAGE_CANDLES;
  }

  #missing(): number {
    const last = this.bars.at(-1);
    if (!last) return PAGE_CANDLES;
    const passed = (this.timing.nowMs() / 1_000 - last.at) / choiceOf(this.interval).seconds;
    return Math.min(PAGE_CANDLES, Math.max(0, Math.ceil(passed)) + 2);
  }

  async #ask(latest: number, to: Timestamp | undefined, again: () => void): Promise<{ candles: Candle[]; gaps: HistoryGap[] } | undefined> {
    const run = this.#run;
    try {
      const { instrumentId, interval } = this;
      const answer = await this.readCandles({ instrumentIds: [instrumentId], interval, latest, ...(to ? { to } : {}) });
      if (run === this.#run) {
        this.#backoff.ended(Infinity);
        this.fault = "";
        this.retries = false;
      }
      return { candles: answer.instruments[0]?.candles ?? [], gaps: answer.gaps };
    } catch (thrown) {
      if (run !== this.#run) return undefined;
      const { reason, text, repeatable, retryAfterMs } = refusalOf(thrown);
      this.fault = `${reason ? `${reasonWords(reason)}: ` : ""}${text}`;
      this.retries = repeatable;
      if (repeatable) {
        this.#stopTimer();
        this.#cancelTimer = this.timing.later(Math.max(this.#backoff.next(), retryAfterMs ?? 0), () => {
          this.#cancelTimer = undefined;
          again();
        });
      }
      this.changed();
      return undefined;
    }
  }

  /** Takes candles: newer ones are added, known ones replaced, those without a trade that is left removed. */
  #merge(candles: readonly Candle[]): void {
    const last = this.bars.at(-1)?.at ?? -Infinity;
    const older = new Map<number, Candle>();
    for (const candle of candles) {
      const at = Number(candle.start?.seconds ?? 0n);
      const end = this.bars.at(-1);
      if (candle.openPrice === "" || at < last) older.set(at, candle);
      else if (end?.at === at) this.bars[this.bars.length - 1] = { at, candle };
      else if (end === undefined || at > end.at) this.bars.push({ at, candle });
      else older.set(at, candle);
    }
    for (const { at, candle } of this.bars) {
      const other = older.get(at);
      if (other && sameCandle(candle, other)) older.delete(at);
    }
    if (older.size === 0) return;
    const all = new Map(this.bars.map((bar) => [bar.at, bar.candle]));
    for (const [at, candle] of older) {
      if (candle.openPrice === "") all.delete(at);
      else all.set(at, candle);
    }
    this.bars = [...all].sort(([a], [b]) => a - b).map(([at, candle]) => ({ at, candle }));
    this.revision++;
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

function sameCandle(a: Candle, b: Candle): boolean {
  return a.openPrice === b.openPrice && a.highPrice === b.highPrice && a.lowPrice === b.lowPrice && a.closePrice === b.closePrice && a.volume === b.volume;
}

function sameGap(a: HistoryGap, b: HistoryGap): boolean {
  return a.venueMic === b.venueMic && a.from?.seconds === b.from?.seconds && a.from?.nanos === b.from?.nanos;
}

/** "10:32:05"; with `date`, "2027-01-31 10:32:05". UTC. */
export function utcText(atMs: number, date = false): string {
  const text = new Date(atMs).toISOString();
  return date ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : text.slice(11, 19);
}

/** Why trades are missing, and when: "SIMA 2027-01-31 10:00:00 to 10:05:00: was not recorded". */
export function gapWords(gap: HistoryGap): string {
  const [from, until] = [gap.from, gap.until].map((time) => Number(time?.seconds ?? 0n) * 1_000) as [number, number];
  const sameDay = utcText(from, true).slice(0, 10) === utcText(until, true).slice(0, 10);
  const why =
    gap.cause === HistoryGapCause.DROPPED
      ? `${gap.droppedTrades > 0n ? String(gap.droppedTrades) : "an unknown number of"} trades were dropped, the database was too slow`
      : "was not recorded";
  return `${gap.venueMic} ${utcText(from, true)} to ${utcText(until, !sameDay)}: ${why}`;
}
