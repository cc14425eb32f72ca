//! The form of an event: the text that is stored, hashed and exported. Only this module writes and reads it.
//!
//! It is canonical JSON (RFC 8785): sorted keys, no white space, and only the necessary escapes. `serde_json`
//! writes strings and integers in this way. A test checks the order of the fields.

mod parts;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use parts::{ActorForm, ItemsForm, TargetForm, Text, word};

use super::{Action, Chained, Event, ItemsRecord, Outcome, Target, VERSION};
use crate::{
    actor::{Acting, Origin, Via},
    id::{DistributionId, InvalidationId},
    invalidations::item::Item,
    time::Timestamp,
};

/// Why a text is not the form of an event.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    #[error("its form is {0}")]
    Json(#[from] serde_json::Error),
    #[error("its version is {0}")]
    Version(i64),
    #[error("{0} is {1:?}")]
    Word(&'static str, String),
}

/// The fields that link a form to the previous one.
#[derive(Debug, Deserialize)]
pub struct Links {
    pub previous_hash: String,
    pub sequence: i64,
    pub version: i64,
}

impl Links {
    /// Reads the links from a form of any version.
    pub fn read(form: &str) -> Result<Self, FormError> {
        Ok(serde_json::from_str(form)?)
    }
}

/// All fields of a form, in the order of its keys.
#[derive(Serialize, Deserialize)]
struct EventForm<'a> {
    action: Text<'a>,
    actor: ActorForm<'a>,
    at: Text<'a>,
    aws_request_id: Text<'a>,
    client_address: Text<'a>,
    cloudfront_id: Text<'a>,
    distribution: Option<Text<'a>>,
    done_at: Option<Text<'a>>,
    idempotency_key: Text<'a>,
    invalidation: Option<Text<'a>>,
    items: ItemsForm<'a>,
    new: Text<'a>,
    note: Text<'a>,
    old: Text<'a>,
    outcome: Text<'a>,
    previous_hash: Text<'a>,
    reason: Text<'a>,
    request_id: Text<'a>,
    requested_by: Option<ActorForm<'a>>,
    run_url: Text<'a>,
    sequence: i64,
    session: Text<'a>,
    sign_in: Text<'a>,
    target: TargetForm<'a>,
    version: i64,
}

/// Writes the form of an event with its number and the previous hash.
#[must_use]
pub fn write(sequence: i64, event: &Event, previous_hash: &str) -> String {
    // Serializing strings and numbers cannot fail.
    serde_json::to_string(&EventForm::of(sequence, event, previous_hash)).unwrap_or_default()
}

impl<'a> EventForm<'a> {
    fn of(sequence: i64, event: &'a Event, previous_hash: &'a str) -> Self {
        let Event {
            at,
            done_at,
            acting: Acting { actor, origin },
            action,
            target,
            distribution,
            invalidation,
            requested_by,
            items: ItemsRecord { shown, count, sha256 },
            reason,
            outcome,
            note,
            aws_request_id,
            cloudfront_id,
            old,
            new,
        } = event;
        Self {
            action: action.as_str().into(),
            actor: actor.into(),
            at: (*at).into(),
            aws_request_id: aws_request_id.as_str().into(),
            client_address: origin.client_address.as_str().into(),
            cloudfront_id: cloudfront_id.as_str().into(),
            distribution: distribution.as_ref().map(|id| id.as_str().into()),
            done_at: done_at.map(Text::from),
            idempotency_key: origin.via.idempotency_key.as_str().into(),
            invalidation: invalidation.as_ref().map(|id| id.as_str().into()),
            items: ItemsForm {
                count: *count,
                sha256: sha256.as_str().into(),
                shown: shown.iter().map(|item| item.as_str().into()).collect(),
            },
            new: new.as_str().into(),
            note: note.as_str().into(),
            old: old.as_str().into(),
            outcome: outcome.as_str().into(),
            previous_hash: previous_hash.into(),
            reason: reason.as_str().into(),
            request_id: origin.request_id.as_str().into(),
            requested_by: requested_by.as_ref().map(ActorForm::from),
            run_url: origin.via.run_url.as_str().into(),
            sequence,
            session: origin.session.as_str().into(),
            sign_in: origin.sign_in.as_str().into(),
            target: TargetForm { id: target.id().into(), kind: target.kind().into() },
            version: VERSION,
        }
    }

    fn into_event(self) -> Result<Event, FormError> {
        let unknown = || FormError::Word("a target's kind", self.target.kind.0.to_string());
        let target = Target::read(&self.target.kind.0, &self.target.id.0).ok_or_else(unknown)?;
        let origin = Origin {
            client_address: self.client_address.into(),
            request_id: self.request_id.into(),
            sign_in: self.sign_in.into(),
            session: self.session.into(),
            via: Via { run_url: self.run_url.into(), idempotency_key: self.idempotency_key.into() },
            ..Origin::default()
        };
        Ok(Event {
            at: word("a time", &self.at, Timestamp::parse)?,
            done_at: self.done_at.map(|at| word("a time", &at, Timestamp::parse)).transpose()?,
            acting: Acting { actor: self.actor.into_actor()?, origin },
            action: word("an action", &self.action, Action::parse)?,
            target,
            distribution: self.distribution.map(DistributionId::from_trusted),
            invalidation: self.invalidation.map(InvalidationId::from_trusted),
            requested_by: self.requested_by.map(ActorForm::into_actor).transpose()?,
            items: ItemsRecord {
                shown: self.items.shown.into_iter().map(Item::from_trusted).collect(),
                count: self.items.count,
                sha256: self.items.sha256.into(),
            },
            reason: self.reason.into(),
            outcome: word("an outcome", &self.outcome, Outcome::parse)?,
            note: self.note.into(),
            aws_request_id: self.aws_request_id.into(),
            cloudfront_id: self.cloudfront_id.into(),
            old: self.old.into(),
            new: self.new.into(),
        })
    }
}

/// A string as JSON, with its quotes.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

impl Chained {
    /// Parses a stored form, with the hash that is stored beside it.
    pub fn read(form: &str, hash: &str) -> Result<Self, FormError> {
        let read: EventForm<'_> = match serde_json::from_str(form) {
            Ok(read) => read,
            // Another version may have other keys.
            Err(error) => {
                return Err(match Links::read(form) {
                    Ok(Links { version, .. }) if version != VERSION => FormError::Version(version),
                    _ => error.into(),
                });
            }
        };
        if read.version != VERSION {
            return Err(FormError::Version(read.version));
        }
        let (sequence, previous_hash) = (read.sequence, read.previous_hash.0.to_string());
        let event = read.into_event()?;
        Ok(Self { sequence, event, previous_hash, form: form.to_owned(), hash: hash.to_owned() })
    }

    /// A replacement for an event that cannot be read. A damaged event, or an action that a newer program wrote,
    /// must not hide other events.
    #[must_use]
    pub fn unreadable(sequence: i64, form: &str, hash: &str, why: &FormError) -> Self {
        let said: Value = serde_json::from_str(form).unwrap_or_default();
        let text = |key: &str| said[key].as_str();
        let at = text("at").and_then(Timestamp::parse).unwrap_or(Timestamp::from_micros(0));
        let mut event = Event::new(at, &Acting::service(), Action::EventUnreadable);
        event.outcome = Outcome::Failed;
        event.note = why.to_string().chars().take(NOTE_MAX).collect();
        event.distribution = text("distribution").map(DistributionId::from_trusted);
        event.invalidation = text("invalidation").map(InvalidationId::from_trusted);
        let previous_hash = text("previous_hash").unwrap_or_default().to_owned();
        Self { sequence, event, previous_hash, form: form.to_owned(), hash: hash.to_owned() }
    }
}

/// The maximum length of the note of an unreadable event.
const NOTE_MAX: usize = 300;

#[cfg(test)]
mod tests;
