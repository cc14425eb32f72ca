//! Idempotency keys. A program that sends the same request with the same key again gets the first response again.

use crate::{
    actor::Actor,
    id::{DistributionId, InvalidationId, ProposalId, RequestKey},
    secret::sha256_hex,
    time::Timestamp,
};

/// The longest key, in bytes.
pub const KEY_MAX: usize = 255;

/// The idempotency key that a program sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a key is not valid, as a message for the author of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to {KEY_MAX} visible ASCII characters, such as a UUID")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Parses a key. White space around it is removed.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let text = text.trim();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let fits = (1..=KEY_MAX).contains(&text.len()) && visible;
        fits.then(|| Self(text.to_owned())).ok_or(IdempotencyKeyError)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which the request is stored. It contains the actor, so that two actors can use the same
    /// idempotency key. It never equals the key of a form.
    #[must_use]
    pub fn request_key(&self, actor: &Actor) -> RequestKey {
        // No part contains a line feed, so two different keys or actors never give the same text.
        let whose = format!("{}\n{}\n{}", actor.kind().as_str(), actor.id(), self.0);
        RequestKey::of_program(&sha256_hex(whose.as_bytes()))
    }
}

/// The key of a further part of a request for several distributions. It never equals a key of another request.
#[must_use]
pub fn part_key(whole: &RequestKey, distribution: &DistributionId) -> RequestKey {
    let part = format!("{}\n{distribution}", whole.as_str());
    RequestKey::of_program(&sha256_hex(part.as_bytes()))
}

/// What is stored about a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// SHA-256 of the whole request. It shows whether a later request with the same key is the same request.
    pub fingerprint: String,
    pub answer: IdempotentAnswer,
    /// When it was answered.
    pub at: Timestamp,
}

/// The response to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotentAnswer {
    Accepted(InvalidationId),
    /// The cool-down returned this earlier invalidation of the same items.
    HeldBack(InvalidationId),
    Proposed(ProposalId),
}

impl IdempotentAnswer {
    /// The word and the ID that the database stores.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Accepted(id) => ("accepted", id.as_str()),
            Self::HeldBack(id) => ("held_back", id.as_str()),
            Self::Proposed(id) => ("proposed", id.as_str()),
        }
    }

    /// Reads what [`IdempotentAnswer::parts`] wrote.
    #[must_use]
    pub fn read(word: &str, id: &str) -> Option<Self> {
        match word {
            "accepted" => Some(Self::Accepted(InvalidationId::from_trusted(id))),
            "held_back" => Some(Self::HeldBack(InvalidationId::from_trusted(id))),
            "proposed" => Some(Self::Proposed(ProposalId::from_trusted(id))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PersonId;

    #[test]
    fn keys_are_bounded_and_visible() {
        assert!(IdempotencyKey::parse("deploy-42").is_ok());
        assert_eq!(IdempotencyKey::parse(" a ").map(|key| key.as_str().to_owned()), Ok("a".to_owned()));
        for bad in ["", "  ", "a\tb", "ä", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(bad), Err(IdempotencyKeyError), "{bad}");
        }
    }

    #[test]
    fn each_actor_has_keys_of_their_own() {
        let key = IdempotencyKey::parse("k").unwrap();
        let ada = Actor::person(&PersonId::from_trusted("p1"), "ada@example.com");
        let bob = Actor::person(&PersonId::from_trusted("p2"), "bob@example.com");
        assert_ne!(key.request_key(&ada), key.request_key(&bob));
        assert_eq!(key.request_key(&ada), key.request_key(&ada));
        assert_eq!(RequestKey::parse(key.request_key(&ada).as_str()), None, "a form cannot send it");
    }

    #[test]
    fn an_answer_reads_back() {
        for answer in [
            IdempotentAnswer::Accepted(InvalidationId::from_trusted("i1")),
            IdempotentAnswer::HeldBack(InvalidationId::from_trusted("i1")),
            IdempotentAnswer::Proposed(ProposalId::from_trusted("q1")),
        ] {
            let (word, id) = answer.parts();
            assert_eq!(IdempotentAnswer::read(word, id), Some(answer.clone()));
        }
        assert_eq!(IdempotentAnswer::read("other", "x"), None);
    }
}
