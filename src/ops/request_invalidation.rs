//! Accepts a request: the invalidation, its batches with their final caller references, and the audit event.
//!
//! On a protected distribution a wide request first has to be confirmed, or waits as a proposal.

use crate::{
    domain::{
        access::{Access, Role},
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Target},
        id::{InvalidationId, ProposalId},
        idempotency::{Answer, Kept},
        invalidation::{Invalidation, InvalidationState, NewInvalidation},
        protection::{Confirmation, Guard, Protection, is_its_name, name_to_type},
        time::Timestamp,
    },
    store::{
        StoreError, Tx, audit, batches, distributions, idempotency, invalidations, proposals, protections,
    },
};

use super::{
    Desk, OpError,
    allow::{self, LastAsked, Refusal},
    hold_back::held_back,
    keep_to_bounds::check_room,
    propose::propose,
};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// It is on disk and will be sent.
    New(InvalidationId),
    /// The same form was sent before; nothing was added.
    Before(InvalidationId),
    /// The same form was sent before with something else in it; nothing was added.
    KeyUsedForAnother,
    /// The same items were requested a moment ago; nothing was added.
    HeldBack(InvalidationId),
    /// It is on disk and waits for a second person.
    Proposed(ProposalId),
    /// The distribution's protection asks for something more; nothing was added.
    Unmet(Unmet),
}

impl From<Answer> for Requested {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Accepted(id) => Self::Before(id),
            Answer::HeldBack(id) => Self::HeldBack(id),
            Answer::Proposed(id) => Self::Proposed(id),
        }
    }
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
    desk: &Desk,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, OpError> {
    if desk.db.is_shared() {
        alone(desk, acting, new).await
    } else {
        desk.counter.hand_in(desk, acting, new).await
    }
}

/// Writes it in a transaction of its own.
pub(super) async fn alone(desk: &Desk, acting: &Acting, new: &NewInvalidation) -> Result<Requested, OpError> {
    let mut tx = desk.db.begin().await?;
    match within(desk, &mut tx, acting, new, &mut LastAsked::default()).await {
        // On PostgreSQL another connection may have written the same key since we looked.
        Err(OpError::Store(StoreError::Duplicate(error))) => {
            let mut tx = desk.db.begin().await?;
            let answer = earlier(&mut tx, acting, new, desk.clock.now()).await?;
            Ok(answer.ok_or(StoreError::Duplicate(error))?)
        }
        Err(OpError::Store(error)) => Err(error.into()),
        // A refusal is kept too.
        answer => {
            desk.commit(tx).await?;
            answer
        }
    }
}

/// Writes it into a transaction that may do more. Whatever comes of it but an error of the store is to be committed.
pub(super) async fn within(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    last: &mut LastAsked,
) -> Result<Requested, OpError> {
    let what = Target::new("act", "invalidate");
    let access = allow::check_within(desk, tx, acting, &what, &new.distribution, &new.items(), last).await?;
    if let Some(answer) = earlier(tx, acting, new, desk.clock.now()).await? {
        return Ok(answer);
    }
    decide(desk, tx, acting, new, &access).await
}

/// The answer where the request key was used before.
async fn earlier(
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    now: Timestamp,
) -> Result<Option<Requested>, StoreError> {
    if !idempotency::is_used(tx, &new.request_key).await? {
        return Ok(None);
    }
    let sha256 = ItemsRecord::of(&new.items()).sha256;
    let key = &new.request_key;
    if let Some(kept) = idempotency::find(tx, key).await? {
        let same = new.fingerprint.as_ref() == Some(&kept.fingerprint);
        return Ok(Some(if same { kept.answer.into() } else { Requested::KeyUsedForAnother }));
    }
    if let Some(earlier) = invalidations::find_by_key(tx, key).await? {
        let same = earlier.distribution == new.distribution
            && earlier.actor_id == acting.actor.id
            && earlier.items_sha256 == sha256;
        return Ok(Some(if same { Requested::Before(earlier.id) } else { Requested::KeyUsedForAnother }));
    }
    let Some(earlier) = proposals::find_by_key(tx, key, now).await? else { return Ok(None) };
    let same = earlier.distribution == new.distribution
        && earlier.asked_by.id == acting.actor.id
        && ItemsRecord::of(&earlier.items).sha256 == sha256;
    Ok(Some(if same { Requested::Proposed(earlier.id) } else { Requested::KeyUsedForAnother }))
}

/// Does what the distribution's protection says.
async fn decide(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
) -> Result<Requested, OpError> {
    let protection = protections::hold(tx, &new.distribution).await?;
    if protection.reason_required && new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    if let Some(same) = repeated(desk, tx, new, &protection).await? {
        return held_back(desk, tx, acting, new, &same).await;
    }
    check_room(desk, tx, acting, new).await?;
    match protection.asks(&new.items()) {
        Guard::Open => accept(desk, tx, acting, new, Action::InvalidationRequested, "").await,
        Guard::TypedName => by_name(desk, tx, acting, new).await,
        Guard::SecondPerson if new.confirmation == Confirmation::Alone => {
            go_alone(desk, tx, acting, new, access).await
        }
        Guard::SecondPerson if new.not_before.is_some() => Ok(Requested::Unmet(Unmet::Now)),
        Guard::SecondPerson => propose(desk, tx, acting, new, access).await,
    }
}

/// Goes on where the distribution's name was typed.
async fn by_name(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, OpError> {
    let site = distributions::find(tx, &new.distribution).await?.ok_or(OpError::NotFound)?;
    match &new.confirmation {
        Confirmation::Typed(name) if is_its_name(name, &site) => {
            let note = format!("confirmed by typing {}", name.trim());
            accept(desk, tx, acting, new, Action::InvalidationRequested, &note).await
        }
        _ => Ok(Requested::Unmet(Unmet::Name(name_to_type(&site).to_owned()))),
    }
}

/// Lets an administrator with a reason go on without a second person.
async fn go_alone(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
) -> Result<Requested, OpError> {
    if access.role != Role::Admin {
        let why = Refusal::Rule("only an administrator may go on without a second person");
        let what = Target::new("act", "override a protection");
        return Err(allow::refuse_within(desk, tx, acting, &what, Some(&new.distribution), why).await?);
    }
    if new.reason.is_empty() {
        return Ok(Requested::Unmet(Unmet::Reason));
    }
    let note = "an administrator went on without a second person";
    accept(desk, tx, acting, new, Action::ProtectionOverridden, note).await
}

/// An invalidation of the same items that the cool-down has not let go of.
async fn repeated(
    desk: &Desk,
    tx: &mut Tx,
    new: &NewInvalidation,
    protection: &Protection,
) -> Result<Option<Invalidation>, StoreError> {
    if protection.cool_down.is_zero() {
        return Ok(None);
    }
    let since = desk.clock.now().minus(protection.cool_down);
    let sha256 = ItemsRecord::of(&new.items()).sha256;
    invalidations::same_since(tx, &new.distribution, &sha256, since).await
}

/// Queues it, and writes the one event that says so.
async fn accept(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    action: Action,
    note: &str,
) -> Result<Requested, OpError> {
    let now = desk.clock.now();
    let mut event = write(tx, acting, &acting.actor, new, action, now).await?;
    keep(tx, new, Answer::Accepted(new.id.clone()), now).await?;
    note.clone_into(&mut event.note);
    audit::append(tx, event).await?;
    Ok(Requested::New(new.id.clone()))
}

/// Keeps the answer of a request that has an idempotency key.
pub(super) async fn keep(
    tx: &mut Tx,
    new: &NewInvalidation,
    answer: Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(fingerprint) = new.fingerprint.clone() else { return Ok(()) };
    idempotency::insert(tx, &new.request_key, &Kept { fingerprint, answer }, now).await
}

/// Writes the rows of a request into a transaction that may do more, and gives its event.
pub(super) async fn write(
    tx: &mut Tx,
    acting: &Acting,
    requested_by: &Actor,
    new: &NewInvalidation,
    action: Action,
    now: Timestamp,
) -> Result<Event, OpError> {
    let items = new.items();
    let record = ItemsRecord::of(&items);
    let invalidation = Invalidation {
        id: new.id.clone(),
        distribution: new.distribution.clone(),
        requested_by: requested_by.clone(),
        requested_at: now,
        reason: new.reason.clone(),
        state: InvalidationState::Queued,
        item_count: items.len(),
        first_item: new.first_item.clone(),
        ended_at: None,
    };
    invalidations::insert(tx, &invalidation, Some(&new.request_key), &record.sha256).await?;
    for (index, batch) in new.batches.iter().enumerate() {
        batches::insert(tx, batch, &new.id, &new.distribution, index + 1, now).await?;
    }
    if let Some(due) = new.not_before.filter(|due| *due > now) {
        batches::set_due(tx, &new.id, due).await?;
    }
    let mut event = Event::new(now, acting, action);
    event.target = Target::new("invalidation", new.id.as_str());
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(new.id.clone());
    event.items = record;
    event.reason.clone_from(&new.reason);
    Ok(event)
}
