//! Ends a request for approval: a second person declines it, or the person who made it takes it back.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::ProposalId,
    },
    store::{audit, invalidations::proposals},
};

/// Declines the proposal. `word` tells its author why. `TooLate` if it is decided already or has expired.
pub async fn decline_proposal(
    context: &CommandContext,
    acting: &Acting,
    id: &ProposalId,
    word: &str,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let proposal = proposals::find(&mut tx, id, now).await?.ok_or(CommandError::NotFound)?;
    let what = Target::Proposal(id.clone());
    let distribution = &proposal.distribution;
    let (mut tx, _) = authorize::check(context, tx, acting, &what, distribution, &proposal.items).await?;
    if !proposals::decide(&mut tx, id, &acting.actor, word, None, now).await? {
        return Err(CommandError::TooLate);
    }
    let mut event = Event::new(now, acting, Action::ProposalDeclined);
    event.target = what;
    event.distribution = Some(distribution.clone());
    event.items = ItemsRecord::of(&proposal.items);
    event.reason.clone_from(&proposal.reason);
    event.note = if acting.actor.id() == proposal.behind {
        "withdrawn".to_owned()
    } else {
        format!("requested by {}: {word}", proposal.asked_by.name())
    };
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
