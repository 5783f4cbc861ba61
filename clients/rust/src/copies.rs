use std::collections::HashMap;

use crate::proto::ordermesh::oms::v1::order_stream_item::Item;
use crate::proto::ordermesh::oms::v1::{Order, OrderStreamItem};

/// Keeps each order as the stream carried it last; nothing is derived from events. Give it every
/// item of an [`OrderStream`](crate::OrderStream).
#[derive(Clone, Debug, Default)]
pub struct OrderCopies {
    orders: HashMap<String, Order>,
    /// Snapshots that have begun, by account; each replaces the account's orders when it is whole.
    snapshots: HashMap<String, HashMap<String, Order>>,
}

impl OrderCopies {
    /// An order, if the stream has carried it.
    #[must_use]
    pub fn get(&self, order_id: &str) -> Option<&Order> {
        self.orders.get(order_id)
    }

    /// The orders, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Takes an item. Gives the order that an event brought, if it is newer than the copy; a
    /// snapshot takes effect when it is complete, and gives none.
    pub fn apply(&mut self, item: &OrderStreamItem) -> Option<&Order> {
        match &item.item {
            Some(Item::Snapshot(order)) => {
                let begun = self.snapshots.entry(order.account_id.clone()).or_default();
                begun.insert(order.order_id.clone(), order.clone());
            }
            Some(Item::SnapshotComplete(done)) => {
                self.orders.retain(|_, order| order.account_id != done.channel);
                self.orders.extend(self.snapshots.remove(&done.channel).unwrap_or_default());
            }
            Some(Item::Resync(resync)) => {
                self.snapshots.remove(&resync.channel);
            }
            Some(Item::Event(_)) => return self.carried(item.order.as_ref()?),
            _ => {}
        }
        None
    }

    /// Keeps an order unless the copy is newer: a replay brings orders as they are stored, which
    /// may be after events that are still to come.
    fn carried(&mut self, order: &Order) -> Option<&Order> {
        let known = self.orders.get(&order.order_id);
        if known.is_some_and(|known| known.last_sequence >= order.last_sequence) {
            return None;
        }
        self.orders.insert(order.order_id.clone(), order.clone());
        self.orders.get(&order.order_id)
    }
}
