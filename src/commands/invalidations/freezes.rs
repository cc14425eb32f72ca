//! Holds wide requests to the freeze windows, and reads what the pages and the API say of them.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
    },
    domain::{
        access::Access,
        actor::Acting,
        audit::Event,
        distributions::protection::Protection,
        id::{FreezeId, InvalidationId},
        invalidations::{
            freeze_window::{
                FreezeAnswer, FreezeRefusal, FreezeWindow, LISTED_AFTER_END, MetFreezes, met_by,
            },
            invalidation::Invalidation,
            item::Item,
        },
        time::Timestamp,
    },
    store::{
        Conn, StoreError, Tx,
        distributions::protections,
        invalidations::{
            batches,
            freezes::{self, WaitingRequest},
        },
    },
};

/// The most waiting requests that are looked at for the freeze windows that they meet.
const WAITING_MAX: usize = 50;

/// Proof that a request meets no freeze window or overrides those that it meets, in the transaction that accepts it. Only
/// [`hold`] makes one.
#[derive(Debug)]
pub(in crate::commands) struct FreezeClearance {
    overridden: Option<MetFreezes>,
}

/// What is sent, when, and what was said about freeze windows.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct FreezeCheck<'a> {
    pub items: &'a [Item],
    /// Of the distribution. It says what is wide.
    pub protection: &'a Protection,
    pub sent_at: Timestamp,
    pub answer: FreezeAnswer<'a>,
    /// The windows that the same request overrode before.
    pub overridden: &'a [FreezeId],
}

/// Goes on where no freeze window is met, or where all are overridden with a reason. Otherwise the refusal is recorded, and
/// the caller has to commit.
pub(in crate::commands) async fn hold(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    check: FreezeCheck<'_>,
) -> Result<FreezeClearance, CommandError> {
    let met = met_freezes(tx, check.items, check.protection, check.sent_at).await?;
    let Some(met) = met.and_then(|met| met.without(check.overridden)) else {
        return Ok(FreezeClearance { overridden: None });
    };
    match met.lacks(check.answer) {
        None => Ok(FreezeClearance { overridden: Some(met) }),
        Some(lacks) => {
            let why = AccessRefusal::Frozen(FreezeRefusal { met, lacks });
            Err(authorize::refuse_within(context, tx, acting, asked, why))
        }
    }
}

/// Holds what waits or is sent again to the freeze windows of the time at which it is sent, and keeps which ones it
/// overrides. Those that the same request overrode before need no further answer.
pub(in crate::commands) async fn clear_again(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    found: &Invalidation,
    (sent_at, answer): (Timestamp, FreezeAnswer<'_>),
) -> Result<FreezeClearance, CommandError> {
    let protection = protections::find(tx, &found.distribution).await?;
    let overridden = freezes::overridden(tx, &found.id).await?;
    let check =
        FreezeCheck { items: asked.items, protection: &protection, sent_at, answer, overridden: &overridden };
    let clearance = hold(context, tx, acting, asked, check).await?;
    clearance.keep(tx, &found.id, &overridden).await?;
    Ok(clearance)
}

/// The freeze windows that these items meet if they are sent at this time. It only reads, and nothing for a request that is
/// not wide.
pub async fn met_freezes(
    conn: &mut Conn,
    items: &[Item],
    protection: &Protection,
    at: Timestamp,
) -> Result<Option<MetFreezes>, StoreError> {
    if !protection.is_wide(items) {
        return Ok(None);
    }
    Ok(met_by(freezes::in_force(conn, at).await?, items, protection, at))
}

impl FreezeClearance {
    /// Writes which windows the request overrode, besides those that it overrode before.
    pub(super) async fn keep(
        &self,
        tx: &mut Tx,
        id: &InvalidationId,
        before: &[FreezeId],
    ) -> Result<(), StoreError> {
        let Some(met) = &self.overridden else { return Ok(()) };
        let all: Vec<FreezeId> = before.iter().cloned().chain(met.ids()).collect();
        freezes::set_overridden(tx, id, &all).await
    }

    pub(super) const fn is_override(&self) -> bool {
        self.overridden.is_some()
    }

    /// Writes the note into an event, with the windows that were overridden and the reason for that.
    pub(super) fn note_in(&self, event: &mut Event, note: &str, answer: FreezeAnswer<'_>) {
        event.note = self.noted(note);
        if self.is_override() {
            answer.reason.trim().clone_into(&mut event.reason);
        }
    }

    /// The note of an event, with the windows that were overridden.
    pub(super) fn noted(&self, note: &str) -> String {
        match (&self.overridden, note) {
            (None, note) => note.to_owned(),
            (Some(met), "") => met.overridden(),
            (Some(met), note) => format!("{note}; {}", met.overridden()),
        }
    }
}

/// A freeze window as somebody may see it, with the waiting requests that it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeSeen {
    pub window: FreezeWindow,
    pub waiting: Vec<WaitingRequest>,
}

/// The freeze windows that somebody may look at, with those that ended lately: each that is for a distribution that they
/// see. Distributions that they do not see are left out. It only reads.
pub async fn freezes_seen(
    context: &CommandContext,
    conn: &mut Conn,
    access: &Access,
) -> Result<Vec<FreezeSeen>, StoreError> {
    let now = context.clock.now();
    let windows = freezes::ending_after(conn, now.minus(LISTED_AFTER_END)).await?;
    let windows: Vec<FreezeWindow> = windows.into_iter().filter_map(|window| window.seen(access)).collect();
    if windows.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen: Vec<FreezeSeen> =
        windows.into_iter().map(|window| FreezeSeen { window, waiting: Vec::new() }).collect();
    for (request, met) in waiting_and_met(conn, access).await? {
        for one in seen.iter_mut().filter(|one| met.ids().contains(&one.window.id)) {
            one.waiting.push(request.clone());
        }
    }
    Ok(seen)
}

/// The requests that wait for a time that somebody chose and then meet a freeze window that they did not override.
async fn waiting_and_met(
    conn: &mut Conn,
    access: &Access,
) -> Result<Vec<(WaitingRequest, MetFreezes)>, StoreError> {
    let mut found = Vec::new();
    for request in freezes::waiting(conn, WAITING_MAX).await? {
        if !access.sees(&request.distribution) {
            continue;
        }
        if let Some(met) = met_by_waiting(conn, &request).await? {
            found.push((request, met));
        }
    }
    Ok(found)
}

/// The freeze windows that a waiting request meets and did not override. It only reads.
pub async fn met_by_waiting(
    conn: &mut Conn,
    request: &WaitingRequest,
) -> Result<Option<MetFreezes>, StoreError> {
    let protection = protections::find(conn, &request.distribution).await?;
    let items = batches::items_of(conn, &request.invalidation).await?;
    let Some(met) = met_freezes(conn, &items, &protection, request.chosen).await? else { return Ok(None) };
    Ok(met.without(&freezes::overridden(conn, &request.invalidation).await?))
}
