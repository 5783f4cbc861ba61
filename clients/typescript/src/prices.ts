/**
 * Market data as a stream that resumes. Values are complete and not kept by the mesh: every
 * connection begins with a snapshot, and the latest value is what counts.
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";

import type { MarketDataUpdate } from "../../../gen/ts/ordermesh/marketdata/v1/market_data_pb.js";
import type {
  MarketDataService,
  SubscriptionSchema,
  WatchResponse,
} from "../../../gen/ts/ordermesh/marketdata/v1/market_data_service_pb.js";

import { drainWish, type Reader, type Wish } from "./stream.js";

/** Gives the updates of a subscription, whose `mode` says whether and how they are conflated. */
export class PriceReader implements Reader<WatchResponse> {
  constructor(
    private readonly client: Client<typeof MarketDataService>,
    private readonly subscription: MessageInitShape<typeof SubscriptionSchema>,
    private readonly onUpdate: (update: MarketDataUpdate) => void,
    private readonly heartbeatS = 5,
  ) {}

  open(signal: AbortSignal): AsyncIterable<WatchResponse> {
    const { subscription, heartbeatS } = this;
    return this.client.watch({ subscription, heartbeatS }, { signal });
  }

  take({ items }: WatchResponse): Wish | undefined {
    const wish: Wish = {};
    for (const { item } of items) {
      if (item.case === "update") this.onUpdate(item.value);
      else if (item.case === "snapshotComplete") wish.live = true;
      else if (item.case === "slowConsumer") return { ...wish, reopen: "this reader was too slow; resuming" };
      else if (item.case === "drain") Object.assign(wish, drainWish(item.value));
    }
    return wish;
  }
}
