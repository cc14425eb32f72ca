//! A row of the history, as both engines hand it over.

use serde_json::Value;

use unstale_domain::{
    actor::{Acting, Origin},
    audit::{Action, Chained, Event, ItemsRecord, Outcome, Target},
    causes::with_causes,
    id::{DistributionId, InvalidationId},
};

use super::super::StoreError;
use crate::columns::{actor, count, items_from_json, time};

/// So much of what is wrong with an event is said.
const NOTE_MAX: usize = 300;

/// As selected, in the same order.
#[derive(sqlx::FromRow, serde::Deserialize)]
pub(super) struct Row {
    pub sequence: i64,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub sign_in: String,
    pub session: String,
    pub client_address: String,
    pub request_id: String,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub distribution_id: Option<String>,
    pub invalidation_id: Option<String>,
    pub items_shown: String,
    pub items_count: i64,
    pub items_sha256: String,
    pub reason: String,
    pub outcome: String,
    pub note: String,
    pub aws_request_id: String,
    pub cloudfront_id: String,
    pub old_value: String,
    pub new_value: String,
    pub version: i64,
    pub previous_hash: String,
    pub hash: String,
}

impl Row {
    fn read(line: &str) -> Result<Self, StoreError> {
        serde_json::from_str(line).map_err(|_| StoreError::unreadable("an event", line))
    }

    /// The event of a line. Of one that cannot be read there is a stand-in that says so: damage, or an action that a
    /// newer program wrote, must not hide the events beside it. Its hash never fits.
    pub fn read_event(line: &str) -> Result<Chained, StoreError> {
        let read = Self::read(line).and_then(Self::into_event);
        read.or_else(|error| stand_in(line, &error).ok_or(error))
    }

    pub fn into_event(self) -> Result<Chained, StoreError> {
        let unreadable = StoreError::unreadable;
        let event = Event {
            at: time(self.at),
            acting: Acting {
                actor: actor(&self.actor_kind, self.actor_id, self.actor_name)?,
                origin: Origin {
                    client_address: self.client_address,
                    request_id: self.request_id,
                    sign_in: self.sign_in,
                    session: self.session,
                    ..Origin::default()
                },
            },
            action: Action::parse(&self.action).ok_or_else(|| unreadable("an action", &self.action))?,
            target: Target { kind: self.target_kind, id: self.target_id },
            distribution: self.distribution_id.map(DistributionId::from_trusted),
            invalidation: self.invalidation_id.map(InvalidationId::from_trusted),
            items: ItemsRecord {
                shown: items_from_json(&self.items_shown)?,
                count: count(self.items_count),
                sha256: self.items_sha256,
            },
            reason: self.reason,
            outcome: Outcome::parse(&self.outcome).ok_or_else(|| unreadable("an outcome", &self.outcome))?,
            note: self.note,
            aws_request_id: self.aws_request_id,
            cloudfront_id: self.cloudfront_id,
            old: self.old_value,
            new: self.new_value,
        };
        Ok(Chained { sequence: self.sequence, event, previous_hash: self.previous_hash, hash: self.hash })
    }
}

/// What can still be said of an event that cannot be read.
fn stand_in(line: &str, error: &StoreError) -> Option<Chained> {
    let values: Vec<Value> = serde_json::from_str(line).ok()?;
    let text = |index: usize| values.get(index).and_then(Value::as_str).map(str::to_owned);
    let at = time(values.get(1).and_then(Value::as_i64).unwrap_or_default());
    let mut event = Event::new(at, &Acting::service(), Action::EventUnreadable);
    event.outcome = Outcome::Failed;
    event.note = with_causes(error).chars().take(NOTE_MAX).collect();
    event.distribution = text(12).map(DistributionId::from_trusted);
    event.invalidation = text(13).map(InvalidationId::from_trusted);
    let (previous_hash, hash) = (text(25).unwrap_or_default(), text(26).unwrap_or_default());
    Some(Chained { sequence: values.first()?.as_i64()?, event, previous_hash, hash })
}
