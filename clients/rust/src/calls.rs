use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{AsciiMetadataValue, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Streaming};
use tonic_prost::ProstCodec;

use crate::backoff::Attempts;
use crate::config::MESSAGE_BYTES_MAX;
use crate::{Client, CommandError, Error};

/// A request of an rpc with one answer. Every such request of `proto/` is one.
pub trait UnaryRpc: prost::Message + Clone + Default + 'static {
    /// What the rpc answers.
    type Answer: prost::Message + Default + Send + 'static;
    /// Its path: "/ordermesh.oms.v1.OrderService/Place".
    const PATH: &'static str;
}

/// A request of an rpc that answers with a stream.
pub trait StreamRpc: prost::Message + Clone + Default + 'static {
    /// A frame of the stream.
    type Answer: prost::Message + Default + Send + 'static;
    /// Its path.
    const PATH: &'static str;
}

/// A request with an idempotency key: the same key with the same request gives the first result
/// again.
pub trait Command {
    /// The key; empty: it has none yet.
    fn idempotency_key(&mut self) -> &mut String;
}

/// The connection to the edge; errors are typed.
#[derive(Clone)]
pub(crate) struct Wire {
    channel: Channel,
    call_timeout: Duration,
}

impl Wire {
    pub(crate) fn new(channel: Channel, call_timeout: Duration) -> Self {
        Self { channel, call_timeout }
    }

    /// One attempt of a call.
    pub(crate) async fn unary<R: UnaryRpc>(
        &self,
        message: &R,
        token: Option<&str>,
    ) -> Result<R::Answer, Error> {
        let mut request = with_token(message.clone(), token)?;
        request.set_timeout(self.call_timeout);
        let attempt = async {
            let mut grpc = self.ready().await?;
            let path = PathAndQuery::from_static(R::PATH);
            let codec = ProstCodec::<R, R::Answer>::default();
            Ok(grpc.unary(request, path, codec).await?.into_inner())
        };
        let silent = |_| Err(Error::silent("no answer within the time of an attempt"));
        timeout(self.call_timeout, attempt).await.unwrap_or_else(silent)
    }

    /// Opens a stream.
    pub(crate) async fn stream<R: StreamRpc>(
        &self,
        message: R,
        token: &str,
    ) -> Result<Streaming<R::Answer>, Error> {
        let request = with_token(message, Some(token))?;
        let mut grpc = self.ready().await?;
        let path = PathAndQuery::from_static(R::PATH);
        let codec = ProstCodec::<R, R::Answer>::default();
        Ok(grpc.server_streaming(request, path, codec).await?.into_inner())
    }

    async fn ready(&self) -> Result<Grpc<Channel>, Error> {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let unready = |why: tonic::transport::Error| tonic::Status::unavailable(why.to_string());
        grpc.ready().await.map_err(unready)?;
        Ok(grpc)
    }
}

fn with_token<M>(message: M, token: Option<&str>) -> Result<Request<M>, Error> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        let value: Result<AsciiMetadataValue, _> =
            MetadataValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| Error::NotLoggedIn)?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
    }
    Ok(request)
}

impl Client {
    /// Sends a command. A request without an idempotency key is given one, **which stays in the
    /// request**: the same request is the same intent, and never makes a second order. It is sent
    /// again with it, for `Config::retry_for`, while repeating may help: after a lost answer, or a
    /// refusal of the class RETRYABLE. When the future is dropped, the command may have been
    /// carried out.
    ///
    /// # Errors
    /// The last error, and whether the command may have been carried out.
    pub async fn call<R: UnaryRpc + Command>(
        &self,
        request: &mut R,
    ) -> Result<R::Answer, CommandError> {
        if request.idempotency_key().is_empty() {
            *request.idempotency_key() = format!("{:032x}", rand::random::<u128>());
        }
        let idempotency_key = request.idempotency_key().clone();
        self.repeated(request).await.map_err(|trial| CommandError {
            idempotency_key,
            ambiguous: trial.ambiguous,
            attempts: trial.attempts,
            cause: trial.error,
        })
    }

    /// Calls an rpc that changes nothing; it is repeated as a command is.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn read<R: UnaryRpc>(&self, request: &R) -> Result<R::Answer, Error> {
        self.repeated(request).await.map_err(|trial| trial.error)
    }

    /// Calls an rpc once: for one that changes something and has no idempotency key.
    ///
    /// # Errors
    /// The error of the call.
    pub async fn once<R: UnaryRpc>(&self, request: &R) -> Result<R::Answer, Error> {
        self.session().authorized(request).await.map_err(|(error, _)| error)
    }

    async fn repeated<R: UnaryRpc>(&self, request: &R) -> Result<R::Answer, Trial> {
        let config = self.config();
        let mut delays = Attempts::new(config.backoff);
        // None: for ever.
        let until = Instant::now().checked_add(config.retry_for);
        let (mut attempts, mut ambiguous) = (0, false);
        loop {
            let (error, sent) = match self.session().authorized(request).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            attempts += 1;
            ambiguous = (sent && error.is_ambiguous()) || (ambiguous && !error.is_settled());
            let wait = error.worth_repeating().map(|least| least.max(delays.next_delay()));
            let wait = wait.filter(|wait| {
                let again_at = Instant::now().checked_add(*wait);
                let in_time = until.is_none_or(|until| again_at.is_some_and(|at| at <= until));
                !config.retry_for.is_zero() && in_time
            });
            let Some(wait) = wait else {
                return Err(Trial { error, attempts, ambiguous });
            };
            tracing::debug!(rpc = R::PATH, cause = %error, ?wait, "a call is repeated");
            sleep(wait).await;
        }
    }
}

/// What is known about the attempts of one command.
struct Trial {
    error: Error,
    attempts: u32,
    ambiguous: bool,
}
