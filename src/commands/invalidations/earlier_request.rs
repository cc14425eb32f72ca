//! Finds an earlier request with the same key and its answer, and keeps the answer of a new one.

use crate::{
    domain::{
        actor::Acting,
        audit::ItemsRecord,
        invalidations::{
            idempotency::{IdempotencyRecord, IdempotentAnswer},
            invalidation::NewInvalidation,
        },
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        invalidations::{self, idempotency, proposals},
    },
};

use super::requested::Requested;

/// What the request with this key was answered. `None` if there was none.
pub(super) async fn find(
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    now: Timestamp,
) -> Result<Option<Requested>, StoreError> {
    let sha256 = ItemsRecord::of(&new.items()).sha256;
    let key = &new.request_key;
    if let Some(kept) = idempotency::find(tx, key).await? {
        let same = new.fingerprint.as_ref() == Some(&kept.fingerprint);
        return Ok(Some(answered(same, kept.answer, kept.at)));
    }
    if let Some(earlier) = invalidations::find_by_key(tx, key).await? {
        let same = earlier.distribution == new.distribution
            && earlier.actor_id == acting.actor.id()
            && earlier.items_sha256 == sha256
            && (earlier.expected, earlier.warm) == (new.expected, new.warm);
        return Ok(Some(answered(same, IdempotentAnswer::Accepted(earlier.id), earlier.requested_at)));
    }
    let Some(earlier) = proposals::find_by_key(tx, key, now).await? else { return Ok(None) };
    let same = earlier.distribution == new.distribution
        && earlier.asked_by.id() == acting.actor.id()
        && ItemsRecord::of(&earlier.items).sha256 == sha256
        && (earlier.expected, earlier.warm) == (new.expected, new.warm);
    Ok(Some(answered(same, IdempotentAnswer::Proposed(earlier.id), earlier.asked_at)))
}

fn answered(same: bool, answer: IdempotentAnswer, at: Timestamp) -> Requested {
    if same { Requested::Before(answer, at) } else { Requested::KeyUsedForAnother }
}

/// Keeps the answer of a request that has an idempotency key.
pub(in crate::commands) async fn keep(
    tx: &mut Tx,
    new: &NewInvalidation,
    answer: IdempotentAnswer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(fingerprint) = new.fingerprint.clone() else { return Ok(()) };
    idempotency::insert(tx, &new.request_key, &IdempotencyRecord { fingerprint, answer, at: now }).await
}
