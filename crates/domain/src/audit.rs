//! The history: what an event says, its form, and the chain of hashes.
//!
//! The form of an event is one line of canonical JSON (RFC 8785; `form.rs`). The same text is stored, hashed and
//! exported. It contains the hash of the previous event, so a change to one event changes every later hash.

mod action;
pub mod asked;
pub mod attempted;
pub mod export;
pub mod facts;
mod form;
pub mod head;
pub mod invalidation_search;
mod items;
mod ocsf;
pub mod saved_search;
pub mod search;
pub mod segment;
mod target;
pub mod verify;
pub mod visibility;
mod what;
mod words;

pub use {
    action::{Action, Outcome},
    form::FormError,
    items::ItemsRecord,
    target::Target,
};

use std::collections::BTreeMap;

use super::{
    actor::{Acting, Actor, ActorKind},
    id::{DistributionId, InvalidationId},
    secret::sha256_hex,
    time::Timestamp,
};
use crate::invalidations::{
    invalidation::{Invalidation, InvalidationState},
    merging::ServedBatch,
};

/// The version of the form.
pub const VERSION: i64 = 1;
/// The previous hash in the first event, which has no event before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One event without its number and hashes. [`Chained`] adds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When the event was written.
    pub at: Timestamp,
    /// When the action happened, if that is not `at`. For an invalidation made outside Unstale, when CloudFront
    /// created it.
    pub done_at: Option<Timestamp>,
    pub acting: Acting,
    pub action: Action,
    pub target: Target,
    pub distribution: Option<DistributionId>,
    pub invalidation: Option<InvalidationId>,
    /// Who made the proposal that the actor of this event approved.
    pub requested_by: Option<Actor>,
    pub items: ItemsRecord,
    pub reason: String,
    pub outcome: Outcome,
    /// Details of the outcome as text for people. No program parses it.
    pub note: String,
    pub aws_request_id: String,
    pub cloudfront_id: String,
    pub old: String,
    pub new: String,
}

impl Event {
    /// The event of an invalidation whose batches were cancelled before they were sent.
    #[must_use]
    pub fn cancelled(
        at: Timestamp,
        acting: &Acting,
        found: &Invalidation,
        now_is: InvalidationState,
        note: String,
    ) -> Self {
        Self {
            target: Target::Invalidation(found.id.clone()),
            distribution: Some(found.distribution.clone()),
            invalidation: Some(found.id.clone()),
            old: found.state.as_str().to_owned(),
            new: now_is.as_str().to_owned(),
            note,
            ..Self::new(at, acting, Action::InvalidationCancelled)
        }
    }

    /// The same event for each of these batches, with the state that its invalidation is in now.
    #[must_use]
    pub fn of_each(
        &self,
        batches: &[ServedBatch],
        states: &BTreeMap<InvalidationId, InvalidationState>,
    ) -> Vec<Self> {
        let of = |batch: &ServedBatch| Self {
            target: Target::Batch(batch.id.clone()),
            distribution: Some(batch.distribution.clone()),
            invalidation: Some(batch.invalidation.clone()),
            old: format!("batch {}", batch.number),
            new: states.get(&batch.invalidation).map_or_else(String::new, |state| state.as_str().to_owned()),
            ..self.clone()
        };
        batches.iter().map(of).collect()
    }

    /// The events of batches that wait by themselves again, because what they were merged into is not sent.
    #[must_use]
    pub fn separated(
        at: Timestamp,
        acting: &Acting,
        batches: &[ServedBatch],
        states: &BTreeMap<InvalidationId, InvalidationState>,
        note: &str,
    ) -> Vec<Self> {
        let event = Self { note: note.to_owned(), ..Self::new(at, acting, Action::BatchSeparated) };
        event.of_each(batches, states)
    }

    /// A successful event without a target. The caller sets the other fields that the action needs.
    #[must_use]
    pub fn new(at: Timestamp, acting: &Acting, action: Action) -> Self {
        Self {
            at,
            done_at: None,
            acting: acting.clone(),
            action,
            target: Target::None,
            distribution: None,
            invalidation: None,
            requested_by: None,
            items: ItemsRecord::default(),
            reason: String::new(),
            outcome: Outcome::Done,
            note: String::new(),
            aws_request_id: String::new(),
            cloudfront_id: String::new(),
            old: String::new(),
            new: String::new(),
        }
    }

    /// When the action happened. This may be long before the event was written.
    #[must_use]
    pub fn done_at(&self) -> Timestamp {
        self.done_at.unwrap_or(self.at)
    }

    /// The text that pages show: the note, the time of the action, the URL of the run and the idempotency key.
    #[must_use]
    pub fn remarks(&self) -> String {
        let via = &self.acting.origin.via;
        let made_at = self.done_at.map(|at| format!("made at {at}"));
        let run = Some(&via.run_url).filter(|url| !url.is_empty()).map(|url| format!("run {url}"));
        let key = Some(&via.idempotency_key).filter(|key| !key.is_empty());
        let key = key.map(|key| format!("idempotency key {key}"));
        let note = Some(self.note.clone()).filter(|note| !note.is_empty());
        made_at.into_iter().chain(note).chain(run).chain(key).collect::<Vec<_>>().join("; ")
    }
}

/// An event with its number, its hash and the hash of the previous event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chained {
    pub sequence: i64,
    pub event: Event,
    pub previous_hash: String,
    /// The event's form, as it is stored.
    pub form: String,
    pub hash: String,
}

impl Chained {
    /// Appends an event after the one whose hash is `previous_hash`.
    #[must_use]
    pub fn new(sequence: i64, event: Event, previous_hash: String) -> Self {
        let form = form::write(sequence, &event, &previous_hash);
        let hash = sha256_hex(form.as_bytes());
        Self { sequence, event, previous_hash, form, hash }
    }

    /// Whether `hash` is the SHA-256 of `form`.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.hash == sha256_hex(self.form.as_bytes())
    }
}

/// Whether the actor of this event is the service itself, not a person or a token.
#[must_use]
pub fn is_by_service(event: &Event) -> bool {
    event.acting.actor.kind() == ActorKind::Service
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Via;

    fn event() -> Event {
        Event::new(Timestamp::from_micros(1_000_000), &Acting::service(), Action::InvalidationSeen)
    }

    #[test]
    fn any_change_shows_in_the_hash() {
        let chained = Chained::new(7, event(), GENESIS.to_owned());
        assert!(chained.is_intact());
        let changed = Event { reason: "!".to_owned(), ..event() };
        for other in [
            Chained::new(7, changed, GENESIS.to_owned()),
            Chained::new(8, event(), GENESIS.to_owned()),
            Chained::new(7, event(), "ff".repeat(32)),
        ] {
            assert!(!Chained { hash: chained.hash.clone(), ..other }.is_intact());
        }
    }

    #[test]
    fn what_was_made_outside_was_done_before_it_was_seen() {
        let mut seen = event();
        assert_eq!(seen.done_at(), seen.at);
        seen.note = "made at 1970-01-01T00:00:00.000007Z".to_owned();
        assert_eq!(seen.done_at(), seen.at, "no meaning is read out of words");
        seen.done_at = Some(Timestamp::from_micros(7));
        assert_eq!(seen.done_at(), Timestamp::from_micros(7));
    }

    #[test]
    fn remarks_say_how_it_came_about() {
        let mut event = event();
        assert_eq!(event.remarks(), "");
        event.done_at = Some(Timestamp::from_micros(7));
        event.acting.origin.via =
            Via { run_url: "https://ci.example.com/1".to_owned(), idempotency_key: "k1".to_owned() };
        let said = "made at 1970-01-01T00:00:00.000007Z; run https://ci.example.com/1; idempotency key k1";
        assert_eq!(event.remarks(), said);
        event.note = "it was over".to_owned();
        let said = said.replacen("; run", "; it was over; run", 1);
        assert_eq!(event.remarks(), said);
    }
}
