use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Error;

/// What happens when as many items of a stream wait for the program as its queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Nothing more is taken from the mesh until the program has read: no item is lost. If the
    /// program stays away for long, the mesh ends the stream, and it resumes at its cursor.
    Wait,
    /// A new value takes the place of the one of the same channel that waits, and counts it in
    /// `conflated_updates`; if there is none, it waits. For prices that are conflated anyway.
    KeepLatest,
}

/// An item on its way to the program, with its channel, if a newer item of it may replace it.
#[derive(Debug)]
pub(crate) struct Queued<Item> {
    pub(crate) channel: Option<(&'static str, String)>,
    pub(crate) item: Item,
}

impl<Item> From<Item> for Queued<Item> {
    fn from(item: Item) -> Self {
        Self { channel: None, item }
    }
}

/// Holds the items of a stream until the program reads them. One task puts, one takes.
pub(crate) struct Queue<Item> {
    limit: usize,
    /// Makes one item of an older and a newer one of the same channel.
    merge: Option<fn(Item, &mut Item)>,
    inside: Mutex<Inside<Item>>,
    filled: Notify,
    freed: Notify,
}

struct Inside<Item> {
    waiting: VecDeque<Queued<Item>>,
    ended: Option<Error>,
}

impl<Item> Queue<Item> {
    pub(crate) fn new(limit: usize, merge: Option<fn(Item, &mut Item)>) -> Self {
        let inside = Mutex::new(Inside { waiting: VecDeque::new(), ended: None });
        Self { limit: limit.max(1), merge, inside, filled: Notify::new(), freed: Notify::new() }
    }

    /// Adds an item; waits while the queue is full.
    pub(crate) async fn put(&self, mut queued: Queued<Item>) {
        while let Err(back) = self.offer(queued) {
            queued = back;
            self.freed.notified().await;
        }
        self.filled.notify_one();
    }

    fn offer(&self, queued: Queued<Item>) -> Result<(), Queued<Item>> {
        let mut inside = self.inside();
        if inside.waiting.len() < self.limit {
            inside.waiting.push_back(queued);
            return Ok(());
        }
        let Some((merge, channel)) = self.merge.zip(queued.channel.as_ref()) else {
            return Err(queued);
        };
        // Items without a channel keep their place between those before and after them.
        let newest_first = inside.waiting.iter_mut().rev().take_while(|one| one.channel.is_some());
        let Some(place) =
            newest_first.into_iter().find(|one| one.channel.as_ref() == Some(channel))
        else {
            return Err(queued);
        };
        let older = std::mem::replace(&mut place.item, queued.item);
        merge(older, &mut place.item);
        Ok(())
    }

    /// Lets the reader have what waits, and then this error.
    pub(crate) fn end(&self, error: Error) {
        self.inside().ended = Some(error);
        self.filled.notify_one();
    }

    /// The next item, or the error with which the stream ended, as often as it is asked for.
    pub(crate) async fn take(&self) -> Result<Item, Error> {
        loop {
            {
                let mut inside = self.inside();
                if let Some(queued) = inside.waiting.pop_front() {
                    self.freed.notify_one();
                    return Ok(queued.item);
                }
                if let Some(error) = &inside.ended {
                    return Err(error.clone());
                }
            }
            self.filled.notified().await;
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside<Item>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(older: u32, newer: &mut u32) {
        *newer += older;
    }

    fn of(channel: &str, item: u32) -> Queued<u32> {
        Queued { channel: Some(("quote", channel.to_owned())), item }
    }

    #[tokio::test]
    async fn a_full_queue_waits_until_the_program_has_read() {
        let queue = Queue::new(1, None);
        queue.put(1.into()).await;
        assert!(queue.offer(2.into()).is_err());
        let (_, first) = tokio::join!(queue.put(2.into()), queue.take());
        assert_eq!((first, queue.take().await), (Ok(1), Ok(2)));
    }

    #[tokio::test]
    async fn a_full_queue_of_values_keeps_the_latest_of_a_channel() {
        let queue = Queue::new(2, Some(sum));
        queue.put(of("A", 1)).await;
        queue.put(of("B", 10)).await;
        queue.put(of("A", 2)).await;
        assert!(queue.offer(of("C", 5)).is_err());
        assert_eq!((queue.take().await, queue.take().await), (Ok(3), Ok(10)));
    }

    #[tokio::test]
    async fn nothing_is_replaced_across_an_item_without_a_channel() {
        let queue = Queue::new(2, Some(sum));
        queue.put(of("A", 1)).await;
        queue.put(7.into()).await;
        assert!(queue.offer(of("A", 2)).is_err());
    }

    #[tokio::test]
    async fn what_waits_is_given_before_the_end_which_stays() {
        let queue = Queue::new(2, None);
        queue.put(1.into()).await;
        queue.end(Error::NotLoggedIn);
        assert_eq!(queue.take().await, Ok(1));
        assert_eq!(queue.take().await, Err(Error::NotLoggedIn));
        assert_eq!(queue.take().await, Err(Error::NotLoggedIn));
    }
}
