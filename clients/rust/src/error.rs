use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::proto::ordermesh::r#type::v1::{ErrorReason, RetryClass};

const DOMAIN: &str = "ordermesh";
const REASON_PREFIX: &str = "ERROR_REASON_";
const CLASS_PREFIX: &str = "RETRY_CLASS_";

/// Why a call has no answer, or a stream has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The mesh refused.
    Refused(Box<Refusal>),
    /// No answer came: nobody answers at the edge, a server was killed, or the time was up.
    Unreachable {
        /// The gRPC status with which the call ended.
        code: Code,
        /// What gRPC says.
        text: String,
    },
    /// There is no login, or it has ended.
    NotLoggedIn,
}

/// A refusal of the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The gRPC status.
    pub code: Code,
    /// Why. UNSPECIFIED if this version of the client does not know `reason_name`.
    pub reason: ErrorReason,
    /// The reason as sent: "PRICE_OFF_TICK". Of a status that is not the mesh's own, its name:
    /// "PERMISSION_DENIED".
    pub reason_name: String,
    /// What the caller can do about it. UNSPECIFIED if this version does not know the class.
    pub retry_class: RetryClass,
    /// A sentence for people.
    pub text: String,
    /// The path of the field at fault: "terms.limit_price". Empty if none is.
    pub field: String,
    /// How long to wait before a repeat; zero if the mesh did not say.
    pub retry_after: Duration,
    /// Every value of the text, by name.
    pub metadata: HashMap<String, String>,
}

impl Refusal {
    /// Whether the same request, with the same idempotency key, may succeed later. The client has
    /// repeated it already, for `Config::retry_for`.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        // An order that never reached the venue keeps this result under its key: it needs a new
        // one.
        self.retry_class == RetryClass::Retryable && self.reason != ErrorReason::NotSent
    }

    fn of(status: &Status) -> Self {
        let mut refusal = Self {
            code: status.code(),
            reason: ErrorReason::Unspecified,
            reason_name: String::new(),
            retry_class: RetryClass::Unspecified,
            text: status.message().to_owned(),
            field: String::new(),
            retry_after: status
                .get_details_retry_info()
                .and_then(|info| info.retry_delay)
                .unwrap_or_default(),
            metadata: HashMap::new(),
        };
        if let Some(info) = status.get_details_error_info().filter(|info| info.domain == DOMAIN) {
            let named =
                |prefix: &str, name: &str| format!("{prefix}{}", name.trim_start_matches(prefix));
            let class = info.metadata.get("retry_class").map_or("", String::as_str);
            refusal.reason =
                ErrorReason::from_str_name(&named(REASON_PREFIX, &info.reason)).unwrap_or_default();
            refusal.reason_name = info.reason.trim_start_matches(REASON_PREFIX).to_owned();
            refusal.retry_class =
                RetryClass::from_str_name(&named(CLASS_PREFIX, class)).unwrap_or_default();
            refusal.field = info.metadata.get("field").cloned().unwrap_or_default();
            refusal.metadata = info.metadata;
        }
        refusal
    }
}

impl Error {
    /// Whether the mesh refused with UNAUTHENTICATED.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == Code::Unauthenticated)
    }

    /// Whether the attempt that ended so may have been carried out.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Refused(refusal) => {
                matches!(refusal.reason, ErrorReason::Internal | ErrorReason::CommandOutcomeUnknown)
            }
            Self::Unreachable { .. } => true,
            Self::NotLoggedIn => false,
        }
    }

    /// Whether this decides about every earlier attempt of the same key, too. The mesh looks the
    /// key up before it looks at the request, so a command that was carried out is not refused for
    /// what is in it. What depends on the moment, such as a limit, says nothing about an attempt
    /// under way.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Self::Refused(refusal)
            if refusal.code != Code::Unauthenticated && refusal.retry_class == RetryClass::FixInput)
    }

    /// Whether the same request may succeed, and the least time to wait.
    pub(crate) fn worth_repeating(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.is_retryable().then_some(refusal.retry_after),
            Self::Unreachable { .. } => Some(Duration::ZERO),
            Self::NotLoggedIn => None,
        }
    }

    pub(crate) fn silent(text: &str) -> Self {
        Self::Unreachable { code: Code::DeadlineExceeded, text: text.to_owned() }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let mut refusal = Refusal::of(&status);
        if refusal.reason_name.is_empty() {
            if is_lost(status.code()) {
                return Self::Unreachable {
                    code: status.code(),
                    text: status.message().to_owned(),
                };
            }
            code_name(status.code()).clone_into(&mut refusal.reason_name);
        }
        Self::Refused(Box::new(refusal))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => {
                write!(to, "refused, {}: {}", refusal.reason_name, refusal.text)
            }
            Self::Unreachable { code, text } => {
                write!(to, "the mesh does not answer ({}: {text})", code_name(*code))
            }
            Self::NotLoggedIn => to.write_str("not logged in"),
        }
    }
}

impl std::error::Error for Error {}

/// Why a command has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandError {
    /// The key of the command. The same request with this key gives the first result, whatever
    /// became of this attempt.
    pub idempotency_key: String,
    /// Whether the command may have been carried out. Repeat it with the same key, or look at the
    /// order stream; never send it with another key.
    pub ambiguous: bool,
    /// How many attempts were made.
    pub attempts: u32,
    /// The error of the last attempt.
    pub cause: Error,
}

impl fmt::Display for CommandError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.cause)?;
        if self.ambiguous {
            write!(
                to,
                "; the command may have been carried out: repeat it with key {}",
                self.idempotency_key
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        error.cause
    }
}

/// Without a reason of the mesh, these are about the way to it: a killed service shows as UNKNOWN
/// or INTERNAL, a stream that was reset as CANCELLED.
fn is_lost(code: Code) -> bool {
    use Code::{Aborted, Cancelled, DataLoss, DeadlineExceeded, Internal, Unavailable, Unknown};
    matches!(
        code,
        Unavailable | Unknown | DeadlineExceeded | Internal | Cancelled | Aborted | DataLoss
    )
}

/// The name of a status as the gRPC specification has it.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn refused(code: Code, domain: &str, reason: &str, class: &str) -> Error {
        let metadata = [("retry_class", class), ("field", "terms.limit_price")];
        let metadata = metadata.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut details = ErrorDetails::with_error_info(reason, domain, HashMap::from(metadata));
        details.set_retry_info(Some(Duration::from_secs(2)));
        Status::with_error_details(code, "why", details).into()
    }

    #[test]
    fn a_refusal_has_what_its_error_info_says() {
        let Error::Refused(got) =
            refused(Code::InvalidArgument, DOMAIN, "PRICE_OFF_TICK", "FIX_INPUT")
        else {
            panic!("not a refusal");
        };
        assert_eq!(
            (got.reason, got.retry_class),
            (ErrorReason::PriceOffTick, RetryClass::FixInput)
        );
        assert_eq!((got.field.as_str(), got.retry_after.as_secs()), ("terms.limit_price", 2));
    }

    #[test]
    fn only_retryable_refusals_and_lost_answers_are_worth_a_repeat() {
        for (class, worth) in [
            ("RETRYABLE", true),
            ("FIX_INPUT", false),
            ("WAIT_UNTIL", false),
            ("OF_TOMORROW", false),
        ] {
            let error = refused(Code::ResourceExhausted, DOMAIN, "OF_TOMORROW", class);
            assert_eq!(error.worth_repeating().is_some(), worth, "{class}");
        }
        assert!(
            refused(Code::Aborted, DOMAIN, "NOT_SENT", "RETRYABLE").worth_repeating().is_none()
        );
        for number in 1..=16 {
            let error = Error::from(Status::new(Code::from(number), ""));
            assert_eq!(
                error.worth_repeating().is_some(),
                [1, 2, 4, 10, 13, 14, 15].contains(&number),
                "{number}"
            );
        }
    }

    #[test]
    fn the_error_info_of_another_domain_is_not_believed() {
        let error = refused(Code::Unavailable, "example.com", "PRICE_OFF_TICK", "FIX_INPUT");
        assert!(matches!(error, Error::Unreachable { .. }));
    }

    #[test]
    fn an_answer_that_was_lost_leaves_a_doubt_that_only_a_refused_request_ends() {
        assert!(Error::silent("").is_ambiguous());
        assert!(refused(Code::Internal, DOMAIN, "INTERNAL", "RETRYABLE").is_ambiguous());
        assert!(
            !refused(Code::ResourceExhausted, DOMAIN, "RATE_LIMITED", "RETRYABLE").is_settled()
        );
        assert!(refused(Code::InvalidArgument, DOMAIN, "PRICE_OFF_TICK", "FIX_INPUT").is_settled());
        assert!(
            !refused(Code::Unauthenticated, DOMAIN, "BAD_CREDENTIALS", "FIX_INPUT").is_settled()
        );
    }
}
