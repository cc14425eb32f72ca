//! The history: every audit event, newest first, a page at a time.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{
        audit::{self as event, Action, Chained, Outcome},
        distribution::Distribution,
        time::Timestamp,
    },
    store::audit,
};

use super::{
    auth::Visitor,
    error::WebError,
    form::Asked,
    state::Web,
    view::{self, Frame, Tab, When},
};

/// Events on a page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "history/page.html")]
struct Page {
    frame: Frame,
    /// How many events there are; not said to those who see only some.
    head: Option<i64>,
    newest: bool,
    events: Vec<EventRow>,
    older: Option<i64>,
}

/// An event as a row.
struct EventRow {
    sequence: i64,
    when: When,
    who: String,
    quiet: bool,
    action: &'static str,
    place: String,
    items: String,
    note: String,
    reason: String,
    link: Option<String>,
    outcome: &'static str,
    state: &'static str,
    /// A protection was overridden: this must not be overlooked.
    stands_out: bool,
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// Only events before this one.
    before: Option<i64>,
}

/// `GET /history`
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.clock.now();
    let mut conn = web.desk.db.read().await?;
    let frame = view::frame(&mut conn, &web, &visitor, Tab::History, "History", "/history").await?;
    let head = audit::head(&mut conn).await?;
    let events =
        audit::before_seen_by(&mut conn, &visitor.access, wanted.before.unwrap_or(i64::MAX), PAGE).await?;
    let sites = view::sites(&mut conn, &visitor).await?;
    drop(conn);
    let older = events.last().map(|last| last.sequence).filter(|last| *last > 1);
    view::page(&Page {
        frame,
        head: (!visitor.access.is_narrowed()).then_some(head),
        newest: wanted.before.is_none(),
        events: events.iter().map(|chained| row(chained, &sites, now)).collect(),
        older,
    })
}

fn row(chained: &Chained, sites: &[Distribution], now: Timestamp) -> EventRow {
    let event = &chained.event;
    let place = event.distribution.as_ref();
    let place = place.map(|id| {
        sites.iter().find(|site| site.id == *id).map_or_else(|| id.to_string(), |site| site.name().to_owned())
    });
    let (outcome, state) = match event.outcome {
        Outcome::Done => ("Done", "completed"),
        Outcome::Refused => ("Refused", "failed"),
        Outcome::Failed => ("Not yet", "needs_a_look"),
    };
    EventRow {
        sequence: chained.sequence,
        when: When::new(event.at, now),
        who: event.acting.actor.name.clone(),
        quiet: event::is_by_service(event),
        action: event.action.words(),
        items: items(event),
        note: note(event, place.as_deref()),
        place: place.unwrap_or_default(),
        reason: event.reason.clone(),
        link: event.invalidation.as_ref().map(|id| format!("/invalidations/{id}")),
        outcome,
        state,
        stands_out: event.action == Action::ProtectionOverridden,
    }
}

fn items(event: &event::Event) -> String {
    match (event.items.shown.first(), event.items.count) {
        (_, 0) => String::new(),
        (Some(first), 1) => first.to_string(),
        (Some(first), count) => format!("{first} and {} more", count - 1),
        (None, count) => format!("{count} items"),
    }
}

/// What there is to say beside items and reason: the note, what changed, where it came from.
fn note(event: &event::Event, place: Option<&str>) -> String {
    let from = &event.acting.origin.client_address;
    let change = match (event.old.as_str(), event.new.as_str()) {
        (_, "") => String::new(),
        ("", new) => new.replace('_', " "),
        (old, new) => format!("{old} → {}", new.replace('_', " ")),
    };
    let from = if from.is_empty() { String::new() } else { format!("from {from}") };
    let said = if place == Some(event.note.as_str()) { "" } else { event.note.as_str() };
    let parts = [said, event.cloudfront_id.as_str(), change.as_str(), from.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
