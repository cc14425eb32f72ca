//! `POST /invalidations/{id}/override-freeze`: lets a waiting request go during the freeze windows that hold it.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::{
        id::InvalidationId,
        invalidations::{
            freeze_window::{FreezeAnswer, MetFreezes},
            invalidation::{Batch, BatchState, Invalidation},
            item::Item,
        },
        time::Timestamp,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::{Conn, StoreError, distributions::protections, invalidations::freezes},
};

use super::super::{
    form::FormBody,
    view::{FreezeView, OverrideForm, When},
};

const WHAT: &str = "override a freeze window";

pub async fn override_freeze(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<OverrideForm>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    let Some(id) = InvalidationId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    // The button says that it overrides them.
    let answer = FreezeAnswer { overrides: true, ..form.answer() };
    let done = commands::override_freeze(&app.context, &visitor.acting, &id, answer).await;
    match visitor.keep(&app, WHAT, done).await {
        Err(CommandError::TooLate) => {
            Err(HttpError::TooLate("No freeze window blocks it now, so nothing was changed.".to_owned()))
        }
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}

/// A request whose time falls into a freeze window that was made later.
pub struct HeldView {
    pub freeze: FreezeView,
    /// The time that was chosen.
    pub chosen: When,
    pub chosen_words: String,
    /// Whether that time has come, so that it was put off.
    pub is_put_off: bool,
}

/// The freeze windows of an invalidation: those that hold it while it waits, and those that would hold what is sent again
/// now.
pub struct Freezes {
    pub held: Option<HeldView>,
    pub again: Option<FreezeView>,
}

impl Freezes {
    pub async fn read(
        conn: &mut Conn,
        found: &Invalidation,
        batches: &[Batch],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let any = |state: BatchState| batches.iter().any(|batch| batch.state == state && !batch.is_cut());
        let held = if any(BatchState::Queued) { held(conn, found, now).await? } else { None };
        let may_be_sent_again = any(BatchState::Failed) || any(BatchState::NeedsALook);
        let again = if may_be_sent_again { met_again(conn, found, batches, now).await? } else { None };
        Ok(Self { held, again: again.map(|met| FreezeView::new(&met, now)) })
    }
}

async fn held(conn: &mut Conn, found: &Invalidation, now: Timestamp) -> Result<Option<HeldView>, StoreError> {
    let Some(waiting) = freezes::waiting_of(conn, &found.id).await? else { return Ok(None) };
    let met = commands::met_by_waiting(conn, &waiting).await?;
    Ok(met.map(|met| HeldView {
        freeze: FreezeView::new(&met, now),
        chosen: When::new(waiting.chosen, now),
        chosen_words: format!("{} UTC", waiting.chosen.to_the_minute()),
        is_put_off: waiting.put_off_until.is_some(),
    }))
}

/// The freeze windows that would hold what was refused, or needs a look, if it were sent again now.
async fn met_again(
    conn: &mut Conn,
    found: &Invalidation,
    batches: &[Batch],
    now: Timestamp,
) -> Result<Option<MetFreezes>, StoreError> {
    let unsent = |batch: &&Batch| {
        matches!(batch.state, BatchState::Failed | BatchState::NeedsALook) && !batch.is_cut()
    };
    let items: Vec<Item> = batches.iter().filter(unsent).flat_map(|batch| batch.items.clone()).collect();
    let protection = protections::find(conn, &found.distribution).await?;
    let Some(met) = commands::met_freezes(conn, &items, &protection, now).await? else { return Ok(None) };
    Ok(met.without(&freezes::overridden(conn, &found.id).await?))
}
