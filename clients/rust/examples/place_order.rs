//! Places an order and follows it until it is filled:
//!
//! ```text
//! cargo run --example place_order localhost:8443 ../../.ordermesh/tls/ca.pem alice
//! ```
//!
//! The password is read from standard input.

use std::error::Error;

use ordermesh_client::proto::ordermesh::oms::v1::{OrderState, PlaceRequest, Side};
use ordermesh_client::{BigDecimal, Client, Config, OrderCopies, OrderWatch, parse_decimal};

const ACCOUNT: &str = "ACC-ALICE";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [target, ca_file, username] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|given: Vec<String>| {
            format!("{} arguments; usage: HOST:PORT CA_FILE USERNAME", given.len())
        })?;
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;
    let mesh = Client::new(Config::new(target).ca_file(ca_file))?;
    mesh.login(&username, password.trim_end()).await?;

    let mut request = PlaceRequest::market(ACCOUNT, "ASML.SIMA", Side::Buy, &BigDecimal::from(100));
    // The request keeps the key that it is given here: to place it again never makes a second
    // order. The error says whether it may have been carried out.
    let placed = mesh.place(&mut request).await?.order.unwrap_or_default();
    println!("placed {}", placed.order_id);

    let mut stream = mesh.watch_orders(OrderWatch::accounts([ACCOUNT]));
    let mut copies = OrderCopies::default();
    loop {
        copies.apply(&stream.next().await?);
        let Some(progress) = copies.get(&placed.order_id).and_then(|one| one.progress.as_ref())
        else {
            continue;
        };
        match progress.state() {
            OrderState::Filled => {
                let quantity = parse_decimal(&progress.cum_quantity)?;
                let price = parse_decimal(&progress.average_price)?;
                println!("filled {quantity} at {price}");
                return Ok(());
            }
            OrderState::Rejected | OrderState::Canceled | OrderState::Expired => {
                return Err(format!("ended as {}", progress.state().as_str_name()).into());
            }
            _ => {}
        }
    }
}
