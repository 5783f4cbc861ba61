use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::Backoff;

/// The interval of heartbeats that the mesh takes.
const HEARTBEAT_MIN: Duration = Duration::from_secs(1);
const HEARTBEAT_MAX: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection on which nothing came for so long is asked whether it is alive, and given up if it
/// does not answer: without this, one whose other end vanished is used until the kernel gives it
/// up, a quarter of an hour later.
const PING_AFTER: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// What the mesh may send of one stream, and of all together, before the program has read it.
/// Commands share the connection: so many streams that nobody reads must not hold back the answer
/// of a cancel.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 64 << 20;
const CALL_TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// The largest message that is taken.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Where the mesh is and how a client behaves. `Config::new(target)` has the defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Host and port of the edge: "localhost:8443".
    pub target: String,
    /// The certificates, in PEM, that the edge's is checked by. None: those of the system.
    pub ca_file: Option<PathBuf>,
    /// How long one attempt of a call may take, at most an hour: 10 s. To bound all attempts
    /// together, wrap the call in `tokio::time::timeout`.
    pub call_timeout: Duration,
    /// For how long a command or a read is repeated while repeating may help: 10 s; zero: it is
    /// sent once.
    pub retry_for: Duration,
    /// The interval of heartbeats that streams ask for, whole seconds from 1 to 60: 5 s. Silence of
    /// two and a half intervals ends a connection.
    pub heartbeat: Duration,
    /// The delays between attempts.
    pub backoff: Backoff,
}

impl Config {
    /// The defaults, for an edge at `target`: "localhost:8443".
    pub fn new(target: impl Into<String>) -> Self {
        let seconds = Duration::from_secs;
        Self {
            target: target.into(),
            ca_file: None,
            call_timeout: seconds(10),
            retry_for: seconds(10),
            heartbeat: seconds(5),
            backoff: Backoff::default(),
        }
    }

    /// Checks the edge by the certificates of this file.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    pub(crate) fn endpoint(&self) -> Result<Endpoint, ConfigError> {
        let wrong = |field, was: &dyn fmt::Debug, should| ConfigError {
            field,
            was: format!("{was:?}"),
            should,
        };
        if self.call_timeout.is_zero() || self.call_timeout > CALL_TIMEOUT_MAX {
            return Err(wrong(
                "call_timeout",
                &self.call_timeout,
                "more than zero, at most an hour".to_owned(),
            ));
        }
        if self.heartbeat < HEARTBEAT_MIN
            || self.heartbeat > HEARTBEAT_MAX
            || self.heartbeat.subsec_nanos() != 0
        {
            return Err(wrong(
                "heartbeat",
                &self.heartbeat,
                "whole seconds from 1 to 60".to_owned(),
            ));
        }
        let bad_target = |cause: &dyn fmt::Display| {
            wrong("target", &self.target, format!("host:port of the edge ({cause})"))
        };
        if self.target.contains('/') || self.target.contains('@') {
            return Err(bad_target(&"it has a character that neither a host nor a port has"));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", self.target))
            .map_err(|why| bad_target(&why))?;
        if endpoint.uri().port_u16().is_none() {
            return Err(bad_target(&"it has no port"));
        }
        let tls = match &self.ca_file {
            None => ClientTlsConfig::new().with_native_roots(),
            Some(path) => {
                let unread = |cause: &dyn fmt::Display| {
                    wrong("ca_file", path, format!("a file with certificates in PEM ({cause})"))
                };
                let pem = std::fs::read(path).map_err(|why| unread(&why))?;
                if !pem.windows(BEGIN.len()).any(|part| part == BEGIN) {
                    return Err(unread(&"it has none"));
                }
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
            }
        };
        endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_keep_alive_interval(PING_AFTER)
            .keep_alive_timeout(PING_TIMEOUT)
            .tls_config(tls)
            .map_err(|why| {
                wrong("ca_file", &self.ca_file, format!("certificates that TLS takes ({why})"))
            })
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A field of a [`Config`] that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    field: &'static str,
    was: String,
    should: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Config::{} is {}; it should be {}", self.field, self.was, self.should)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(config: &Config) -> String {
        config.endpoint().expect_err("it was taken").to_string()
    }

    #[test]
    fn a_field_that_cannot_be_used_is_named() {
        let good = Config::new("localhost:8443");
        for target in ["", "localhost", "https://localhost:8443", "a b:1", "alice@host:1"] {
            assert!(wrong(&Config::new(target)).starts_with("Config::target is"), "{target}");
        }
        for heartbeat in [0, 500, 1500, 61_000].map(Duration::from_millis) {
            assert!(
                wrong(&Config { heartbeat, ..good.clone() }).starts_with("Config::heartbeat is")
            );
        }
        assert!(
            wrong(&Config { call_timeout: Duration::ZERO, ..good.clone() })
                .starts_with("Config::call_timeout is")
        );
        for path in ["no-such-file.pem", "Cargo.toml"] {
            assert!(wrong(&good.clone().ca_file(path)).starts_with("Config::ca_file is"), "{path}");
        }
    }
}
