/**
 * Draws bars with lightweight-charts. The library draws with floating-point numbers, on a canvas of
 * pixels; texts with prices come from the candles themselves.
 */

import {
  CandlestickSeries, ColorType, createChart, CrosshairMode, HistogramSeries, type CandlestickData, type HistogramData, type IChartApi, type ISeriesApi,
  type UTCTimestamp,
} from "lightweight-charts";

import type { CandleInterval } from "$gen/ordermesh/marketdata/v1/history_service_pb.js";

import { scheme } from "$lib/scheme";

import { axisTime, type Bar } from "./chart";

/** Bars before the first visible one at which earlier ones are asked for. */
const NEAR_START_BARS = 40;
/** Bars that a step of the buttons moves by. */
const STEP_BARS = 60;

/** What the drawing reports. */
export interface DrawingEvents {
  /** The pointer is at a bar, by its axisTime; undefined if it is at none. */
  hover(time: number | undefined): void;
  /** The view is near the first bar. */
  nearStart(): void;
}

export class Drawing {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<"Candlestick">;
  readonly #volumes: ISeriesApi<"Histogram">;
  readonly #recolour = (): void => this.#colours();
  #volumeColours = { up: "", down: "" };
  #revision = -1;
  #drawnTo = -Infinity;
  #bars: readonly Bar[] = [];
  #interval: CandleInterval | undefined;
  /** The bars of another listing or interval have not been drawn yet. */
  #fresh = true;

  /** `firstViewBars` are in view after another listing or interval was chosen. */
  constructor(
    private readonly element: HTMLElement,
    private readonly firstViewBars: number,
    events: DrawingEvents,
  ) {
    this.#chart = createChart(element, {
      autoSize: true,
      // The library's logo brings a style element, which the Content-Security-Policy refuses: the panel has the link.
      layout: { attributionLogo: false, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
    });
    this.#candles = this.#chart.addSeries(CandlestickSeries, {});
    this.#volumes = this.#chart.addSeries(HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
    this.#volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.#candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.22 } });
    this.#chart.subscribeCrosshairMove(({ time }) => events.hover(typeof time === "number" ? time : undefined));
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && this.#bars.length > 0 && range.from < NEAR_START_BARS) events.nearStart();
    });
    scheme.addEventListener("change", this.#recolour);
    this.#colours();
  }

  /** Sets the places of prices, and whether times have seconds. */
  format(scale: number, intervalSeconds: number): void {
    this.#candles.applyOptions({ priceFormat: { type: "price", precision: scale, minMove: 1 / 10 ** scale } });
    this.#chart.applyOptions({ timeScale: { timeVisible: intervalSeconds < 86_400, secondsVisible: intervalSeconds < 60 } });
  }

  /** Draws what changed since the last time; everything if the revision is another one. */
  draw(bars: readonly Bar[], revision: number, interval: CandleInterval): void {
    if (this.#interval !== interval || bars.length === 0) this.#fresh = true;
    this.#bars = bars;
    this.#interval = interval;
    if (revision === this.#revision && !this.#fresh) this.#update();
    else this.#redraw();
    this.#revision = revision;
    this.#drawnTo = bars.at(-1)?.at ?? -Infinity;
  }

  /** Moves the view by a part of a page; -1 is to earlier bars. */
  scroll(way: 1 | -1): void {
    const scale = this.#chart.timeScale();
    scale.scrollToPosition(scale.scrollPosition() + way * STEP_BARS, false);
  }

  toNewest(): void {
    this.#chart.timeScale().scrollToRealTime();
  }

  remove(): void {
    scheme.removeEventListener("change", this.#recolour);
    this.#chart.remove();
  }

  #update(): void {
    let from = this.#bars.length;
    while (from > 0 && (this.#bars[from - 1]?.at ?? 0) >= this.#drawnTo) from--;
    for (const bar of this.#bars.slice(from)) {
      this.#candles.update(this.#candle(bar));
      this.#volumes.update(this.#volume(bar));
    }
  }

  #redraw(): void {
    this.#candles.setData(this.#bars.map((bar) => this.#candle(bar)));
    this.#volumes.setData(this.#bars.map((bar) => this.#volume(bar)));
    if (!this.#fresh || this.#bars.length === 0) return;
    this.#fresh = false;
    this.#chart.timeScale().setVisibleLogicalRange({ from: this.#bars.length - this.firstViewBars, to: this.#bars.length + 4 });
  }

  #time({ at }: Bar): UTCTimestamp {
    return (this.#interval === undefined ? at : axisTime(at, this.#interval)) as UTCTimestamp;
  }

  #candle(bar: Bar): CandlestickData<UTCTimestamp> {
    const { openPrice, highPrice, lowPrice, closePrice } = bar.candle;
    return { time: this.#time(bar), open: Number(openPrice), high: Number(highPrice), low: Number(lowPrice), close: Number(closePrice) };
  }

  #volume(bar: Bar): HistogramData<UTCTimestamp> {
    const { openPrice, closePrice, volume } = bar.candle;
    const { up, down } = this.#volumeColours;
    return { time: this.#time(bar), value: Number(volume), color: Number(closePrice) < Number(openPrice) ? down : up };
  }

  /** Takes the colours of the page, which follow the light or dark scheme. */
  #colours(): void {
    const style = getComputedStyle(this.element);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const [up, down, line] = [colour("--up"), colour("--down"), colour("--line")];
    this.#volumeColours = { up: colour("--up-wash"), down: colour("--down-wash") };
    this.#chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: colour("--panel") }, textColor: colour("--muted"), fontFamily: style.fontFamily },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.#candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
    if (this.#bars.length > 0) this.#redraw();
  }
}
