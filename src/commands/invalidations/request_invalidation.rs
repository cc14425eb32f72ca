//! Accepts a request: the invalidation, its batches with their final caller references, and the audit event.
//!
//! On a protected distribution a wide request first has to be confirmed, or waits as a proposal.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
    },
    domain::{
        access::{Access, Role},
        actor::Acting,
        audit::{Action, Target},
        distributions::protection::{Confirmation, Guard, is_its_name, name_to_type},
        invalidations::{
            freeze_window::FreezeAnswer, idempotency::IdempotentAnswer, invalidation::NewInvalidation,
        },
    },
    store::{
        StoreError, Tx, audit, distributions,
        invalidations::preconditions::{self, Asking, Preconditions},
    },
};

use super::{
    accepted, cooldown, earlier_request,
    freezes::{self, FreezeCheck},
    monthly_budgets::{self, Charge},
    propose::propose,
    quotas::check_room,
    request_again::again,
    requested::{Requested, Unmet},
};

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
pub(super) async fn within(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, CommandError> {
    let (target, items) = (Target::act("invalidate"), new.items());
    let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    let asking = authorize::asking(acting);
    let before = preconditions::hold(tx, asking, &new.distribution, &new.request_key).await?;
    let access = match (asking, &before.token) {
        (Asking::Person(..), _) => before.access.clone(),
        (Asking::Token(_), Some(token)) => Some(authorize::of_token(tx, token, context.clock.now()).await?),
        (Asking::Token(_) | Asking::Other, _) => {
            Some(authorize::of(tx, &acting.actor, context.clock.now()).await?)
        }
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
    decide(context, tx, acting, new, &access, &before).await
}

/// Does what the distribution's protection says.
async fn decide(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
    before: &Preconditions,
) -> Result<Requested, CommandError> {
    let protection = &before.protection;
    if before.tenant_only {
        let (target, items) = (Target::act("invalidate"), new.items());
        let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
        return Err(authorize::refuse_within(context, tx, acting, &asked, authorize::TENANT_ONLY));
    }
    if protection.reason_required && new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    if let Some(same) = cooldown::repeated(context, tx, new, protection).await? {
        return cooldown::held_back(context, tx, acting, new, &same).await;
    }
    check_room(context, tx, acting, new).await?;
    match protection.asks(&new.items()) {
        Guard::Open => accept(context, tx, acting, new, before, (Action::InvalidationRequested, "")).await,
        Guard::TypedName => by_name(context, tx, acting, new, before).await,
        Guard::SecondPerson if new.confirmation == Confirmation::Alone => {
            go_alone(context, tx, acting, new, access, before).await
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
    before: &Preconditions,
) -> Result<Requested, CommandError> {
    let distribution = distributions::find(tx, &new.distribution).await?.ok_or(CommandError::NotFound)?;
    match &new.confirmation {
        Confirmation::Typed(name) if is_its_name(name, &distribution) => {
            let note = format!("confirmed by typing {}", name.trim());
            accept(context, tx, acting, new, before, (Action::InvalidationRequested, &note)).await
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
    before: &Preconditions,
) -> Result<Requested, CommandError> {
    if access.role != Role::Admin {
        let why = AccessRefusal::Rule("only an administrator may skip the approval");
        let (target, items) = (Target::act("override a protection"), new.items());
        let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
        return Err(authorize::refuse_within(context, tx, acting, &asked, why));
    }
    if new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    let note = "an administrator skipped the approval";
    accept(context, tx, acting, new, before, (Action::ProtectionOverridden, note)).await
}

/// Queues it, and writes the one event that says so.
async fn accept(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    before: &Preconditions,
    what: (Action, &str),
) -> Result<Requested, CommandError> {
    let now = context.clock.now();
    let (target, items) = (Target::act("invalidate"), new.items());
    let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    let check = FreezeCheck {
        items: &items,
        protection: &before.protection,
        sent_at: new.not_before.map_or(now, |at| at.max(now)),
        answer: FreezeAnswer { overrides: new.override_freeze, reason: &new.reason },
        overridden: &[],
    };
    let freezes = freezes::hold(context, tx, acting, &asked, check).await?;
    let within = if let Some(within) = monthly_budgets::none_is_set(before) {
        within
    } else {
        let charge = Charge::of(new, &acting.actor, now);
        monthly_budgets::hold(context, tx, acting, &asked, charge).await?
    };
    let event = accepted::queue(tx, (within, freezes), acting, &acting.actor, new, what, now).await?;
    earlier_request::keep(tx, new, IdempotentAnswer::Accepted(new.id.clone()), now).await?;
    audit::append(tx, event);
    Ok(Requested::New(new.id.clone(), now))
}
