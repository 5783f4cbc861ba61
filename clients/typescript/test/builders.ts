/** Messages of the contract with what a test cares about. */

import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import { InstrumentSchema, TradingStatus, type Instrument } from "../../../gen/ts/ordermesh/marketdata/v1/instrument_pb.js";
import { MarketDataItemSchema, type MarketDataItem } from "../../../gen/ts/ordermesh/marketdata/v1/market_data_pb.js";
import {
  OrderEventSchema,
  OrderStreamItemSchema,
  type OrderEvent,
  type OrderStreamItem,
} from "../../../gen/ts/ordermesh/oms/v1/event_pb.js";
import { OrderSchema, OrderState, OrderType, Side, TimeInForce, type Order } from "../../../gen/ts/ordermesh/oms/v1/order_pb.js";

/** What a message is made from, without being one already. */
type Init<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, Message>;

export const ACCOUNT = "ACC-ALICE";
export const EPOCH = "epoch-1";

export function order(changes: Init<typeof OrderSchema> = {}): Order {
  return create(OrderSchema, {
    orderId: "01JD0000000000000000000001",
    accountId: ACCOUNT,
    idempotencyKey: "key-1",
    instrumentId: "ASML.SIMA",
    symbol: "ASML",
    venueMic: "SIMA",
    side: Side.BUY,
    type: OrderType.LIMIT,
    terms: { quantity: "100", limitPrice: "612.4", timeInForce: TimeInForce.DAY },
    progress: { state: OrderState.PENDING_NEW, cumQuantity: "0", leavesQuantity: "100", averagePrice: "0", version: 1n },
    lastSequence: 1n,
    createdAt: timestampFromMs(1_700_000_000_000),
    ...changes,
  });
}

export function event(sequence: number, changes: Init<typeof OrderEventSchema> = {}): OrderEvent {
  return create(OrderEventSchema, {
    accountId: ACCOUNT,
    sequence: BigInt(sequence),
    orderId: "01JD0000000000000000000001",
    occurredAt: timestampFromMs(1_700_000_000_000 + sequence * 1000),
    kind: { case: "acknowledged", value: { venueOrderId: "V-1" } },
    progress: { state: OrderState.NEW, cumQuantity: "0", leavesQuantity: "100", averagePrice: "0", version: BigInt(sequence) },
    ...changes,
  });
}

export function accepted(sequence: number, changes: Init<typeof OrderSchema> = {}): OrderEvent {
  const first = order(changes);
  return event(sequence, {
    orderId: first.orderId,
    kind: { case: "accepted", value: { order: first } },
    progress: first.progress,
  });
}

export function item(value: MessageInitShape<typeof OrderStreamItemSchema>["item"], after?: Order): OrderStreamItem {
  return create(OrderStreamItemSchema, { item: value, order: after });
}

export const cursor = (sequence: number, epoch = EPOCH): { epoch: string; sequence: bigint } => ({
  epoch,
  sequence: BigInt(sequence),
});

export function snapshotComplete(sequence: number, channel = ACCOUNT): OrderStreamItem {
  return item({ case: "snapshotComplete", value: { cursor: cursor(sequence), channel } });
}

export function heartbeat(sequence: number, epoch = EPOCH): OrderStreamItem {
  return item({ case: "heartbeat", value: { highWater: cursor(sequence, epoch), channel: ACCOUNT } });
}

/** Events as they come live when each was a batch of its own: with the order after each. */
export function live(...events: OrderEvent[]): OrderStreamItem[] {
  return events.map((value) => settled(value));
}

/** An event and the order after it. */
export function settled(value: OrderEvent, changes: Init<typeof OrderSchema> = {}): OrderStreamItem {
  const { orderId, progress, sequence: lastSequence } = value;
  const after = orderId === "" ? undefined : order({ orderId, progress, lastSequence, ...changes });
  return item({ case: "event", value }, after);
}

export function price(value: MessageInitShape<typeof MarketDataItemSchema>["item"]): MarketDataItem {
  return create(MarketDataItemSchema, { item: value });
}

export function instrument(changes: Init<typeof InstrumentSchema> = {}): Instrument {
  return create(InstrumentSchema, {
    instrumentId: "ASML.SIMA",
    symbol: "ASML",
    venueMic: "SIMA",
    isin: "NL0010273215",
    name: "ASML Holding",
    currency: "EUR",
    lotSize: "1",
    tickTable: [
      { fromPrice: "0", tickSize: "0.01" },
      { fromPrice: "500", tickSize: "0.1" },
      { fromPrice: "1000", tickSize: "0.2" },
    ],
    tradingStatus: TradingStatus.OPEN,
    simulated: true,
    maxQuantity: "100000",
    ...changes,
  });
}
