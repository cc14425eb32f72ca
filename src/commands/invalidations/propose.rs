//! Stores a request that a second person has to approve. Nothing is queued for CloudFront yet.

use crate::{
    commands::{CommandContext, CommandError, Requested, new_uuid},
    domain::{
        access::Access,
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::ProposalId,
        invalidations::{
            idempotency::IdempotentAnswer,
            invalidation::NewInvalidation,
            proposal::{LIFE, Proposal, ProposalState},
        },
    },
    store::{Tx, audit, invalidations::proposals},
};

use super::{accepted::noted, earlier_request::keep, quotas::check_proposals};

/// Stores the proposal with everything that the request needs later, for a second person to decide.
pub(in crate::commands) async fn propose(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
) -> Result<Requested, CommandError> {
    check_proposals(context, tx, acting, new).await?;
    let now = context.clock.now();
    let proposal = Proposal {
        id: ProposalId::new(new_uuid()),
        request_key: new.request_key.clone(),
        distribution: new.distribution.clone(),
        asked_by: acting.actor.clone(),
        behind: access.behind.clone(),
        reason: new.reason.clone(),
        expected: new.expected,
        warm: new.warm,
        items: new.items(),
        first_item: new.first_item.clone(),
        asked_at: now,
        expires_at: now.plus(LIFE),
        state: ProposalState::Waiting,
        decided_by: None,
        decided_at: None,
        word: String::new(),
        invalidation: None,
    };
    proposals::insert(tx, &proposal).await?;
    keep(tx, new, IdempotentAnswer::Proposed(proposal.id.clone()), now).await?;
    let mut event = Event::new(now, acting, Action::ProposalMade);
    event.target = Target::Proposal(proposal.id.clone());
    event.distribution = Some(new.distribution.clone());
    event.items = ItemsRecord::of(&proposal.items);
    event.reason.clone_from(&new.reason);
    event.note = noted(new, &format!("waits for a second person until {}", proposal.expires_at));
    audit::append(tx, event);
    Ok(Requested::Proposed(proposal.id))
}
