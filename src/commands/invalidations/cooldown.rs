//! Answers the same request within a distribution's cool-down with the earlier invalidation.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Outcome, Target},
        distributions::protection::Protection,
        invalidations::{
            idempotency::IdempotentAnswer,
            invalidation::{Invalidation, NewInvalidation},
        },
        time::{Timestamp, span_in_words},
    },
    store::{
        StoreError, Tx, audit,
        invalidations::{self, DueWithin},
    },
};

use super::{earlier_request::keep, requested::Requested};

/// How far the clocks of two replicas may differ that take the same items at once.
const AT_ONCE: Duration = Duration::from_secs(1);

/// An invalidation of the same items that is due within the cool-down before this one is wanted, and no later: neither
/// does one that is put off answer somebody who wants it now, nor one of now somebody who wants it next month. A request
/// that waits for a second person answers nobody: it may never go.
pub(super) async fn repeated(
    context: &CommandContext,
    tx: &mut Tx,
    new: &NewInvalidation,
    protection: &Protection,
) -> Result<Option<Invalidation>, StoreError> {
    if protection.cool_down.is_zero() {
        return Ok(None);
    }
    let now = context.clock.now();
    let wanted = new.not_before.map_or(now, |at| at.max(now));
    same_due(tx, new, protection.cool_down, wanted, now).await
}

/// An invalidation of the same items, and for the same content, that is due within the cool-down before they are wanted.
pub(in crate::commands) async fn same_due(
    tx: &mut Tx,
    new: &NewInvalidation,
    cool_down: Duration,
    wanted: Timestamp,
    now: Timestamp,
) -> Result<Option<Invalidation>, StoreError> {
    if cool_down.is_zero() {
        return Ok(None);
    }
    let due = DueWithin {
        after: wanted.minus(cool_down),
        until: wanted.plus(AT_ONCE),
        asked_until: now.and_a_moment(),
    };
    let sha256 = ItemsRecord::of(&new.items()).sha256;
    invalidations::same_due_within(tx, &new.distribution, &sha256, new.expected, new.warm, due).await
}

/// Writes the event, and the answer for the request key, that nothing was sent again.
pub(in crate::commands) async fn held_back(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    same: &Invalidation,
) -> Result<Requested, CommandError> {
    let now = context.clock.now();
    let mut event = Event::new(now, acting, Action::RepeatHeldBack);
    event.target = Target::Invalidation(same.id.clone());
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(same.id.clone());
    event.items = ItemsRecord::of(&new.items());
    event.reason.clone_from(&new.reason);
    event.outcome = Outcome::Refused;
    event.note = format!(
        "the same items were requested {} ago by {}; nothing was sent again",
        span_in_words(now.since(same.requested_at)),
        same.requested_by.name(),
    );
    keep(tx, new, IdempotentAnswer::HeldBack(same.id.clone()), now).await?;
    audit::append(tx, event);
    Ok(Requested::HeldBack(same.id.clone()))
}
