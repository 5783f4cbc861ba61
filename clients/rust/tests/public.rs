//! What a program may rely on beside the behaviour that the conformance kit shows.

use std::time::Duration;

use ordermesh_client::proto::ordermesh::oms::v1::{CancelRequest, PlaceRequest, Side};
use ordermesh_client::{BigDecimal, Client, Config, Error, OrderStream, PriceStream};

fn is_send<T: Send>(value: T) -> T {
    value
}

fn client() -> Client {
    Client::new(Config::new("localhost:1")).expect("a config that can be used")
}

#[tokio::test]
async fn calls_and_streams_can_be_moved_to_another_task() {
    let mesh = client();
    let mut request = CancelRequest::default();
    drop(is_send(mesh.cancel(&mut request)));
    drop(is_send(mesh.login("alice", "")));
    let _: fn(OrderStream) -> OrderStream = is_send;
    let _: fn(PriceStream) -> PriceStream = is_send;
}

#[tokio::test]
async fn a_command_without_a_login_is_not_sent_and_keeps_its_key() {
    let mut request = PlaceRequest::market("ACC", "ASML.SIMA", Side::Buy, &BigDecimal::from(1));
    let failed = client().place(&mut request).await.expect_err("nobody is logged in");
    assert_eq!((failed.ambiguous, failed.attempts, failed.cause), (false, 1, Error::NotLoggedIn));
    assert_eq!(failed.idempotency_key, request.idempotency_key);
    let again = client().place(&mut request).await.expect_err("nobody is logged in");
    assert_eq!(again.idempotency_key, failed.idempotency_key);
}

#[tokio::test]
async fn a_time_for_repeats_without_an_end_is_no_overflow() {
    let mut request = CancelRequest::default();
    let mesh = client().retrying_for(Duration::MAX);
    assert!(mesh.cancel(&mut request).await.is_err());
}

#[tokio::test]
async fn a_stream_without_a_login_ends_with_that_error() {
    let mut stream = client().watch_orders(Default::default());
    assert_eq!(stream.next().await, Err(Error::NotLoggedIn));
    assert_eq!(stream.next().await, Err(Error::NotLoggedIn));
}
