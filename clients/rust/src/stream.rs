use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Code;

use crate::backoff::Attempts;
use crate::calls::Wire;
use crate::proto::ordermesh::r#type::v1::{Drain, DrainCause, Gap, GapKind, RetryClass};
use crate::queue::{Queue, Queued};
use crate::session::Session;
use crate::{Client, Error, Refusal, StreamRpc};

/// Silence of so many halves of a heartbeat ends a connection.
const SILENT_HALVES: u32 = 5;

/// What a stream needs after a frame; mostly nothing.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// The server is about to end the stream.
    pub(crate) drain: Option<Drain>,
    /// Why this connection cannot go on; the next one begins at the cursors.
    pub(crate) reopen: Option<String>,
}

impl Wish {
    pub(crate) fn reopen(why: impl Into<String>) -> Self {
        Self { drain: None, reopen: Some(why.into()) }
    }
}

/// Takes the frames of one kind of stream. It does no I/O: what it gives is put into the queue.
pub(crate) trait Taker: Send + Sync + 'static {
    /// Opens a connection.
    type Request: StreamRpc;
    /// What the program gets.
    type Item: Send + 'static;
    /// The name for logs.
    const NAME: &'static str;

    /// The request of a connection that begins after what was taken so far.
    fn begin(&mut self, out: &mut Vec<Queued<Self::Item>>) -> Self::Request;
    /// Takes a frame.
    fn take(
        &mut self,
        frame: <Self::Request as StreamRpc>::Answer,
        out: &mut Vec<Queued<Self::Item>>,
    ) -> Wish;
    /// A gap as an item.
    fn gap(gap: Gap) -> Self::Item;
}

/// A queue that a task fills; dropped, it ends the task and its connection.
pub(crate) struct Reader<Item> {
    queue: Arc<Queue<Item>>,
    task: JoinHandle<()>,
}

impl<Item: Send + 'static> Reader<Item> {
    pub(crate) fn start<T: Taker<Item = Item>>(
        client: &Client,
        queue: Queue<Item>,
        taker: T,
    ) -> Self {
        let queue = Arc::new(queue);
        let config = client.config();
        let resuming = Resuming {
            wire: client.wire().clone(),
            session: Arc::clone(client.session()),
            silence: config.heartbeat * SILENT_HALVES / 2,
            delays: Attempts::new(config.backoff),
            queue: Arc::clone(&queue),
            taker,
            token: String::new(),
            down: false,
            renewed: false,
        };
        Self { queue, task: tokio::spawn(resuming.run()) }
    }

    pub(crate) async fn next(&self) -> Result<Item, Error> {
        self.queue.take().await
    }
}

impl<Item> Drop for Reader<Item> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads a stream over any number of connections: at once after a first break, then with backoff,
/// until the mesh refuses for good.
struct Resuming<T: Taker> {
    wire: Wire,
    session: Arc<Session>,
    silence: Duration,
    delays: Attempts,
    queue: Arc<Queue<T::Item>>,
    taker: T,
    token: String,
    down: bool,
    renewed: bool,
}

/// How one connection ended.
struct Ending {
    cause: Cause,
    drain: Option<Drain>,
}

enum Cause {
    Failed(Error),
    Reopened(String),
}

impl Cause {
    fn text(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::Reopened(why) => why.clone(),
        }
    }
}

impl<T: Taker> Resuming<T> {
    async fn run(mut self) {
        loop {
            let began = Instant::now();
            let ending = self.connection().await;
            self.delays.ended(began.elapsed());
            match self.judge(&ending).await {
                Err(error) => return self.queue.end(error),
                Ok(wait) => {
                    self.broken(&ending).await;
                    sleep(wait).await;
                }
            }
        }
    }

    /// Reads one connection until its end.
    async fn connection(&mut self) -> Ending {
        let mut drain = None;
        let cause = match self.read(&mut drain).await {
            Ok(why) => Cause::Reopened(why),
            Err(error) => Cause::Failed(error),
        };
        Ending { cause, drain }
    }

    /// Why the connection is given up, or the error with which it ended.
    async fn read(&mut self, drain: &mut Option<Drain>) -> Result<String, Error> {
        self.token = self.session.token().await?;
        let mut out = Vec::new();
        let request = self.taker.begin(&mut out);
        self.put(out).await;
        let mut until = Instant::now() + self.silence;
        let mut frames = heard(until, self.wire.stream(request, &self.token)).await?;
        loop {
            let received = async { frames.message().await.map_err(Error::from) };
            let Some(frame) = heard(until, received).await? else {
                return Ok("the mesh ended the stream".to_owned());
            };
            self.alive().await;
            let mut out = Vec::new();
            let wish = self.taker.take(frame, &mut out);
            self.put(out).await;
            if let Some(why) = wish.reopen {
                *drain = None;
                return Ok(why);
            }
            *drain = wish.drain.or(drain.take());
            // A program that does not read is no silence of the mesh.
            until = Instant::now() + self.silence;
        }
    }

    async fn put(&self, items: Vec<Queued<T::Item>>) {
        for item in items {
            self.queue.put(item).await;
        }
    }

    /// Notes that a frame came.
    async fn alive(&mut self) {
        self.renewed = false;
        if self.down {
            self.down = false;
            self.queue.put(T::gap(gap_now(GapKind::LinkUp, "connected again")).into()).await;
            tracing::info!(stream = T::NAME, "the stream is connected again");
        }
    }

    /// Says that the connection broke; a drain that is resumed is no gap.
    async fn broken(&mut self, ending: &Ending) {
        if self.down || ending.drain.is_some() {
            return;
        }
        self.down = true;
        let cause = ending.cause.text();
        tracing::warn!(stream = T::NAME, cause, "the stream broke and is resumed");
        self.queue.put(T::gap(gap_now(GapKind::LinkDown, cause)).into()).await;
    }

    /// How long to wait before the next connection, or the error that it would end with as well.
    async fn judge(&mut self, ending: &Ending) -> Result<Duration, Error> {
        let delay = self.delays.next_delay();
        if let Some(drain) = &ending.drain {
            if drain.cause() == DrainCause::TokenExpiry {
                self.renew().await?;
            }
            let least = drain
                .retry_after
                .and_then(|after| Duration::try_from(after).ok())
                .unwrap_or_default();
            return Ok(delay.max(least));
        }
        match &ending.cause {
            Cause::Failed(Error::NotLoggedIn) => Err(Error::NotLoggedIn),
            Cause::Failed(Error::Refused(refusal)) => {
                if refusal.code == Code::Unauthenticated && !self.renewed {
                    self.renewed = true;
                    self.renew().await?;
                } else if is_permanent(refusal) {
                    return Err(Error::Refused(refusal.clone()));
                }
                Ok(delay.max(refusal.retry_after))
            }
            _ => Ok(delay),
        }
    }

    /// Replaces the token of this stream. A mesh that does not answer now is asked again when the
    /// stream is opened.
    async fn renew(&self) -> Result<(), Error> {
        match self.session.renew(&self.token).await {
            Err(Error::NotLoggedIn) => Err(Error::NotLoggedIn),
            _ => Ok(()),
        }
    }
}

async fn heard<V>(
    until: Instant,
    wanted: impl Future<Output = Result<V, Error>>,
) -> Result<V, Error> {
    let silent = |_| Err(Error::silent("no frame for two and a half heartbeats"));
    timeout_at(until, wanted).await.unwrap_or_else(silent)
}

/// Whether another attempt would end the same way.
fn is_permanent(refusal: &Refusal) -> bool {
    use Code::{InvalidArgument, NotFound, PermissionDenied, Unauthenticated, Unimplemented};
    matches!(
        refusal.code,
        Unauthenticated | PermissionDenied | InvalidArgument | Unimplemented | NotFound
    ) && refusal.retry_class != RetryClass::Retryable
}

pub(crate) fn gap_now(kind: GapKind, text: impl Into<String>) -> Gap {
    Gap {
        kind: kind.into(),
        text: text.into(),
        since: Some(SystemTime::now().into()),
        channel: String::new(),
    }
}
