use std::sync::Arc;
use std::time::Duration;

use crate::calls::Wire;
use crate::proto::ordermesh::identity::v1::User;
use crate::proto::ordermesh::oms::v1 as oms;
use crate::session::Session;
use crate::{BigDecimal, CommandError, Config, ConfigError, Error, write_decimal};

/// One connection to the edge and one login. Clones share both.
#[derive(Clone)]
pub struct Client {
    config: Config,
    wire: Wire,
    session: Arc<Session>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Client").field("target", &self.config.target).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client, within a Tokio runtime. It connects with the first call, and again by itself
    /// whenever it has to.
    ///
    /// # Errors
    /// A field of the config that cannot be used.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let wire = Wire::new(config.endpoint()?.connect_lazy(), config.call_timeout);
        let session = Session::new(wire.clone());
        Ok(Self { config, wire, session })
    }

    /// The same client, which repeats its calls for another time than `Config::retry_for`; zero:
    /// once.
    #[must_use]
    pub fn retrying_for(&self, time: Duration) -> Self {
        let mut other = self.clone();
        other.config.retry_for = time;
        other
    }

    /// Exchanges a name and a password for tokens, which are refreshed from then on. It is not
    /// repeated.
    ///
    /// # Errors
    /// BAD_CREDENTIALS, LOGIN_THROTTLED, or no answer.
    pub async fn login(&self, username: &str, password: &str) -> Result<User, Error> {
        self.session.login(username, password).await
    }

    /// Ends the login, here in any case and at the mesh if it answers.
    ///
    /// # Errors
    /// No answer.
    pub async fn logout(&self) -> Result<(), Error> {
        self.session.logout().await
    }

    /// Places an order. One request is one intent: see [`Client::call`].
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn place(
        &self,
        request: &mut oms::PlaceRequest,
    ) -> Result<oms::PlaceResponse, CommandError> {
        self.call(request).await
    }

    /// Changes an open order; the terms are the complete new ones.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn replace(
        &self,
        request: &mut oms::ReplaceRequest,
    ) -> Result<oms::ReplaceResponse, CommandError> {
        self.call(request).await
    }

    /// Cancels an open order.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn cancel(
        &self,
        request: &mut oms::CancelRequest,
    ) -> Result<oms::CancelResponse, CommandError> {
        self.call(request).await
    }

    /// Cancels the open orders in scope; each has its own result.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn cancel_all(
        &self,
        request: &mut oms::CancelAllRequest,
    ) -> Result<oms::CancelAllResponse, CommandError> {
        self.call(request).await
    }

    /// One order with its executions.
    ///
    /// # Errors
    /// ORDER_NOT_FOUND, or no answer.
    pub async fn order(&self, order_id: &str) -> Result<oms::Order, Error> {
        let answer = self
            .read(&oms::GetRequest { order_id: order_id.to_owned(), ..Default::default() })
            .await?;
        Ok(answer.order.unwrap_or_default())
    }

    /// One page of orders; pass its `next_page_token` in the next request, until it is empty. A
    /// page may be empty and still have a token.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn orders(&self, request: &oms::ListRequest) -> Result<oms::ListResponse, Error> {
        self.read(request).await
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl oms::PlaceRequest {
    /// The request of a market order for the day. Its fields are free to be changed before it is
    /// placed.
    #[must_use]
    pub fn market(account: &str, instrument: &str, side: oms::Side, quantity: &BigDecimal) -> Self {
        Self {
            account_id: account.to_owned(),
            instrument_id: instrument.to_owned(),
            side: side.into(),
            r#type: oms::OrderType::Market.into(),
            terms: Some(oms::OrderTerms {
                quantity: write_decimal(quantity),
                time_in_force: oms::TimeInForce::Day.into(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// The request of a limit order for the day.
    #[must_use]
    pub fn limit(
        account: &str,
        instrument: &str,
        side: oms::Side,
        quantity: &BigDecimal,
        price: &BigDecimal,
    ) -> Self {
        let mut request = Self::market(account, instrument, side, quantity);
        request.r#type = oms::OrderType::Limit.into();
        request.terms.get_or_insert_default().limit_price = write_decimal(price);
        request
    }
}
