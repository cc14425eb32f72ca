//! Cancels the waiting requests of an actor who is no longer allowed to make them: a revoked token, a person who
//! was disabled or got another role, and the tokens that this person made.
//!
//! Batches that CloudFront may have are not cancelled. A change of grants cancels nothing here, and there is a
//! limit on the requests of one transaction. The other requests are checked again when they would be sent
//! (`workers::submitter`), and proposals when somebody would approve them.

use crate::{
    commands::CommandContext,
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Target},
        invalidations::{proposal::Proposal, quotas::PROPOSALS},
        sign_in::person::Person,
    },
    store::{
        StoreError, Tx, access, audit,
        invalidations::{self, batches, proposals, waiting},
        tokens,
    },
};

use super::cancel_invalidation::append_cancelled;

/// The maximum number of requests of one actor that one transaction cancels.
const AT_ONCE: usize = 1_000;

/// Cancels the waiting requests of the person and their tokens that are no longer allowed. `why` is the reason for
/// the history.
pub(in crate::commands) async fn withdraw_of_person(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    person: &Person,
    why: &str,
) -> Result<(), StoreError> {
    withdraw(context, tx, acting, &Actor::person(&person.id, &person.email), why).await?;
    for token in tokens::made_by(tx, &person.id).await? {
        withdraw(context, tx, acting, &token.actor(), why).await?;
    }
    Ok(())
}

/// Cancels the waiting requests of one actor that are no longer allowed. Access is read in the transaction, so its
/// earlier changes count.
pub(in crate::commands) async fn withdraw(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    actor: &Actor,
    why: &str,
) -> Result<(), StoreError> {
    let access = access::of_requester(tx, actor).await?;
    let mut gone = Vec::new();
    for id in waiting::invalidations_of(tx, actor, AT_ONCE).await? {
        let Some(found) = invalidations::find(tx, &id).await? else { continue };
        let items = batches::items_of(tx, &id).await?;
        if !access.may_request(&found.distribution, &items) {
            gone.push(found);
        }
    }
    let now = context.clock.now();
    let ids: Vec<_> = gone.iter().map(|found| &found.id).collect();
    let cancelled = invalidations::cancel_waiting(tx, &ids, now).await?;
    append_cancelled(tx, acting, &gone, &cancelled, why, now);
    for id in waiting::proposals_of(tx, actor, context.clock.now(), PROPOSALS).await? {
        let Some(found) = proposals::find(tx, &id, context.clock.now()).await? else { continue };
        if !access.may_request(&found.distribution, &found.items) {
            decline(context, tx, acting, found, why).await?;
        }
    }
    Ok(())
}

async fn decline(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    found: Proposal,
    why: &str,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    if proposals::decide(tx, &found.id, &acting.actor, why, None, now).await? {
        let mut event = Event::new(now, acting, Action::ProposalDeclined);
        event.target = Target::Proposal(found.id.clone());
        event.distribution = Some(found.distribution);
        event.items = ItemsRecord::of(&found.items);
        event.reason = found.reason;
        event.note = format!("{why}; requested by {}", found.asked_by.name());
        audit::append(tx, event);
    }
    Ok(())
}
