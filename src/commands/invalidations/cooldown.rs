//! Answers the same request within a distribution's cool-down with the earlier invalidation.

use crate::{
    commands::{CommandContext, CommandError, Requested},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Outcome, Target},
        invalidations::{
            idempotency::IdempotentAnswer,
            invalidation::{Invalidation, NewInvalidation},
        },
        time::span_in_words,
    },
    store::{Tx, audit},
};

use super::request_invalidation::keep;

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
