//! Accepts a request: the invalidation, its batches with their final caller references, and the audit event.
//!
//! On a protected distribution a wide request first has to be confirmed, or waits as a proposal.

use std::time::Duration;

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
    },
    domain::{
        access::{Access, Role},
        actor::Acting,
        audit::{Action, ItemsRecord, Target},
        distributions::protection::{Confirmation, Guard, Protection, is_its_name, name_to_type},
        id::{DistributionId, InvalidationId, ProposalId},
        invalidations::{
            idempotency::{IdempotencyRecord, IdempotentAnswer},
            invalidation::{Invalidation, NewInvalidation},
            item::Item,
        },
        time::Timestamp,
    },
    store::{
        StoreError, Tx, audit, distributions,
        invalidations::{
            self, DueWithin, idempotency,
            preconditions::{self, Preconditions},
        },
    },
};

use super::{
    accepted, cooldown::held_back, earlier_request, propose::propose, quotas::check_room,
    request_again::again,
};

/// So much the clocks of two replicas may differ that take the same items at once.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// It is on disk and will be sent.
    New(InvalidationId),
    /// The same was sent before with this key: what it was answered then, and when. Nothing was added or sent.
    Before(IdempotentAnswer, Timestamp),
    /// The same was sent before with this key, and CloudFront refused all of it: it is queued once more.
    Retried(InvalidationId, Timestamp),
    /// The same form was sent before with something else in it; nothing was added.
    KeyUsedForAnother,
    /// The same items were requested a moment ago; nothing was added.
    HeldBack(InvalidationId),
    /// It is on disk and waits for a second person.
    Proposed(ProposalId),
    /// The distribution's protection asks for something more; nothing was added.
    Unmet(Unmet),
}

/// What a protected distribution still asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    Reason,
    /// This name, typed once more.
    Name(String),
    /// That it is not put off: a second person decides when it goes.
    Now,
}

/// Writes the request, unless one with the same key is there. Dropping the caller's future does not cancel it: whoever
/// pressed the button and closed the browser has asked for it.
pub async fn request_invalidation(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let (context, acting, new) = (context.clone(), acting.clone(), new.clone());
    let requested = tokio::spawn(async move { request(&context, &acting, &new).await }).await;
    requested.unwrap_or_else(|_| Err(StoreError::interrupted().into()))
}

async fn request(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    match in_a_transaction(context, acting, new).await {
        // On PostgreSQL another connection may have written the same key since we looked.
        Err(CommandError::Store(StoreError::Duplicate(error))) => {
            let mut tx = context.db.begin().await?;
            let answer = earlier_request::find(&mut tx, acting, new, context.clock.now()).await?;
            Ok(answer.ok_or(StoreError::Duplicate(error))?)
        }
        answer => answer,
    }
}

async fn in_a_transaction(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let mut tx = context.db.begin().await?;
    match within(context, &mut tx, acting, new).await {
        Err(CommandError::Store(error)) => Err(error.into()),
        // A refusal is written too.
        answer => {
            context.commit(tx).await?;
            answer
        }
    }
}

/// Whatever comes of it but an error of the store is to be committed.
async fn within(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let (target, items) = (Target::act("invalidate"), new.items());
    let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    let signed_in = authorize::signed_in(acting);
    let before = preconditions::hold(tx, signed_in, &new.distribution, &new.request_key).await?;
    let access = match signed_in {
        Some(_) => before.access.clone(),
        None => Some(authorize::of(tx, &acting.actor, context.clock.now()).await?),
    };
    let access = authorize::check_access(context, tx, acting, &asked, access)?;
    if before.key_used {
        match earlier_request::find(tx, acting, new, context.clock.now()).await? {
            Some(Requested::Before(answer, at)) => {
                return again(context, tx, acting, new, &access, (answer, at)).await;
            }
            Some(answer) => return Ok(answer),
            None => {}
        }
    }
    decide(context, tx, acting, new, &access, before).await
}

/// Does what the distribution's protection says.
async fn decide(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
    Preconditions { tenant_only, protection, .. }: Preconditions,
) -> Result<Requested, CommandError> {
    if tenant_only {
        let (target, items) = (Target::act("invalidate"), new.items());
        let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
        return Err(authorize::refuse_within(context, tx, acting, &asked, authorize::TENANT_ONLY));
    }
    if protection.reason_required && new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    if let Some(same) = repeated(context, tx, new, &protection).await? {
        return held_back(context, tx, acting, new, &same).await;
    }
    check_room(context, tx, acting, new).await?;
    match protection.asks(&new.items()) {
        Guard::Open => accept(context, tx, acting, new, Action::InvalidationRequested, "").await,
        Guard::TypedName => by_name(context, tx, acting, new).await,
        Guard::SecondPerson if new.confirmation == Confirmation::Alone => {
            go_alone(context, tx, acting, new, access).await
        }
        Guard::SecondPerson if new.not_before.is_some() => Ok(Requested::Unmet(Unmet::Now)),
        Guard::SecondPerson => propose(context, tx, acting, new, access).await,
    }
}

/// Goes on where the distribution's name was typed.
async fn by_name(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let distribution = distributions::find(tx, &new.distribution).await?.ok_or(CommandError::NotFound)?;
    match &new.confirmation {
        Confirmation::Typed(name) if is_its_name(name, &distribution) => {
            let note = format!("confirmed by typing {}", name.trim());
            accept(context, tx, acting, new, Action::InvalidationRequested, &note).await
        }
        _ => Ok(Requested::Unmet(Unmet::Name(name_to_type(&distribution).to_owned()))),
    }
}

/// Lets an administrator with a reason go on without a second person.
async fn go_alone(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
) -> Result<Requested, CommandError> {
    if access.role != Role::Admin {
        let why = AccessRefusal::Rule("only an administrator may go on without a second person");
        let (target, items) = (Target::act("override a protection"), new.items());
        let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
        return Err(authorize::refuse_within(context, tx, acting, &asked, why));
    }
    if new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    let note = "an administrator went on without a second person";
    accept(context, tx, acting, new, Action::ProtectionOverridden, note).await
}

/// An invalidation of the same items that is due within the cool-down before this one is wanted, and no later: neither
/// does one that is put off answer somebody who wants it now, nor one of now somebody who wants it next month. A request
/// that waits for a second person answers nobody: it may never go.
async fn repeated(
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
    same_due(tx, &new.distribution, &new.items(), protection.cool_down, wanted, now).await
}

/// An invalidation of the same items that is due within the cool-down before they are wanted.
pub(in crate::commands) async fn same_due(
    tx: &mut Tx,
    distribution: &DistributionId,
    items: &[Item],
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
    let sha256 = ItemsRecord::of(items).sha256;
    invalidations::same_due_within(tx, distribution, &sha256, due).await
}

/// Queues it, and writes the one event that says so.
async fn accept(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    action: Action,
    note: &str,
) -> Result<Requested, CommandError> {
    let now = context.clock.now();
    let mut event = accepted::queue(tx, acting, &acting.actor, new, action, now).await?;
    note.clone_into(&mut event.note);
    keep(tx, new, IdempotentAnswer::Accepted(new.id.clone()), now).await?;
    audit::append(tx, event);
    Ok(Requested::New(new.id.clone()))
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
