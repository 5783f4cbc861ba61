//! The driver of the Rust client for the conformance kit: `clients/conformance/README.md` has its
//! contract.

mod player;
mod shown;

use std::error::Error;
use std::io::{Stdout, Write as _, stdout};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ordermesh_client::{Client, Config};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin, stdin};

use crate::player::{Player, Step};

/// One line of standard input.
#[derive(Deserialize)]
pub struct Case {
    case: String,
    address: String,
    ca_file: String,
    pub username: String,
    pub password: String,
    #[serde(default)]
    settings: Settings,
    steps: Vec<Step>,
}

#[derive(Default, Deserialize)]
struct Settings {
    attempt_timeout_s: Option<f64>,
    heartbeat_s: Option<u64>,
    backoff_base_ms: Option<f64>,
    backoff_cap_ms: Option<f64>,
}

/// The lines of standard input; a step that holds reads one, too.
pub type Input = Arc<tokio::sync::Mutex<Lines<BufReader<Stdin>>>>;

/// Prints whole lines, whoever prints.
#[derive(Clone)]
pub struct Printer(Arc<Mutex<Stdout>>);

impl Printer {
    pub fn say(&self, line: &Value) {
        let mut out = self.0.lock().expect("nobody panics with it");
        writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody reads us");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .init();
    let input: Input = Arc::new(tokio::sync::Mutex::new(BufReader::new(stdin()).lines()));
    let printer = Printer(Arc::new(Mutex::new(stdout())));
    loop {
        let Some(line) = input.lock().await.next_line().await? else {
            return Ok(());
        };
        let case: Case = serde_json::from_str(&line)?;
        let name = case.case.clone();
        play(case, &input, &printer).await?;
        printer.say(&json!({"end": name}));
    }
}

async fn play(case: Case, input: &Input, printer: &Printer) -> Result<(), Box<dyn Error>> {
    let mut config = Config::new(&case.address).ca_file(&case.ca_file);
    let given = &case.settings;
    let millis = |number: f64| Duration::from_secs_f64(number / 1000.0);
    config.call_timeout =
        given.attempt_timeout_s.map_or(config.call_timeout, Duration::from_secs_f64);
    config.heartbeat = given.heartbeat_s.map_or(config.heartbeat, Duration::from_secs);
    config.backoff.base = given.backoff_base_ms.map_or(config.backoff.base, millis);
    config.backoff.cap = given.backoff_cap_ms.map_or(config.backoff.cap, millis);
    let client = Client::new(config)?;
    let player = Player { client, case, input: Arc::clone(input), printer: printer.clone() };
    for (number, step) in player.case.steps.iter().enumerate() {
        player.play(step, number.to_string()).await;
    }
    Ok(())
}
