//! Owns the faults that a test asks for: which call meets which.

mod rule;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use rule::Rule;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// `Throttling: Rate exceeded`, nothing done.
    Throttle,
    /// 503 `ServiceUnavailable`, or the status given; nothing done.
    ServerError,
    /// Waits for `delay_ms` of real time, then goes on as usual.
    Slow,
    /// Does nothing and never answers.
    Hang,
    /// Resets the TCP connection; nothing done.
    Reset,
    /// Does the act, then closes the TCP connection without an answer.
    Lost,
    /// Does the act and answers with its status and no body.
    Empty,
    /// Does the act and answers with broken XML.
    Malformed,
    /// Does the act, promises the whole answer and closes the TCP connection in its middle.
    Truncated,
    /// `ExpiredToken`, nothing done.
    Expired,
    /// `AccessDenied`, nothing done.
    AccessDenied,
    /// Does the act and answers with a status that nobody knows.
    UnknownStatus,
    /// Does the act and answers with blanks and line breaks around the status.
    PaddedStatus,
    /// Does the act and answers in UTF-16, with a byte-order mark and a declaration.
    Utf16,
    /// Does the act and answers with a body that is packed with gzip, whatever was asked for.
    Gzip,
    /// Does the act and answers with a page for people, under the status of the answer.
    Page,
    /// 403, or the status given, with a page for people, as a proxy answers; nothing done.
    Proxy,
    /// 403, or the status given, and no body; nothing done.
    Bare,
    /// A refusal with the `status`, `code` and `message` given; nothing done.
    Refuse,
}

impl FaultKind {
    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::ServerError => "server_error",
            Self::Slow => "slow",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::Lost => "lost",
            Self::Empty => "empty",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::Expired => "expired",
            Self::AccessDenied => "access_denied",
            Self::UnknownStatus => "unknown_status",
            Self::PaddedStatus => "padded_status",
            Self::Utf16 => "utf16",
            Self::Gzip => "gzip",
            Self::Page => "page",
            Self::Proxy => "proxy",
            Self::Bare => "bare",
            Self::Refuse => "refuse",
        }
    }
}

/// A rule: calls that match it meet its fault. The first rule that matches wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `CreateInvalidation`, … or `*`.
    #[serde(default = "any_operation")]
    pub operation: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only calls about this distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// Only so many calls; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Between 0 and 1; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The start of the dice behind `probability`.
    #[serde(default)]
    pub seed: u64,
    /// How long the rule holds on the sandbox's clock; without it, until it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// For `slow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The HTTP status of `throttle`, `server_error`, `proxy`, `bare` and `refuse`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The code of `refuse`, such as `AccessDenied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The words of `refuse`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

fn any_operation() -> String {
    "*".to_owned()
}

impl Fault {
    /// A fault for every call of `operation` (`*` for all operations) until it is cleared.
    #[must_use]
    pub fn new(operation: &str, kind: FaultKind) -> Self {
        Self {
            operation: operation.to_owned(),
            kind,
            distribution: None,
            times: None,
            probability: None,
            seed: 0,
            for_ms: None,
            delay_ms: None,
            status: None,
            code: None,
            message: None,
        }
    }

    /// A refusal of `operation` in these words.
    #[must_use]
    pub fn refuse(operation: &str, status: u16, code: &str, message: &str) -> Self {
        Self {
            status: Some(status),
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            ..Self::new(operation, FaultKind::Refuse)
        }
    }

    /// The same for the next `times` calls only.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same for one distribution only.
    #[must_use]
    pub fn distribution(self, id: &str) -> Self {
        Self { distribution: Some(id.to_owned()), ..self }
    }

    /// The same with that HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The same with that wait.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay_ms: u64::try_from(delay.as_millis()).ok(), ..self }
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Rule>);

impl Faults {
    pub fn set(&mut self, faults: Vec<Fault>, now: Timestamp) {
        self.0 = faults.into_iter().map(|fault| Rule::new(fault, now)).collect();
    }

    /// The rules with what is left of their `times`.
    pub fn list(&self) -> Vec<Fault> {
        self.0.iter().map(Rule::remaining).collect()
    }

    /// The fault that this call meets; counts it.
    pub fn meet(&mut self, operation: &str, distribution: Option<&str>, now: Timestamp) -> Option<Fault> {
        self.0.iter_mut().find_map(|rule| rule.meet(operation, distribution, now))
    }
}
