use std::collections::HashMap;

use crate::proto::ordermesh::marketdata::v1::market_data_item::Item;
use crate::proto::ordermesh::marketdata::v1::market_data_update::Value;
use crate::proto::ordermesh::marketdata::v1::{
    DeliveryMode, MarketDataItem, MarketDataUpdate, Subscription, WatchRequest, WatchResponse,
};
use crate::proto::ordermesh::r#type::v1::{Gap, GapKind};
use crate::queue::{Overflow, Queue, Queued};
use crate::stream::{Reader, Taker, Wish, gap_now};
use crate::{Client, Error};

/// How many items of a stream of prices may wait for the program. What waits gets old, so it is
/// less than of orders.
const QUEUE_ITEMS_DEFAULT: usize = 256;

/// Which prices to watch, and how they are conflated.
#[derive(Clone, Debug, Default)]
pub struct PriceWatch {
    /// Names listings, topics and the delivery mode: EVERY_EVENT, INTERVAL (the latest value at
    /// most once every `interval_ms`) or LATEST_ON_READY. The default: the quotes of every listing,
    /// latest on ready.
    pub subscription: Subscription,
    /// How many items may wait for the program; 0: 256.
    pub queue_items: usize,
}

/// Prices as they change, over any number of broken connections; each begins with a snapshot. An
/// update is the complete value of its channel, that is of one listing and topic. In one connection
/// no update comes twice, and one that is missing shows as a gap of kind LOST with the instrument
/// as its channel. Gaps of kind LINK_DOWN and LINK_UP without a channel are about the way to the
/// mesh. Dropped, it is closed.
pub struct PriceStream {
    reader: Reader<MarketDataItem>,
    overflow: Overflow,
}

impl Client {
    /// Opens a stream of prices. It ends as a stream of orders does.
    #[must_use]
    pub fn watch_prices(&self, watch: PriceWatch) -> PriceStream {
        let limit = if watch.queue_items == 0 { QUEUE_ITEMS_DEFAULT } else { watch.queue_items };
        let overflow = match watch.subscription.mode() {
            DeliveryMode::EveryEvent => Overflow::Wait,
            _ => Overflow::KeepLatest,
        };
        let merge: Option<fn(MarketDataItem, &mut MarketDataItem)> = match overflow {
            Overflow::Wait => None,
            Overflow::KeepLatest => Some(keep_latest),
        };
        let taker = PriceTaker {
            subscription: watch.subscription,
            heartbeat_s: i32::try_from(self.config().heartbeat.as_secs()).unwrap_or_default(),
            sequences: HashMap::new(),
        };
        PriceStream { reader: Reader::start(self, Queue::new(limit, merge), taker), overflow }
    }
}

impl PriceStream {
    /// Waits for the next item. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// Why the stream has ended for good, as of [`OrderStream::next`](crate::OrderStream::next).
    pub async fn next(&mut self) -> Result<MarketDataItem, Error> {
        self.reader.next().await
    }

    /// What happens when its queue is full: [`Overflow::Wait`] in mode EVERY_EVENT, else
    /// [`Overflow::KeepLatest`].
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }
}

/// Puts a newer value in the place of an older one that nobody has read.
fn keep_latest(older: MarketDataItem, newer: &mut MarketDataItem) {
    if let (Some(Item::Update(before)), Some(Item::Update(now))) = (older.item, &mut newer.item) {
        now.conflated_updates =
            now.conflated_updates.saturating_add(before.conflated_updates).saturating_add(1);
        now.snapshot |= before.snapshot;
    }
}

type Out = Vec<Queued<MarketDataItem>>;
type Channel = (&'static str, String);

/// Takes the frames of a stream of prices.
struct PriceTaker {
    subscription: Subscription,
    heartbeat_s: i32,
    /// The last update of each channel, in this connection.
    sequences: HashMap<Channel, u64>,
}

impl Taker for PriceTaker {
    type Request = WatchRequest;
    type Item = MarketDataItem;
    const NAME: &'static str = "prices";

    fn begin(&mut self, _: &mut Out) -> WatchRequest {
        self.sequences.clear();
        WatchRequest {
            subscription: Some(self.subscription.clone()),
            heartbeat_s: self.heartbeat_s,
            cursor: None,
        }
    }

    fn take(&mut self, frame: WatchResponse, out: &mut Out) -> Wish {
        let mut wish = Wish::default();
        for item in frame.items {
            match &item.item {
                Some(Item::Update(update)) => {
                    let Some(channel) = self.update(update, out) else { continue };
                    out.push(Queued { channel: Some(channel), item });
                    continue;
                }
                Some(Item::Heartbeat(_)) => {
                    out.push(Queued { channel: Some(("heartbeat", String::new())), item });
                    continue;
                }
                Some(Item::SlowConsumer(_)) => {
                    return Wish::reopen("the program was too slow for the mesh");
                }
                Some(Item::Drain(drain)) => {
                    wish.drain = Some(drain.clone());
                    continue;
                }
                Some(Item::Resync(_)) => self.sequences.clear(),
                Some(_) => {}
                None => continue, // of a newer mesh
            }
            out.push(item.into());
        }
        wish
    }

    fn gap(gap: Gap) -> MarketDataItem {
        MarketDataItem { item: Some(Item::Gap(gap)) }
    }
}

impl PriceTaker {
    /// The channel of an update that is new.
    fn update(&mut self, update: &MarketDataUpdate, out: &mut Out) -> Option<Channel> {
        let channel = (topic(update), update.instrument_id.clone());
        let last = self.sequences.get(&channel).filter(|_| !update.snapshot);
        if let Some(last) = last {
            if update.sequence <= *last {
                return None;
            }
            let missing =
                (update.sequence - last - 1).saturating_sub(update.conflated_updates.into());
            if missing > 0 {
                let text = format!("{missing} updates before {} are missing", update.sequence);
                let gap =
                    Gap { channel: update.instrument_id.clone(), ..gap_now(GapKind::Lost, text) };
                out.push(Self::gap(gap).into());
            }
        }
        self.sequences.insert(channel.clone(), update.sequence);
        Some(channel)
    }
}

fn topic(update: &MarketDataUpdate) -> &'static str {
    match update.value {
        Some(Value::Quote(_)) => "quote",
        Some(Value::Book(_)) => "book",
        Some(Value::Trade(_)) => "trade",
        Some(Value::Candle(_)) => "candle",
        Some(Value::ConsolidatedBook(_)) => "consolidated book",
        None => "of a newer mesh",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::ordermesh::marketdata::v1::Quote;

    fn update(sequence: u64, conflated_updates: u32) -> MarketDataItem {
        let value = Some(Value::Quote(Quote::default()));
        let instrument_id = "ASML.SIMA".to_owned();
        let update = MarketDataUpdate {
            instrument_id,
            sequence,
            conflated_updates,
            value,
            ..Default::default()
        };
        MarketDataItem { item: Some(Item::Update(update)) }
    }

    fn taken(items: Vec<MarketDataItem>) -> Vec<String> {
        let subscription = Subscription::default();
        let mut taker = PriceTaker { subscription, heartbeat_s: 5, sequences: HashMap::new() };
        let mut out = Vec::new();
        taker.take(WatchResponse { items }, &mut out);
        let shown = out.into_iter().map(|queued| match queued.item.item {
            Some(Item::Update(update)) => update.sequence.to_string(),
            Some(Item::Gap(gap)) => gap.text,
            _ => "other".to_owned(),
        });
        shown.collect()
    }

    #[test]
    fn a_missing_update_is_a_gap_and_a_conflated_one_is_none() {
        let items = vec![update(1, 0), update(1, 0), update(4, 2), update(7, 1)];
        assert_eq!(taken(items), ["1", "4", "1 updates before 7 are missing", "7"]);
    }

    #[test]
    fn a_value_in_the_place_of_another_counts_it() {
        let mut newer = update(9, 2);
        keep_latest(update(6, 3), &mut newer);
        assert_eq!(newer, update(9, 6));
    }
}
