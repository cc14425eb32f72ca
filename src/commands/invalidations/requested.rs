//! What comes of a request for an invalidation.

use crate::domain::{
    id::{InvalidationId, ProposalId},
    invalidations::idempotency::IdempotentAnswer,
    time::Timestamp,
};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// It is on disk since then, and will be sent.
    New(InvalidationId, Timestamp),
    /// The same was sent before with this key: what it was answered then, and when. Nothing was added or sent.
    Before(IdempotentAnswer, Timestamp),
    /// The same was sent before with this key, and CloudFront refused all of it: it is queued once more.
    Retried(InvalidationId, Timestamp),
    /// The same form was sent before with something else in it; nothing was added.
    KeyUsedForAnother,
    /// The same items were requested a moment ago; nothing was added.
    HeldBack(InvalidationId),
    /// It is on disk and waits for a second person.
    Proposed(ProposalId),
    /// The distribution's protection asks for something more; nothing was added.
    Unmet(Unmet),
}

/// What a protected distribution still asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    Reason,
    /// This name, typed once more.
    Name(String),
    /// That it is not put off: a second person decides when it goes.
    Now,
}
