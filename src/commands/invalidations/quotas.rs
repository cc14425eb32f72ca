//! Refuses what is more than one actor may ask for, or than the queue may hold.
//!
//! Where one process writes (SQLite), it keeps count of what it let through since it last asked the database. That is
//! never less than the truth, so the database is asked again only where the count says that there is no room. Whatever
//! else queues has it [forgotten](Tally::forget) within its transaction.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
        distributions::look_around::spent,
    },
    domain::{
        actor::{Acting, Actor},
        audit::Target,
        invalidations::{
            invalidation::NewInvalidation,
            quotas::{PROPOSALS, QUEUE, QuotaUsage, Quotas},
        },
    },
    store::{
        Tx,
        invalidations::{batches, proposals},
    },
};

use super::turn::Turn;

/// So many actors are counted at the most.
const ACTORS: usize = 10_000;

/// The count. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(in crate::commands) struct Tally(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// Batches that wait; nothing before the database was asked.
    waiting: Option<usize>,
    /// Items of a day, by actor.
    spent: HashMap<String, u64>,
}

/// What a request takes of the room that there is.
#[derive(Debug, Clone, Copy)]
struct Share<'a> {
    actor: &'a Actor,
    items: usize,
    batches: usize,
}

impl Tally {
    /// Is there room by the count? Then it is taken.
    fn take(&self, quotas: Quotas, share: Share<'_>) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(waiting), Some(spent)) = (counts.waiting, counts.spent.get(&name(share.actor))) else {
            return false;
        };
        let spent = QuotaUsage { items: *spent, since: None };
        let fits = waiting + share.batches <= QUEUE && quotas.refusal(share.items, spent).is_none();
        if fits {
            counts.set(share, waiting, spent.items);
        }
        fits
    }

    /// The next request asks the database.
    pub(in crate::commands) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }

    /// Counts on from what the database says.
    fn set(&self, share: Share<'_>, waiting: usize, spent: QuotaUsage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).set(share, waiting, spent.items);
    }
}

impl Counts {
    fn set(&mut self, share: Share<'_>, waiting: usize, spent: u64) {
        if self.spent.len() >= ACTORS {
            self.spent.clear();
        }
        self.waiting = Some(waiting + share.batches);
        let items = u64::try_from(share.items).unwrap_or(u64::MAX);
        self.spent.insert(name(share.actor), spent.saturating_add(items));
    }
}

fn name(actor: &Actor) -> String {
    format!("{} {}", actor.kind().as_str(), actor.id())
}

/// Goes on where there is room for the request: in the actor's day, and in the queue.
pub(in crate::commands) async fn check_room(
    context: &CommandContext,
    turn: &mut Turn,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<(), CommandError> {
    let share = Share { actor: &acting.actor, items: new.item_count(), batches: new.batches.len() };
    if !context.db.is_shared() && context.tally.take(context.quotas, share) {
        return Ok(());
    }
    turn.write().await?;
    let tx = &mut turn.tx;
    let spent = spent(context, tx, &acting.actor).await?;
    let waiting = batches::waiting(tx, QUEUE).await?;
    let why = hindrance(context.quotas, share, spent, waiting);
    if why.is_none() {
        context.tally.set(share, waiting, spent);
    }
    refuse(context, tx, acting, new, why)
}

fn hindrance(quotas: Quotas, share: Share<'_>, spent: QuotaUsage, waiting: usize) -> Option<String> {
    let full = || format!("{QUEUE} batches wait to be sent already; wait until some are");
    quotas.refusal(share.items, spent).or_else(|| (waiting + share.batches > QUEUE).then(full))
}

/// Goes on where there is room for what was refused before and is tried again: `more` items that the day does not count
/// yet, and these batches.
pub(in crate::commands) async fn check_retry(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    more: usize,
    queued: usize,
) -> Result<(), CommandError> {
    let share = Share { actor: &acting.actor, items: more, batches: queued };
    let spent = spent(context, tx, &acting.actor).await?;
    let waiting = batches::waiting(tx, QUEUE).await?;
    match hindrance(context.quotas, share, spent, waiting) {
        Some(why) => Err(authorize::refuse_within(context, tx, acting, asked, AccessRefusal::Bound(why))),
        None => Ok(()),
    }
}

/// Goes on where the actor may have one more request that waits for a second person.
pub(in crate::commands) async fn check_proposals(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<(), CommandError> {
    let waiting = proposals::waiting_of(tx, &acting.actor, context.clock.now()).await?;
    let why = (waiting >= PROPOSALS).then(|| {
        format!("{PROPOSALS} requests of yours wait for approval already; wait until some are decided")
    });
    refuse(context, tx, acting, new, why)
}

fn refuse(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    why: Option<String>,
) -> Result<(), CommandError> {
    let Some(why) = why else { return Ok(()) };
    let (target, items) = (Target::act("invalidate"), new.items());
    let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    Err(authorize::refuse_within(context, tx, acting, &asked, AccessRefusal::Bound(why)))
}
