//! An API token.

use std::time::Duration;

use super::{
    probe::PROBE_NAME_MAX,
    secret::{BearerSecret, SecretKind},
};
use crate::{
    access::{Role, ScopeKind},
    actor::Actor,
    id::TokenId,
    time::Timestamp,
};

/// The longest name of a token, in characters.
pub const NAME_MAX: usize = 80;
/// The longest lifetime of a token that expires.
const LIFE_MAX: Duration = Duration::from_hours(24 * 3_660);

/// What the secret of an API token opens.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "there is no value of it")]
pub enum OpensApi {}

impl SecretKind for OpensApi {
    const PREFIX: &'static str = "unstale_";
    const NAME: &'static str = "TokenSecret";
}

/// A token's secret.
pub type TokenSecret = BearerSecret<OpensApi>;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub shown: String,
    pub role: Role,
    pub scope: ScopeKind,
    /// The ID of the person who made the token. Empty if it was made on the command line.
    pub made_by: String,
    pub made_by_name: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// When the token was last used, with a precision of about a minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Whether there are grants for it, which limit it.
    pub has_grants: bool,
}

impl Token {
    /// Whether the token is accepted now: not revoked, not expired, and not made in the future. A clock that was
    /// ahead makes a token whose expiry is too late, so such a token is refused.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|at| at > now)
            && self.created_at <= now.and_a_moment()
    }

    /// The actor of requests that use this token.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Token { id: self.id.clone(), name: self.name.clone() }
    }
}

/// Why a token cannot be made, as a message for the person who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("Give the token a name of at most {NAME_MAX} characters, such as the pipeline that uses it.")]
    Name,
    #[error(
        "Give the probe a name of at most {PROBE_NAME_MAX} letters, digits, dots, dashes and underscores that says where it \
         is, such as frankfurt-office. The name server, and those of edge locations, are taken."
    )]
    ProbeName,
    #[error("A probe with this name exists already, or was revoked. Give it another one.")]
    ProbeExists,
    #[error("A token with this name exists already.")]
    Exists,
    #[error("A token is a viewer or an operator; administering is for people.")]
    Role,
    #[error("Write how long it lasts as a number of days, such as 90d, at most 3660d.")]
    Expiry,
    #[error("There is no such distribution.")]
    NoDistribution,
}

/// Reads a token's name and trims it.
pub fn parse_name(text: &str) -> Result<String, TokenError> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or(TokenError::Name)
}

/// Reads the role of a token. `Err` for an administrator, because tokens may not manage people and settings.
pub fn parse_role(text: &str) -> Result<Role, TokenError> {
    Role::parse(text).filter(|role| *role != Role::Admin).ok_or(TokenError::Role)
}

/// Reads the lifetime of a token in days, such as `90d`.
pub fn parse_life(text: &str) -> Result<Duration, TokenError> {
    let days: Option<u64> = text.trim().strip_suffix('d').and_then(|number| number.parse().ok());
    let life = days.and_then(|days| days.checked_mul(24 * 60 * 60)).map(Duration::from_secs);
    life.filter(|life| !life.is_zero() && *life <= LIFE_MAX).ok_or(TokenError::Expiry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(seed: u8) -> TokenSecret {
        let bytes: Vec<u8> = (0..64).map(|n: u8| n.wrapping_mul(37).wrapping_add(seed)).collect();
        TokenSecret::from_random(&bytes).unwrap()
    }

    #[test]
    fn a_secret_is_found_by_its_form_and_one_letter_wrong_is_none() {
        let one = secret(1);
        assert_eq!(one.reveal().len(), 54);
        assert_eq!(TokenSecret::parse(one.reveal()), Some(one.clone()));
        assert_eq!(one.hash().as_str().len(), 64);
        for at in 0..one.reveal().len() {
            let mut wrong = one.reveal().to_owned().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(TokenSecret::parse(&wrong), None, "{at}");
        }
        for bad in ["", "unstale_", "unstale_ünicode", &one.reveal()[1..], &format!("{} ", one.reveal())] {
            assert_eq!(TokenSecret::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn little_of_it_is_shown_and_nothing_in_a_log() {
        let one = secret(2);
        assert_eq!(one.shown().chars().count(), 13);
        assert_eq!(format!("{one:?}"), "TokenSecret(…)");
        assert_ne!(secret(1), secret(3));
        assert_eq!(
            TokenSecret::from_random(&[255; 64]),
            None,
            "bytes that would skew the letters do not serve"
        );
    }

    #[test]
    fn names_roles_and_lives_are_checked() {
        assert_eq!(parse_name("  deploy "), Ok("deploy".to_owned()));
        assert_eq!(parse_name(" "), Err(TokenError::Name));
        assert_eq!(parse_name("a\nb"), Err(TokenError::Name));
        assert_eq!(parse_role("admin"), Err(TokenError::Role));
        assert_eq!(parse_role("operator"), Ok(Role::Operator));
        assert_eq!(parse_life("90d"), Ok(Duration::from_hours(24 * 90)));
        for bad in ["", "0d", "90", "-1d", "9999999d", "d", "99999999999999999999d"] {
            assert_eq!(parse_life(bad), Err(TokenError::Expiry), "{bad}");
        }
    }
}
