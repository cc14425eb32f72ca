//! API tokens: the form of their secret, and what is known of each.
//!
//! A secret reads `unstale_` + 40 random letters and digits (238 bits) + 6 of a checksum. The fixed beginning and the
//! checksum let secret scanners find one that leaked, with hardly a false alarm and without asking us.

use std::{fmt, time::Duration};

use crate::{
    access::{Role, ScopeKind},
    actor::Actor,
    id::TokenId,
    secret::SecretHash,
    time::Timestamp,
};

const PREFIX: &str = "unstale_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 40;
const CHECKSUM: usize = 6;
/// So much of a secret is shown, beyond its beginning.
const SHOWN: usize = 4;
/// The longest name of a token.
pub const NAME_MAX: usize = 80;
/// The longest life of a token that ends at all.
const LIFE_MAX: Duration = Duration::from_hours(24 * 3_660);

/// A token's secret. It is shown once, when it is made.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// From random bytes; `None` where there were too few that serve. 64 are enough but for one time in 10^12.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        // The last few values would make some letters likelier than others.
        let even = bytes.iter().filter(|byte| usize::from(**byte) < 4 * ALPHABET.len());
        let letters: String =
            even.take(RANDOM).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect();
        (letters.len() == RANDOM).then(|| Self(format!("{PREFIX}{letters}{}", checksum(&letters))))
    }

    /// Takes what a request brought; `None` where it cannot be a token of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let plain = rest.len() == RANDOM + CHECKSUM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (letters, sum) = plain.then(|| rest.split_at(RANDOM))?;
        (checksum(letters) == sum).then(|| Self(text.to_owned()))
    }

    /// The secret itself: only for the one who is to have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_bytes())
    }

    /// How it begins: enough to tell tokens apart, far too little to use one.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}…", &self.0[..PREFIX.len() + SHOWN])
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenSecret(…)")
    }
}

/// CRC-32 of the letters, in the same letters: it finds slips, it keeps nothing secret.
fn checksum(letters: &str) -> String {
    let mut rest = usize::try_from(crc32fast::hash(letters.as_bytes())).unwrap_or_default();
    let mut sum = Vec::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        sum.push(char::from(ALPHABET[rest % ALPHABET.len()]));
        rest /= ALPHABET.len();
    }
    sum.into_iter().rev().collect()
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub shown: String,
    pub role: Role,
    pub scope: ScopeKind,
    /// The person who answers for it; empty for one made on the command line.
    pub made_by: String,
    pub made_by_name: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Kept to the minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Does it let anybody in now? Not one that a clock made which was ahead: its end would come too late.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|at| at > now)
            && self.created_at <= now.and_a_moment()
    }

    /// The token as whoever acts with it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Token { id: self.id.clone(), name: self.name.clone() }
    }
}

/// Why a token cannot be made as asked, in words for the person who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("Give the token a name of at most {NAME_MAX} characters, such as the pipeline that uses it.")]
    Name,
    #[error("A token with this name exists already.")]
    Exists,
    #[error("A token is a viewer or an operator; administering is for people.")]
    Role,
    #[error("Write how long it lasts as a number of days, such as 90d, at most 3660d.")]
    Expiry,
    #[error("There is no such distribution.")]
    NoDistribution,
}

/// Reads a token's name.
pub fn parse_name(text: &str) -> Result<String, TokenError> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or(TokenError::Name)
}

/// Reads the role of a token.
pub fn parse_role(text: &str) -> Result<Role, TokenError> {
    Role::parse(text).filter(|role| *role != Role::Admin).ok_or(TokenError::Role)
}

/// Reads how long a token lasts, such as `90d`.
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
