//! Accepts a request: the invalidation, its batches with their final caller references, and the audit event.
//!
//! On a protected distribution a wide request first has to be confirmed, or waits as a proposal.

use std::{iter, time::Duration};

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
        invalidations::{self, DueWithin, idempotency, proposals},
    },
};

use super::{cooldown::held_back, propose::propose, quotas::check_room, request_again::again, turn::Turn};

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

/// Writes the request, unless one with the same key is there. On SQLite requests that come together share a transaction.
pub async fn request_invalidation(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    if context.db.is_shared() {
        alone(context, acting, new).await
    } else {
        context.counter.hand_in(context, acting, new).await
    }
}

/// Writes it in a transaction of its own.
pub(in crate::commands) async fn alone(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    match by_itself(context, acting, new).await {
        // On PostgreSQL another connection may have written the same key since we looked.
        Err(CommandError::Store(StoreError::Duplicate(error))) => {
            let mut tx = context.db.begin().await?;
            let answer = earlier(&mut tx, acting, new, context.clock.now()).await?;
            Ok(answer.ok_or(StoreError::Duplicate(error))?)
        }
        answer => answer,
    }
}

async fn by_itself(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let mut turn = Turn::begin(context, iter::once(&new.request_key)).await?;
    match within(context, &mut turn, acting, new).await {
        Err(CommandError::Store(error)) => Err(error.into()),
        // A refusal is kept too.
        answer => {
            turn.commit(context).await?;
            answer
        }
    }
}

/// Takes it in a transaction that may take more. Whatever comes of it but an error of the store is to be committed.
pub(in crate::commands) async fn within(
    context: &CommandContext,
    turn: &mut Turn,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let (target, items) = (Target::act("invalidate"), new.items());
    let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    let access = authorize::check_within(context, &mut turn.tx, acting, &asked, &mut turn.last_asked).await?;
    if turn.use_key(&new.request_key) {
        turn.write().await?;
        match earlier(&mut turn.tx, acting, new, context.clock.now()).await? {
            Some(Requested::Before(answer, at)) => {
                return again(context, turn, acting, new, &access, (answer, at)).await;
            }
            Some(answer) => return Ok(answer),
            None => {}
        }
    }
    decide(context, turn, acting, new, &access).await
}

/// What the request with this key was answered, where it is kept.
async fn earlier(
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
            && earlier.items_sha256 == sha256;
        return Ok(Some(answered(same, IdempotentAnswer::Accepted(earlier.id), earlier.requested_at)));
    }
    let Some(earlier) = proposals::find_by_key(tx, key, now).await? else { return Ok(None) };
    let same = earlier.distribution == new.distribution
        && earlier.asked_by.id() == acting.actor.id()
        && ItemsRecord::of(&earlier.items).sha256 == sha256;
    Ok(Some(answered(same, IdempotentAnswer::Proposed(earlier.id), earlier.asked_at)))
}

fn answered(same: bool, answer: IdempotentAnswer, at: Timestamp) -> Requested {
    if same { Requested::Before(answer, at) } else { Requested::KeyUsedForAnother }
}

/// Does what the distribution's protection says.
async fn decide(
    context: &CommandContext,
    turn: &mut Turn,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
) -> Result<Requested, CommandError> {
    if turn.is_tenant_only(&new.distribution).await? {
        let (target, items) = (Target::act("invalidate"), new.items());
        let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
        return Err(authorize::refuse_within(context, &mut turn.tx, acting, &asked, authorize::TENANT_ONLY));
    }
    let protection = turn.protection(&new.distribution).await?;
    if protection.reason_required && new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    if let Some(same) = repeated(context, turn, new, &protection).await? {
        return held_back(context, &mut turn.tx, acting, new, &same).await;
    }
    check_room(context, turn, acting, new).await?;
    match protection.asks(&new.items()) {
        Guard::Open => accept(context, turn, acting, new, Action::InvalidationRequested, "").await,
        Guard::TypedName => by_name(context, turn, acting, new).await,
        Guard::SecondPerson if new.confirmation == Confirmation::Alone => {
            go_alone(context, turn, acting, new, access).await
        }
        Guard::SecondPerson if new.not_before.is_some() => Ok(Requested::Unmet(Unmet::Now)),
        Guard::SecondPerson => propose(context, &mut turn.tx, acting, new, access).await,
    }
}

/// Goes on where the distribution's name was typed.
async fn by_name(
    context: &CommandContext,
    turn: &mut Turn,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let distribution =
        distributions::find(&mut turn.tx, &new.distribution).await?.ok_or(CommandError::NotFound)?;
    match &new.confirmation {
        Confirmation::Typed(name) if is_its_name(name, &distribution) => {
            let note = format!("confirmed by typing {}", name.trim());
            accept(context, turn, acting, new, Action::InvalidationRequested, &note).await
        }
        _ => Ok(Requested::Unmet(Unmet::Name(name_to_type(&distribution).to_owned()))),
    }
}

/// Lets an administrator with a reason go on without a second person.
async fn go_alone(
    context: &CommandContext,
    turn: &mut Turn,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
) -> Result<Requested, CommandError> {
    if access.role != Role::Admin {
        let why = AccessRefusal::Rule("only an administrator may go on without a second person");
        let (target, items) = (Target::act("override a protection"), new.items());
        let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
        return Err(authorize::refuse_within(context, &mut turn.tx, acting, &asked, why));
    }
    if new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    let note = "an administrator went on without a second person";
    accept(context, turn, acting, new, Action::ProtectionOverridden, note).await
}

/// An invalidation of the same items that is due within the cool-down before this one is wanted, and no later: neither
/// does one that is put off answer somebody who wants it now, nor one of now somebody who wants it next month. A request
/// that waits for a second person answers nobody: it may never go.
async fn repeated(
    context: &CommandContext,
    turn: &mut Turn,
    new: &NewInvalidation,
    protection: &Protection,
) -> Result<Option<Invalidation>, StoreError> {
    if protection.cool_down.is_zero() {
        return Ok(None);
    }
    turn.write().await?;
    let now = context.clock.now();
    let wanted = new.not_before.map_or(now, |at| at.max(now));
    same_due(&mut turn.tx, &new.distribution, &new.items(), protection.cool_down, wanted, now).await
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
    turn: &mut Turn,
    acting: &Acting,
    new: &NewInvalidation,
    action: Action,
    note: &str,
) -> Result<Requested, CommandError> {
    let now = context.clock.now();
    let mut event = turn.accepted.add(acting, &acting.actor, new, action, now);
    note.clone_into(&mut event.note);
    keep(&mut turn.tx, new, IdempotentAnswer::Accepted(new.id.clone()), now).await?;
    audit::append(&mut turn.tx, event);
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
