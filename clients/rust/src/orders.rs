use std::collections::{BTreeMap, HashMap};
use std::mem::take;
use std::sync::Arc;

use crate::proto::ordermesh::oms::v1::order_stream_item::Item;
use crate::proto::ordermesh::oms::v1::{
    AccountCursor, OrderEvent, OrderStreamItem, WatchRequest, WatchResponse,
};
use crate::proto::ordermesh::r#type::v1::{
    Cursor, Gap, GapKind, Heartbeat, Resync, ResyncCause, SnapshotComplete,
};
use crate::queue::{Queue, Queued};
use crate::session::Session;
use crate::stream::{Reader, Taker, Wish, gap_now};
use crate::{Client, Error};

/// How many items of a stream of orders may wait for the program.
const QUEUE_ITEMS_DEFAULT: usize = 1024;

/// Positions by account.
pub type Cursors = BTreeMap<String, Cursor>;

/// Which orders to watch. `OrderWatch::default()` has all accounts of the user.
#[derive(Clone, Debug, Default)]
pub struct OrderWatch {
    /// Accounts to watch, at most 50; none: all of the user's.
    pub accounts: Vec<String>,
    /// Where a stream of an earlier run of the program was, as [`OrderStream::cursors`] gave it. An
    /// account without one begins with a snapshot.
    pub cursors: Cursors,
    /// How many items may wait for the program; 0: 1024.
    pub queue_items: usize,
}

impl OrderWatch {
    /// Watches these accounts, from a snapshot.
    pub fn accounts<Name: Into<String>>(names: impl IntoIterator<Item = Name>) -> Self {
        Self { accounts: names.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// The orders of some accounts as they change. Every event of an account comes exactly once and in
/// order, over any number of broken connections. Its overflow rule is
/// [`Overflow::Wait`](crate::Overflow::Wait).
///
/// An item is one of: an order of a snapshot, the end of a snapshot, an event (with the order after
/// it beside it, if it is the last one of its batch), a heartbeat, a resync (forget what you have
/// of this account, a snapshot follows) and a gap. A gap of kind LINK_DOWN without a channel is
/// about the way to the mesh, until LINK_UP. What the mesh sends for the stream itself (drain, slow
/// consumer) is dealt with here. [`OrderCopies`](crate::OrderCopies) keeps the orders that the
/// items carry. Dropped, it is closed.
pub struct OrderStream {
    reader: Reader<OrderStreamItem>,
    cursors: Cursors,
}

impl Client {
    /// Opens a stream of orders.
    #[must_use]
    pub fn watch_orders(&self, watch: OrderWatch) -> OrderStream {
        let limit = if watch.queue_items == 0 { QUEUE_ITEMS_DEFAULT } else { watch.queue_items };
        let taker = OrderTaker {
            session: Some(Arc::clone(self.session())),
            accounts: watch.accounts,
            heartbeat_s: i32::try_from(self.config().heartbeat.as_secs()).unwrap_or_default(),
            logs: watch
                .cursors
                .iter()
                .map(|(name, at)| (name.clone(), Log::at(at.clone())))
                .collect(),
        };
        OrderStream {
            reader: Reader::start(self, Queue::new(limit, None), taker),
            cursors: watch.cursors,
        }
    }
}

impl OrderStream {
    /// Waits for the next item. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// Why the stream has ended for good: the login has ended, or the mesh refused it with
    /// UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT, UNIMPLEMENTED or NOT_FOUND.
    pub async fn next(&mut self) -> Result<OrderStreamItem, Error> {
        let item = self.reader.next().await?;
        match &item.item {
            Some(Item::Event(event)) => {
                let cursor = self.cursors.entry(event.account_id.clone()).or_default();
                cursor.sequence = event.sequence;
            }
            Some(Item::SnapshotComplete(done)) => {
                self.cursors.insert(done.channel.clone(), done.cursor.clone().unwrap_or_default());
            }
            Some(Item::Resync(resync)) => {
                self.cursors.remove(&resync.channel);
            }
            _ => {}
        }
        Ok(item)
    }

    /// Up to where items were given to the program. A program that keeps them together with what it
    /// made of the items, in one transaction, goes on exactly there after a restart.
    #[must_use]
    pub fn cursors(&self) -> &Cursors {
        &self.cursors
    }
}

/// What was taken of one account.
#[derive(Debug, Default)]
struct Log {
    /// The last event taken; none before a first snapshot is whole.
    cursor: Option<Cursor>,
    /// A snapshot has begun and is not complete.
    partial: bool,
    /// The high water of the last heartbeat, if it was above the last event; else 0.
    suspect: u64,
    /// How often events after the cursor were missing.
    holes: u32,
}

impl Log {
    fn at(cursor: Cursor) -> Self {
        Self { cursor: Some(cursor), ..Self::default() }
    }
}

type Out = Vec<Queued<OrderStreamItem>>;

/// Takes the frames of the order stream: it drops repeats, and has holes read again.
pub(crate) struct OrderTaker {
    session: Option<Arc<Session>>,
    accounts: Vec<String>,
    heartbeat_s: i32,
    logs: HashMap<String, Log>,
}

impl Taker for OrderTaker {
    type Request = WatchRequest;
    type Item = OrderStreamItem;
    const NAME: &'static str = "orders";

    fn begin(&mut self, out: &mut Out) -> WatchRequest {
        let mut cut = Vec::new();
        for (account, log) in &mut self.logs {
            log.suspect = 0;
            if log.partial {
                cut.push(account.clone());
            }
        }
        // A snapshot that broke off is taken back.
        cut.iter().for_each(|account| self.resync(account, ResyncCause::SourceReset, out));
        let watched = self.watched();
        let accounts = watched.into_iter().map(|account_id| AccountCursor {
            cursor: self.log(&account_id).cursor.clone(),
            account_id,
        });
        WatchRequest { accounts: accounts.collect(), heartbeat_s: self.heartbeat_s }
    }

    fn take(&mut self, frame: WatchResponse, out: &mut Out) -> Wish {
        let mut wish = Wish::default();
        let only = Some(self.watched()).filter(|all| all.len() == 1).and_then(|mut all| all.pop());
        for mut item in frame.items {
            if let Some(account) = &only {
                name(&mut item, account);
            }
            let one = self.take_item(item, out);
            if one.reopen.is_some() {
                return one;
            }
            wish.drain = one.drain.or(wish.drain);
        }
        wish
    }

    fn gap(gap: Gap) -> OrderStreamItem {
        item_of(Item::Gap(gap))
    }
}

impl OrderTaker {
    fn watched(&self) -> Vec<String> {
        match &self.session {
            Some(session) if self.accounts.is_empty() => session.accounts(),
            _ => self.accounts.clone(),
        }
    }

    fn log(&mut self, account: &str) -> &mut Log {
        self.logs.entry(account.to_owned()).or_default()
    }

    fn take_item(&mut self, item: OrderStreamItem, out: &mut Out) -> Wish {
        match &item.item {
            Some(Item::Event(event)) => {
                let wish = self.event(event, out);
                return wish.unwrap_or_else(|| give(item, out));
            }
            Some(Item::SnapshotComplete(done)) => {
                let wish = self.complete(done, out);
                return wish.unwrap_or_else(|| give(item, out));
            }
            Some(Item::Heartbeat(beat)) => {
                let wish = self.heartbeat(beat, out);
                return wish.unwrap_or_else(|| give(item, out));
            }
            Some(Item::Snapshot(order)) => self.log(&order.account_id).partial = true,
            Some(Item::Resync(resync)) => *self.log(&resync.channel) = Log::default(),
            Some(Item::Gap(_)) => {}
            Some(Item::SlowConsumer(_)) => {
                return Wish::reopen("the program was too slow for the mesh");
            }
            Some(Item::Drain(drain)) => return Wish { drain: Some(drain.clone()), reopen: None },
            // Of a newer mesh, which sends nothing here that must not be skipped.
            None => return Wish::default(),
        }
        give(item, out)
    }

    /// None: the event is the next one, and is given to the program.
    fn event(&mut self, event: &OrderEvent, out: &mut Out) -> Option<Wish> {
        let account = &event.account_id;
        let log = self.log(account);
        let Some(cursor) = &mut log.cursor else {
            return Some(self.hole(
                account,
                "an event came before the snapshot of its account".to_owned(),
                out,
            ));
        };
        if event.sequence <= cursor.sequence {
            return Some(Wish::default());
        }
        if event.sequence != cursor.sequence + 1 {
            let why =
                format!("event {} of {account} came after {}", event.sequence, cursor.sequence);
            return Some(self.hole(account, why, out));
        }
        cursor.sequence = event.sequence;
        log.holes = 0;
        None
    }

    /// Opens the stream again after the last event taken. If the same events are missing again, the
    /// account is read anew.
    fn hole(&mut self, account: &str, why: String, out: &mut Out) -> Wish {
        let log = self.log(account);
        log.holes += 1;
        if log.holes == 1 && log.cursor.is_some() {
            return Wish::reopen(why);
        }
        let why = format!("{why}; the account is read anew");
        let gap = Gap { channel: account.to_owned(), ..gap_now(GapKind::Lost, why.as_str()) };
        give(item_of(Item::Gap(gap)), out);
        self.resync(account, ResyncCause::CursorUnknown, out);
        Wish::reopen(why)
    }

    /// Has the program forget what it has of an account: a snapshot follows.
    fn resync(&mut self, account: &str, cause: ResyncCause, out: &mut Out) {
        let log = take(self.log(account));
        let resync =
            Resync { cause: cause.into(), channel: account.to_owned(), requested: log.cursor };
        give(item_of(Item::Resync(resync)), out);
    }

    fn complete(&mut self, done: &SnapshotComplete, out: &mut Out) -> Option<Wish> {
        let log = self.log(&done.channel);
        let at = done.cursor.clone().unwrap_or_default();
        if let Some(cursor) = log.cursor.as_ref().filter(|_| !log.partial) {
            if at.epoch == cursor.epoch && at.sequence <= cursor.sequence {
                return Some(Wish::default()); // of an account that was resumed: nothing new
            }
            return Some(self.hole(
                &done.channel,
                "a snapshot ended that had not begun".to_owned(),
                out,
            ));
        }
        *log = Log { holes: log.holes, ..Log::at(at) };
        None
    }

    /// Compares the high water with the last event. One heartbeat may overtake events of its
    /// moment, a second one does not.
    fn heartbeat(&mut self, beat: &Heartbeat, out: &mut Out) -> Option<Wish> {
        let log = self.log(&beat.channel);
        let (cursor, water) =
            log.cursor.as_ref().filter(|_| !log.partial).zip(beat.high_water.as_ref())?;
        if water.epoch != cursor.epoch {
            return Some(Wish::reopen("the order log began a new epoch"));
        }
        if water.sequence <= cursor.sequence {
            log.suspect = 0;
        } else if log.suspect > cursor.sequence {
            let why = format!("events of {} after {} are missing", beat.channel, cursor.sequence);
            return Some(self.hole(&beat.channel, why, out));
        } else {
            log.suspect = water.sequence;
        }
        None
    }
}

fn give(item: OrderStreamItem, out: &mut Out) -> Wish {
    out.push(item.into());
    Wish::default()
}

fn item_of(item: Item) -> OrderStreamItem {
    OrderStreamItem { item: Some(item), order: None }
}

/// Gives the account to an item of a stream that has only one, where it may be left out.
fn name(item: &mut OrderStreamItem, account: &str) {
    let channel = match &mut item.item {
        Some(Item::SnapshotComplete(done)) => &mut done.channel,
        Some(Item::Heartbeat(beat)) => &mut beat.channel,
        Some(Item::Resync(resync)) => &mut resync.channel,
        _ => return,
    };
    if channel.is_empty() {
        account.clone_into(channel);
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
