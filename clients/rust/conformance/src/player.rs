use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use ordermesh_client::proto::ordermesh::marketdata::v1::market_data_item::Item as Price;
use ordermesh_client::proto::ordermesh::marketdata::v1::market_data_update::Value as Quoted;
use ordermesh_client::proto::ordermesh::marketdata::v1::{DeliveryMode, Subscription, Topic};
use ordermesh_client::proto::ordermesh::oms::v1 as oms;
use ordermesh_client::proto::ordermesh::oms::v1::order_stream_item::Item;
use ordermesh_client::{Client, Command, Error, OrderCopies, OrderStream, OrderWatch, PriceWatch};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Case, Input, Printer, shown};

/// One thing to do with a client.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Step {
    r#do: String,
    username: Option<String>,
    password: Option<String>,
    request: Value,
    key: String,
    retry_for_s: f64,
    order_id: String,
    accounts: Vec<String>,
    until: BTreeMap<String, u64>,
    hold_after: u64,
    instruments: Vec<String>,
    mode: String,
    interval_ms: i32,
    s: f64,
    steps: Vec<Step>,
}

/// Plays the steps of one case with one client.
pub struct Player {
    pub client: Client,
    pub case: Case,
    pub input: Input,
    pub printer: Printer,
}

type Played<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

impl Player {
    pub fn play<'a>(&'a self, step: &'a Step, name: String) -> Played<'a> {
        Box::pin(async move {
            let line = match self.act(step, &name).await {
                Ok(result) => json!({"step": name, "ok": result}),
                Err(error) => json!({"step": name, "error": shown::error(&error)}),
            };
            self.printer.say(&line);
        })
    }

    async fn act(&self, step: &Step, name: &str) -> Result<Value, Error> {
        let client = self.client.retrying_for(Duration::from_secs_f64(step.retry_for_s));
        let order = match step.r#do.as_str() {
            "login" => return self.login(step).await,
            "list" => return self.list(step).await,
            "orders" => return self.orders(step, name).await,
            "prices" => return self.prices(step, name).await,
            "wait" => {
                tokio::time::sleep(Duration::from_secs_f64(step.s)).await;
                return Ok(json!({}));
            }
            "together" => return self.together(step, name).await,
            "place" => client.place(&mut command(step, "PlaceRequest")).await?.order,
            "replace" => client.replace(&mut command(step, "ReplaceRequest")).await?.order,
            "cancel" => client.cancel(&mut command(step, "CancelRequest")).await?.order,
            "get" => Some(client.order(&step.order_id).await?),
            other => panic!("this driver has no step {other:?}"),
        };
        Ok(shown::order(&order.unwrap_or_default()))
    }

    async fn together(&self, step: &Step, name: &str) -> Result<Value, Error> {
        // The steps of a case are few: they are polled together by one task.
        let mut running: Vec<_> = step
            .steps
            .iter()
            .enumerate()
            .map(|(number, one)| self.play(one, format!("{name}.{number}")))
            .collect();
        std::future::poll_fn(|context| {
            running.retain_mut(|one| one.as_mut().poll(context).is_pending());
            if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        Ok(json!({}))
    }

    async fn login(&self, step: &Step) -> Result<Value, Error> {
        let username = step.username.as_ref().unwrap_or(&self.case.username);
        let password = step.password.as_ref().unwrap_or(&self.case.password);
        let user = self.client.login(username, password).await?;
        Ok(json!({"username": user.username, "accounts": user.accounts}))
    }

    async fn list(&self, step: &Step) -> Result<Value, Error> {
        let mut request: oms::ListRequest = read(&step.request, "ListRequest");
        let mut ids = Vec::new();
        loop {
            let page = self.client.orders(&request).await?;
            ids.extend(page.orders.into_iter().map(|order| order.order_id));
            if page.next_page_token.is_empty() {
                return Ok(json!({"order_ids": ids}));
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn orders(&self, step: &Step, name: &str) -> Result<Value, Error> {
        let mut stream = self.client.watch_orders(OrderWatch::accounts(&step.accounts));
        let (mut copies, mut events) = (OrderCopies::default(), 0);
        while !is_reached(&step.until, &stream) {
            let item = stream.next().await?;
            copies.apply(&item);
            let Some(Item::Event(event)) = &item.item else { continue };
            events += 1;
            let shown = json!({
                "account": event.account_id, "sequence": event.sequence, "order_id": event.order_id,
            });
            self.printer.say(&json!({"step": name, "event": shown}));
            if events == step.hold_after {
                self.printer.say(&json!({"step": name, "held": true}));
                self.input.lock().await.next_line().await.expect("a line");
            }
        }
        let mut orders: Vec<_> = copies.iter().collect();
        orders.sort_by_key(|order| order.order_id.clone());
        Ok(json!({"orders": orders.into_iter().map(shown::order).collect::<Vec<_>>()}))
    }

    async fn prices(&self, step: &Step, name: &str) -> Result<Value, Error> {
        let mode = DeliveryMode::from_str_name(&format!("DELIVERY_MODE_{}", step.mode))
            .unwrap_or_default();
        let subscription = Subscription {
            instrument_ids: step.instruments.clone(),
            topics: vec![Topic::Quote.into()],
            mode: mode.into(),
            interval_ms: step.interval_ms,
            ..Default::default()
        };
        let mut stream =
            self.client.watch_prices(PriceWatch { subscription, ..Default::default() });
        let (mut last, mut reached) = (json!({}), HashMap::new());
        while step
            .until
            .iter()
            .any(|(name, wanted)| reached.get(name).is_none_or(|got| got < wanted))
        {
            let Some(Price::Update(update)) = stream.next().await?.item else { continue };
            let Some(Quoted::Quote(quote)) = update.value else { continue };
            let (instrument, sequence, bid) =
                (update.instrument_id, update.sequence, shown::plain(&quote.bid_price));
            last[&instrument] = json!({"sequence": sequence, "bid_price": bid});
            let shown = json!({
                "instrument": instrument, "sequence": sequence,
                "conflated": update.conflated_updates, "bid_price": bid,
            });
            self.printer.say(&json!({"step": name, "update": shown}));
            reached.insert(instrument, sequence);
        }
        Ok(json!({"last": last}))
    }
}

fn is_reached(until: &BTreeMap<String, u64>, stream: &OrderStream) -> bool {
    let at = stream.cursors();
    until.iter().all(|(account, sequence)| {
        at.get(account).is_some_and(|cursor| cursor.sequence >= *sequence)
    })
}

static DESCRIBED: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let described = include_bytes!(concat!(env!("OUT_DIR"), "/described.bin"));
    DescriptorPool::decode(described.as_slice()).expect("as protox wrote it")
});

/// A message of `ordermesh.oms.v1` from proto JSON.
fn read<M: Message + Default>(given: &Value, name: &str) -> M {
    if given.is_null() {
        return M::default();
    }
    let message = DESCRIBED
        .get_message_by_name(&format!("ordermesh.oms.v1.{name}"))
        .expect("it is described");
    let read = DynamicMessage::deserialize(message, given).expect("a request of the kit");
    M::decode(read.encode_to_vec().as_slice()).expect("the same message")
}

fn command<M: Message + Default + Command>(step: &Step, name: &str) -> M {
    let mut request: M = read(&step.request, name);
    request.idempotency_key().clone_from(&step.key);
    request
}
