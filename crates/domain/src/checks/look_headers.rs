//! The request headers that people set for looks: which may be set, and which are secret and stored encrypted.

use std::fmt;

use super::settings::{HEADERS_MAX, TEXT_MAX};
use crate::secrets_key::{SealedSecret, SealingNonce, SecretPlace, SecretsKey};

/// A header as somebody wrote it. `Debug` shows only its name, since the value may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct NewHeader {
    pub name: String,
    pub value: String,
}

impl fmt::Debug for NewHeader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "NewHeader({}: …)", self.name)
    }
}

/// A header whose value is stored encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHeader {
    pub name: String,
    pub value: SealedSecret,
}

/// The headers that looks at one place send, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookHeaders {
    /// Name and value of those that are no secret.
    pub plain: Vec<(String, String)>,
    pub secret: Vec<SecretHeader>,
}

impl LookHeaders {
    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let plain = self.plain.iter().map(|(name, _)| name.as_str());
        plain.chain(self.secret.iter().map(|header| header.name.as_str()))
    }

    /// The names with commas between. Empty if there are none.
    #[must_use]
    pub fn list_names(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }
}

/// Why headers are refused. The message says what to do instead, and never has a value in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookHeaderProblem {
    #[error("{0} is not a header that a look can send")]
    NotSendable(String),
    #[error(
        "{0} may contain a secret, and there is no key to encrypt it with. UNSTALE_SECRETS_KEY_FILE names the key"
    )]
    NoKey(String),
    #[error("{0} has no value here. Write its value, or leave the header out")]
    NoValue(String),
    #[error("The value of {0} could not be encrypted")]
    NotSealed(String),
    #[error("At most {HEADERS_MAX} headers can be set")]
    TooMany,
    #[error("The text is longer than {TEXT_MAX} bytes")]
    TooLong,
}

/// Headers that the connection or the look itself sets.
const OWN_HEADERS: [&str; 13] = [
    "host",
    "connection",
    "content-length",
    "expect",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "range",
    "accept-encoding",
    "user-agent",
];

/// Parts of the names of headers that carry secrets.
const SECRET_PARTS: [&str; 9] =
    ["auth", "cookie", "credential", "key", "token", "secret", "password", "session", "signature"];

/// Checks names, values and bounds.
pub(super) fn check_headers(headers: &[NewHeader]) -> Result<(), LookHeaderProblem> {
    if headers.len() > HEADERS_MAX {
        return Err(LookHeaderProblem::TooMany);
    }
    for NewHeader { name, value } in headers {
        if name.len().max(value.len()) > TEXT_MAX {
            return Err(LookHeaderProblem::TooLong);
        }
        let lower = name.to_ascii_lowercase();
        let is_name = !lower.is_empty()
            && lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        let is_value = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_name || !is_value || OWN_HEADERS.contains(&lower.as_str()) {
            return Err(LookHeaderProblem::NotSendable(name.clone()));
        }
    }
    Ok(())
}

/// Whether a header of this name may carry a secret.
fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRET_PARTS.iter().any(|part| lower.contains(part))
}

/// What secrets are sealed with.
#[derive(Debug)]
pub struct Sealing<'a> {
    /// `None` where no key is configured. Then no new secret is taken.
    pub key: Option<&'a SecretsKey>,
    /// Random, one for each secret; [`Sealing::MAX`] are enough.
    pub nonces: Vec<SealingNonce>,
}

impl Sealing<'_> {
    /// The most secrets that settings can have.
    pub const MAX: usize = HEADERS_MAX * (1 + super::api_check::APIS_MAX);

    /// The headers as they are stored. A secret without a value keeps the one that is stored under its name; so does
    /// another header where `keeps_plain`.
    pub(super) fn store(
        &mut self,
        new: Vec<NewHeader>,
        stored: &LookHeaders,
        keeps_plain: bool,
        place: &SecretPlace<'_>,
    ) -> Result<LookHeaders, LookHeaderProblem> {
        let mut headers = LookHeaders::default();
        for NewHeader { name, value } in new {
            if is_secret(&name) {
                let place = SecretPlace { header: &name, ..*place };
                let value = self.seal(&value, stored, &place)?;
                headers.secret.push(SecretHeader { name, value });
            } else if value.is_empty() && keeps_plain {
                let known = stored.plain.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
                let (_, value) = known.ok_or_else(|| LookHeaderProblem::NoValue(name.clone()))?;
                headers.plain.push((name, value.clone()));
            } else {
                headers.plain.push((name, value));
            }
        }
        Ok(headers)
    }

    fn seal(
        &mut self,
        value: &str,
        stored: &LookHeaders,
        place: &SecretPlace<'_>,
    ) -> Result<SealedSecret, LookHeaderProblem> {
        let name = || place.header.to_owned();
        if value.is_empty() {
            let known = stored.secret.iter().find(|known| known.name.eq_ignore_ascii_case(place.header));
            let problem =
                if self.key.is_some() { LookHeaderProblem::NoValue } else { LookHeaderProblem::NoKey };
            return known.map(|known| known.value.clone()).ok_or_else(|| problem(name()));
        }
        let key = self.key.ok_or_else(|| LookHeaderProblem::NoKey(name()))?;
        let nonce = self.nonces.pop().ok_or_else(|| LookHeaderProblem::NotSealed(name()))?;
        key.seal(value, place, nonce).ok_or_else(|| LookHeaderProblem::NotSealed(name()))
    }
}
