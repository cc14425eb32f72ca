//! A second person approves a request: it becomes an invalidation in the same transaction.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
        new_uuid,
    },
    domain::{
        access::Role,
        actor::{Acting, Actor},
        audit::{Action, Target},
        distributions::protection::Protection,
        id::{InvalidationId, ProposalId},
        invalidations::{
            batching::{self, Limits},
            freeze_window::FreezeAnswer,
            invalidation::NewInvalidation,
            proposal::{Proposal, ProposalState},
        },
        time::Timestamp,
    },
    store::{
        Tx, audit,
        distributions::{self, protections},
        invalidations::proposals,
    },
};

use super::{
    accepted::{self, Cleared},
    cooldown::same_due,
    freezes::{self, FreezeCheck},
    monthly_budgets::{self, Charge},
};

const REPEAT: AccessRefusal = AccessRefusal::Rule(
    "the same items were requested within the distribution's cool-down; decline this request, or approve it later",
);

/// Queues what was asked for, in the asker's name. The one event is the second person's. The reason of `answer` is their
/// word, which may be empty where no freeze window is overridden.
pub async fn approve_proposal(
    context: &CommandContext,
    acting: &Acting,
    id: &ProposalId,
    answer: FreezeAnswer<'_>,
    limits: Limits,
) -> Result<InvalidationId, CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let proposal = proposals::find(&mut tx, id, now).await?.ok_or(CommandError::NotFound)?;
    let what = Target::Proposal(id.clone());
    let distribution = &proposal.distribution;
    let (mut tx, access) =
        authorize::check(context, tx, acting, &what, distribution, &proposal.items).await?;
    if let Some(why) = hindrance(&mut tx, acting, access.role, &proposal, now).await? {
        return Err(authorize::refuse(context, tx, acting, &what, Some(distribution), why).await?);
    }
    if proposal.state != ProposalState::Waiting {
        return Err(CommandError::TooLate);
    }
    let mut new = NewInvalidation::from_batches(
        distribution.clone(),
        batching::split(&proposal.items, limits),
        proposal.first_item.clone(),
        proposal.reason.clone(),
        proposal.request_key.clone(),
        new_uuid,
    );
    (new.expected, new.warm) = (proposal.expected, proposal.warm);
    let protection = protections::hold(&mut tx, distribution).await?;
    if same_due(&mut tx, &new, protection.cool_down, now, now).await?.is_some() {
        return Err(authorize::refuse(context, tx, acting, &what, Some(distribution), REPEAT).await?);
    }
    let asked = Attempt::on(&what, Some(distribution), &proposal.items, &proposal.reason);
    let approved = Asked { proposal: &proposal, new: &new, protection: &protection, answer };
    let cleared = clear(context, &mut tx, acting, &asked, &approved).await;
    // Where it is refused, the proposal goes on waiting.
    let (mut tx, cleared) = context.or_commit_refusal(tx, cleared).await?;
    let word = answer.reason;
    if !proposals::decide(&mut tx, id, &acting.actor, word, Some(&new.id), now).await? {
        return Err(CommandError::TooLate);
    }
    let approved = format!("approved by {}, requested by {}", acting.actor.name(), proposal.asked_by.name());
    let approved = if word.is_empty() { approved } else { format!("{approved}: {word}") };
    let said = (Action::ProposalApproved, approved.as_str());
    let mut event = accepted::queue(&mut tx, cleared, acting, &proposal.asked_by, &new, said, now).await?;
    event.target = what;
    event.requested_by = Some(proposal.asked_by.clone());
    audit::append(&mut tx, event);
    context.usage.clear();
    context.commit(tx).await?;
    Ok(new.id)
}

/// What is approved, and what the second person says.
struct Asked<'a> {
    proposal: &'a Proposal,
    new: &'a NewInvalidation,
    protection: &'a Protection,
    answer: FreezeAnswer<'a>,
}

/// Holds the request to freeze windows and budgets. Whoever asked could not know what holds now: the second person
/// overrides a freeze window, with their word as the reason.
async fn clear(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    Asked { proposal, new, protection, answer }: &Asked<'_>,
) -> Result<Cleared, CommandError> {
    let now = context.clock.now();
    let check =
        FreezeCheck { items: &proposal.items, protection, sent_at: now, answer: *answer, overridden: &[] };
    let freezes = freezes::hold(context, tx, acting, asked, check).await?;
    let charge = Charge::of(new, &proposal.asked_by, now);
    Ok((monthly_budgets::hold(context, tx, acting, asked, charge).await?, freezes))
}

/// Nobody approves their own request, and what the asker may not do any more is not done for them.
async fn hindrance(
    tx: &mut Tx,
    acting: &Acting,
    role: Role,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Option<AccessRefusal>, CommandError> {
    let Some(person) = acting.actor.person_id() else {
        return Ok(Some(AccessRefusal::Rule("only a person may approve")));
    };
    if person.as_str() == proposal.behind {
        return Ok(Some(AccessRefusal::Rule("a request needs the approval of another person")));
    }
    // Nobody is behind a token of the command line, so whoever uses it may be whoever approves.
    let nobodys = matches!(proposal.asked_by, Actor::Token { .. }) && proposal.behind.is_empty();
    if nobodys && role != Role::Admin {
        return Ok(Some(AccessRefusal::Rule(
            "a request of a token from the command line needs an administrator",
        )));
    }
    // The history lacks only what was not committed when we began: nobody knows the id of a request before that.
    if audit::contradiction_of_proposal(tx, proposal, now).await?.is_some() {
        return Ok(Some(AccessRefusal::Rule(
            "the request is not what the history recorded when it was made",
        )));
    }
    if distributions::is_tenant_only(tx, &proposal.distribution).await? {
        return Ok(Some(authorize::TENANT_ONLY));
    }
    let asker = authorize::of(tx, &proposal.asked_by, now).await?;
    let gone = authorize::refusal(&asker, &proposal.distribution, &proposal.items).is_some();
    Ok(gone.then_some(AccessRefusal::Rule("the person or token that requested it may not refresh this now")))
}
