//! Orders and errors as the contract of a driver prints them.

use ordermesh_client::proto::ordermesh::oms::v1::{Order, OrderState};
use ordermesh_client::{Error, Refusal, parse_decimal, write_decimal};
use serde_json::{Value, json};
use tonic::Code;

/// A decimal through the client's exact type.
pub fn plain(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    write_decimal(&parse_decimal(text).expect("a decimal of the mesh"))
}

pub fn order(order: &Order) -> Value {
    let progress = order.progress.clone().unwrap_or_default();
    let terms = order.terms.clone().unwrap_or_default();
    let state = OrderState::try_from(progress.state).map_or_else(
        |_| progress.state.to_string(),
        |known| known.as_str_name().trim_start_matches("ORDER_STATE_").to_owned(),
    );
    json!({
        "order_id": order.order_id, "state": state, "last_sequence": order.last_sequence,
        "quantity": plain(&terms.quantity), "limit_price": plain(&terms.limit_price),
        "cum_quantity": plain(&progress.cum_quantity),
    })
}

pub fn error(error: &Error) -> Value {
    match error {
        Error::Refused(refusal) => refused(refusal),
        Error::Unreachable { .. } => json!({"kind": "unreachable"}),
        Error::NotLoggedIn => json!({"kind": "not_logged_in"}),
        other => json!({"kind": other.to_string()}),
    }
}

fn refused(refusal: &Refusal) -> Value {
    let class = refusal.metadata.get("retry_class").cloned().unwrap_or_default();
    json!({
        "kind": "refused", "code": code_name(refusal.code), "reason": refusal.reason_name,
        "retry_class": class, "field": refusal.field,
    })
}

/// "INVALID_ARGUMENT" of InvalidArgument.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for (place, letter) in format!("{code:?}").chars().enumerate() {
        if place > 0 && letter.is_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
