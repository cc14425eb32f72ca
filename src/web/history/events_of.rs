//! `GET /invalidations/{id}/events`: the first events of an invalidation, for its entry in the history.

use askama::Template;
use axum::{extract::State, response::Html};

use crate::{
    domain::id::InvalidationId,
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::audit,
};

use super::{
    super::view,
    row::{EventRow, HistoryRowContext, row},
    visibility,
};

/// The number of events that an entry shows. The page of the invalidation has all.
const EVENTS: usize = 12;

#[derive(Template)]
#[template(path = "history/events_of.html")]
struct EventList {
    id: InvalidationId,
    rows: Vec<EventRow>,
    /// Whether there may be more events than are shown.
    has_more: bool,
}

pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    let id = InvalidationId::parse(&id).ok_or(HttpError::NotFound)?;
    let mut conn = app.context.db.read().await?;
    let mut events = audit::of_invalidation(&mut conn, &id, EVENTS).await?;
    let has_more = events.len() == EVENTS;
    let visibility = visibility(&visitor);
    events.retain(|chained| visibility.as_ref().is_none_or(|visibility| visibility.admits(&chained.event)));
    if events.is_empty() {
        return Err(HttpError::NotFound);
    }
    let place = events.first().and_then(|chained| chained.event.distribution.as_ref());
    let distributions = view::distributions_of(&mut conn, &visitor, place).await?;
    drop(conn);
    let around = HistoryRowContext {
        distributions: &distributions,
        search: None,
        tickets: app.options.tickets.as_ref(),
        now: app.context.clock.now(),
    };
    let rows = events.iter().map(|chained| row(chained, &around)).collect();
    view::page(&EventList { id, rows, has_more })
}
