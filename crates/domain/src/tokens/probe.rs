//! A probe: a program at another place that looks at what viewers get there. Its token opens nothing else.

use std::time::Duration;

use super::{
    secret::{BearerSecret, SecretKind},
    token::TokenError,
};
use crate::{actor::Actor, checks::EdgeLocation, id::TokenId, time::Timestamp};

/// The longest name, in characters.
pub const PROBE_NAME_MAX: usize = 40;
/// How the looks of the server itself are named. No probe may have this name.
pub const SERVER_VANTAGE: &str = "server";
/// A probe that was silent for longer is away. A probe asks for work every half a minute.
const AWAY_AFTER: Duration = Duration::from_mins(2);

/// What the secret of a probe's token opens.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "there is no value of it")]
pub enum OpensProbeWork {}

impl SecretKind for OpensProbeWork {
    const PREFIX: &'static str = "unstale_probe_";
    const NAME: &'static str = "ProbeSecret";
}

/// The secret of a probe's token.
pub type ProbeSecret = BearerSecret<OpensProbeWork>;

/// A probe with its token, without the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The ID of its token.
    pub id: TokenId,
    /// The name of the place that it looks from, such as `frankfurt-office`.
    pub name: String,
    pub shown: String,
    /// The ID of the person who made it. Empty if it was made on the command line.
    pub made_by: String,
    pub made_by_name: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// When it last asked for work or handed in looks. `None` if it never did.
    pub contact_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl Probe {
    /// Whether its token is accepted now: not revoked, not expired, and not made in the future.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|at| at > now)
            && self.created_at <= now.and_a_moment()
    }

    /// Whether it has not been in contact for two minutes.
    #[must_use]
    pub fn is_away(&self, now: Timestamp) -> bool {
        !self.contact_at.is_some_and(|at| at <= now.and_a_moment() && now.since(at) < AWAY_AFTER)
    }

    /// The actor of requests that use its token.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Token { id: self.id.clone(), name: self.name.clone() }
    }
}

/// Reads the name of a probe and trims it. The names of the other places that are looked from are not free.
pub fn parse_probe_name(text: &str) -> Result<String, TokenError> {
    let name = text.trim();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=PROBE_NAME_MAX).contains(&name.chars().count()) && name.chars().all(is_plain);
    let is_free = !name.eq_ignore_ascii_case(SERVER_VANTAGE) && EdgeLocation::parse(name).is_none();
    (fits && is_free).then(|| name.to_owned()).ok_or(TokenError::ProbeName)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::token::TokenSecret;

    #[test]
    fn a_probes_secret_is_no_tokens_and_a_tokens_is_no_probes() {
        let bytes: Vec<u8> = (0..64).map(|n: u8| n.wrapping_mul(37)).collect();
        let (probe, token) =
            (ProbeSecret::from_random(&bytes).unwrap(), TokenSecret::from_random(&bytes).unwrap());
        assert_eq!(ProbeSecret::parse(probe.reveal()), Some(probe.clone()));
        assert_eq!(TokenSecret::parse(probe.reveal()), None);
        assert_eq!(ProbeSecret::parse(token.reveal()), None);
        assert_ne!(probe.hash(), token.hash());
        for bad in ["", "unstale_probe_", &format!("{}x", probe.reveal()), &probe.reveal()[..59]] {
            assert_eq!(ProbeSecret::parse(bad), None, "{bad}");
        }
        assert_eq!(format!("{probe:?}"), "ProbeSecret(…)");
        assert_eq!(probe.shown().chars().count(), 19);
    }

    #[test]
    fn a_name_is_one_plain_word_and_not_the_servers() {
        assert_eq!(parse_probe_name(" frankfurt-office "), Ok("frankfurt-office".to_owned()));
        assert_eq!(parse_probe_name("köln.2"), Ok("köln.2".to_owned()));
        for bad in ["", "a b", "Server", "FRA50-C1", "prg50", "a/b", "a\nb", &"x".repeat(PROBE_NAME_MAX + 1)]
        {
            assert_eq!(parse_probe_name(bad), Err(TokenError::ProbeName), "{bad}");
        }
    }

    #[test]
    fn a_silent_probe_is_away_and_so_is_one_that_was_never_in_contact() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let probe = Probe {
            id: TokenId::from_trusted("t"),
            name: "oslo".to_owned(),
            shown: String::new(),
            made_by: String::new(),
            made_by_name: String::new(),
            created_at: at(0),
            expires_at: Some(at(1_000)),
            contact_at: Some(at(100)),
            revoked_at: None,
        };
        assert!(!probe.is_away(at(219)) && probe.is_away(at(220)));
        assert!(probe.is_away(at(20)), "its last contact is in the future");
        assert!(Probe { contact_at: None, ..probe.clone() }.is_away(at(100)));
        assert!(probe.is_good(at(999)) && !probe.is_good(at(1_000)));
        assert!(!Probe { revoked_at: Some(at(5)), ..probe }.is_good(at(6)));
    }
}
