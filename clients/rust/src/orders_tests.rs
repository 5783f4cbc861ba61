use super::*;
use crate::OrderCopies;
use crate::proto::ordermesh::oms::v1::Order;

const ACCOUNT: &str = "ACC-ALICE";

fn at(epoch: &str, sequence: u64) -> Cursor {
    Cursor { epoch: epoch.to_owned(), sequence }
}

fn event(sequence: u64) -> OrderStreamItem {
    item_of(Item::Event(OrderEvent {
        account_id: ACCOUNT.to_owned(),
        sequence,
        ..Default::default()
    }))
}

fn order(order_id: &str, last_sequence: u64) -> Order {
    let (account_id, order_id) = (ACCOUNT.to_owned(), order_id.to_owned());
    Order { account_id, order_id, last_sequence, ..Default::default() }
}

fn snapshot(order_id: &str) -> OrderStreamItem {
    item_of(Item::Snapshot(order(order_id, 1)))
}

fn complete(epoch: &str, sequence: u64) -> OrderStreamItem {
    item_of(Item::SnapshotComplete(SnapshotComplete {
        cursor: Some(at(epoch, sequence)),
        ..Default::default()
    }))
}

fn beat(sequence: u64) -> OrderStreamItem {
    item_of(Item::Heartbeat(Heartbeat {
        high_water: Some(at("1", sequence)),
        ..Default::default()
    }))
}

fn taker() -> OrderTaker {
    OrderTaker {
        session: None,
        accounts: vec![ACCOUNT.to_owned()],
        heartbeat_s: 5,
        logs: HashMap::new(),
    }
}

/// What the program gets of one frame, and whether the stream is opened again.
fn taken(taker: &mut OrderTaker, items: Vec<OrderStreamItem>) -> (Vec<OrderStreamItem>, bool) {
    let mut out = Vec::new();
    let wish = taker.take(WatchResponse { items }, &mut out);
    (out.into_iter().map(|queued| queued.item).collect(), wish.reopen.is_some())
}

fn sequences(items: &[OrderStreamItem]) -> Vec<u64> {
    let of = |item: &OrderStreamItem| match &item.item {
        Some(Item::Event(event)) => Some(event.sequence),
        _ => None,
    };
    items.iter().filter_map(of).collect()
}

fn cursor(taker: &mut OrderTaker) -> Option<Cursor> {
    taker.begin(&mut Vec::new()).accounts.remove(0).cursor
}

#[test]
fn each_event_is_given_once_and_the_next_connection_begins_after_it() {
    let mut taker = taker();
    assert_eq!(cursor(&mut taker), None);
    let (items, again) =
        taken(&mut taker, vec![complete("1", 7), event(7), event(8), event(8), event(9)]);
    assert_eq!((sequences(&items), again), (vec![8, 9], false));
    assert_eq!(cursor(&mut taker), Some(at("1", 9)));
}

#[test]
fn a_hole_is_read_again_and_the_same_hole_reads_the_account_anew() {
    let mut taker = taker();
    taken(&mut taker, vec![complete("1", 7)]);
    let (items, again) = taken(&mut taker, vec![event(9)]);
    assert_eq!((items.len(), again, cursor(&mut taker)), (0, true, Some(at("1", 7))));
    let (items, again) = taken(&mut taker, vec![event(9)]);
    assert!(
        matches!(items[0].item, Some(Item::Gap(_)))
            && matches!(items[1].item, Some(Item::Resync(_)))
    );
    assert_eq!((again, cursor(&mut taker)), (true, None));
}

#[test]
fn a_second_heartbeat_above_the_last_event_is_a_hole_and_a_first_is_not() {
    let mut taker = taker();
    taken(&mut taker, vec![complete("1", 7)]);
    assert!(!taken(&mut taker, vec![beat(8)]).1);
    assert!(!taken(&mut taker, vec![event(8), beat(9)]).1);
    assert!(taken(&mut taker, vec![beat(9)]).1);
}

#[test]
fn a_snapshot_that_was_cut_is_taken_back() {
    let (mut taker, mut copies) = (taker(), OrderCopies::default());
    for item in taken(&mut taker, vec![snapshot("A")]).0 {
        copies.apply(&item);
    }
    let mut out = Vec::new();
    taker.begin(&mut out);
    for queued in &out {
        copies.apply(&queued.item);
    }
    for item in taken(&mut taker, vec![snapshot("B"), complete("1", 2)]).0 {
        copies.apply(&item);
    }
    let ids: Vec<_> = copies.iter().map(|order| order.order_id.as_str()).collect();
    assert_eq!(ids, ["B"]);
}

#[test]
fn an_order_that_is_older_than_the_copy_does_not_replace_it() {
    let mut copies = OrderCopies::default();
    for (last_sequence, newer) in [(5, true), (4, false), (5, false), (6, true)] {
        let item =
            OrderStreamItem { order: Some(order("A", last_sequence)), ..event(last_sequence) };
        assert_eq!(copies.apply(&item).is_some(), newer, "{last_sequence}");
    }
}

#[test]
fn a_new_epoch_opens_the_stream_again() {
    let mut taker = taker();
    taken(&mut taker, vec![complete("0", 7)]);
    assert!(taken(&mut taker, vec![beat(7)]).1);
}
