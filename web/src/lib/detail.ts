/**
 * The prices of one listing in detail, for the panels that are open: candles, and the book of all
 * venues of its instrument. One stream serves all panels, because a browser without h2 has six
 * connections for everything. It is open only while a panel wants something of it.
 */

import { Topic, type MarketDataItem, type MarketDataUpdate } from "$gen/ordermesh/marketdata/v1/market_data_pb.js";
import type { WatchResponse as PriceFrame } from "$gen/ordermesh/marketdata/v1/market_data_service_pb.js";

import { drainWish, ResumingStream, type StreamOptions, type Wish } from "@ordermesh/client";

/** A panel's part of the stream. */
export interface DetailReader {
  /** A connection begins: what is held may be out of date until `live`. */
  begin(): void;
  take(update: MarketDataUpdate): void;
  /** The snapshot of this connection is complete. */
  live(): void;
}

/** The topics that panels read here. */
export type DetailTopic = Topic.BOOK | Topic.TRADE | Topic.CANDLE | Topic.CONSOLIDATED_BOOK;

const TOPIC_OF: Readonly<Partial<Record<string, DetailTopic>>> = {
  book: Topic.BOOK,
  trade: Topic.TRADE,
  candle: Topic.CANDLE,
  consolidatedBook: Topic.CONSOLIDATED_BOOK,
};

/** Opens a connection for a listing and topics. */
export type OpenDetail = (instrumentId: string, topics: DetailTopic[], signal: AbortSignal) => AsyncIterable<PriceFrame>;

export class DetailPrices {
  readonly stream: ResumingStream<PriceFrame>;
  #instrumentId = "";
  readonly #readers = new Map<DetailReader, DetailTopic>();
  #restarting = false;

  constructor(
    private readonly open: OpenDetail,
    options: StreamOptions,
  ) {
    this.stream = new ResumingStream(
      { open: (signal) => this.#connect(signal), take: (frame) => this.#take(frame.items) },
      options,
    );
  }

  /** Follows another listing; all readers begin anew. */
  follow(instrumentId: string): void {
    if (instrumentId === this.#instrumentId) return;
    this.#instrumentId = instrumentId;
    this.#restart();
  }

  /** Reads a topic until the returned function is called. */
  read(topic: DetailTopic, reader: DetailReader): () => void {
    this.#readers.set(reader, topic);
    this.#restart();
    return () => {
      this.#readers.delete(reader);
      this.#restart();
    };
  }

  /** Ends the stream, whatever panels are open. */
  stop(): void {
    this.#readers.clear();
    this.stream.stop();
  }

  /** Several changes of one moment open one connection. */
  #restart(): void {
    if (this.#restarting) return;
    this.#restarting = true;
    queueMicrotask(() => {
      this.#restarting = false;
      this.stream.stop();
      if (this.#instrumentId !== "" && this.#readers.size > 0) this.stream.start();
    });
  }

  #connect(signal: AbortSignal): AsyncIterable<PriceFrame> {
    for (const reader of this.#readers.keys()) reader.begin();
    return this.open(this.#instrumentId, [...new Set(this.#readers.values())], signal);
  }

  #take(items: readonly MarketDataItem[]): Wish | undefined {
    const wish: Wish = {};
    for (const { item } of items) Object.assign(wish, this.#takeItem(item));
    return wish;
  }

  #takeItem(item: MarketDataItem["item"]): Wish | undefined {
    switch (item.case) {
      case "update": {
        const topic = TOPIC_OF[item.value.value.case ?? ""];
        for (const [reader, wanted] of this.#readers) if (wanted === topic) reader.take(item.value);
        return undefined;
      }
      case "snapshotComplete":
        for (const reader of this.#readers.keys()) reader.live();
        return { live: true };
      case "heartbeat":
        return { live: true };
      case "slowConsumer":
        return { reopen: "this page was too slow; reading anew" };
      case "drain":
        return drainWish(item.value);
      default:
        return undefined;
    }
  }
}
