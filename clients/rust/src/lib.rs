//! The Rust client of Ordermesh: commands that are never carried out twice, streams without holes.
//!
//! [`Client`] is one connection to the edge and one login; it is cheap to clone. It runs in a Tokio
//! runtime. Dropping the future of a call cancels it, dropping a stream closes it.

mod backoff;
mod calls;
mod client;
mod config;
mod copies;
mod decimal;
mod error;
mod orders;
mod prices;
mod queue;
mod session;
mod stream;

/// The messages of `proto/`, each in the module of its package.
#[allow(missing_docs, clippy::all, clippy::pedantic, rustdoc::all)]
pub mod proto {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
    include!(concat!(env!("OUT_DIR"), "/rpcs.rs"));
}

pub use backoff::Backoff;
pub use bigdecimal::BigDecimal;
pub use calls::{Command, StreamRpc, UnaryRpc};
pub use client::Client;
pub use config::{Config, ConfigError};
pub use copies::OrderCopies;
pub use decimal::{DECIMAL_CHARACTERS_MAX, DecimalError, parse_decimal, write_decimal};
pub use error::{CommandError, Error, Refusal};
pub use orders::{Cursors, OrderStream, OrderWatch};
pub use prices::{PriceStream, PriceWatch};
pub use queue::Overflow;
