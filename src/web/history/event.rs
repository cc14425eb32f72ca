//! `GET /history/{sequence}`: one event with all its facts, its hash and its neighbours.

use askama::Template;
use axum::{extract::State, response::Html};

use crate::{
    domain::{
        audit::{Action, Chained, Event, VERSION},
        invalidations::{
            item::Item,
            ticket::{Piece, pieces},
        },
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::{Conn, StoreError, audit},
};

use super::{
    super::view::{self, Frame, Tab},
    row, visibility,
};

#[derive(Template)]
#[template(path = "history/event.html")]
struct Page {
    frame: Frame,
    sequence: i64,
    action: &'static str,
    outcome: &'static str,
    state: &'static str,
    at: String,
    reason: Vec<Piece>,
    place: String,
    distribution: Option<String>,
    invalidation: Option<String>,
    /// Who made the invalidation outside, and the sequence number of the event that says so.
    maker: Option<(String, i64)>,
    items: Vec<String>,
    items_count: usize,
    /// Where the items are that this page does not list.
    items_elsewhere: &'static str,
    items_sha256: String,
    facts: Vec<(&'static str, String)>,
    form: String,
    hash: String,
    intact: bool,
    previous_hash: String,
    before: Option<i64>,
    after: Option<i64>,
}

pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(sequence): PathParams<i64>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let found = audit::find(&mut conn, sequence).await?;
    let seen =
        found.filter(|found| visibility(&visitor).is_none_or(|visibility| visibility.admits(&found.event)));
    let Some(chained) = seen else { return Err(HttpError::NotFound) };
    let address = format!("/history/{sequence}");
    let title = format!("Event {sequence}");
    let frame = view::frame(&mut conn, &app, &visitor, Tab::History, &title, &address).await?;
    let place = chained.event.distribution.as_ref();
    let distributions = view::distributions_of(&mut conn, &visitor, place).await?;
    let head = audit::head(&mut conn).await?;
    let first = audit::first_sequence(&mut conn).await?;
    let maker = maker(&mut conn, &chained.event).await?;
    let recorded = audit::items_as_recorded(&mut conn, &chained.event).await?.is_some();
    drop(conn);
    // A visitor who sees only some events gets no links to the neighbours, which would show that there are others.
    let whole = !visitor.access.is_narrowed();
    let event = &chained.event;
    let (outcome, state) = row::outcome(event.outcome);
    view::page(&Page {
        frame,
        sequence,
        action: event.action.label(),
        outcome,
        state,
        at: event.at.to_string(),
        reason: pieces(app.options.tickets.as_ref(), &event.reason),
        place: row::place(event, &distributions),
        distribution: event.distribution.as_ref().map(ToString::to_string),
        invalidation: event.invalidation.as_ref().map(ToString::to_string),
        maker,
        items: event.items.shown.iter().map(Item::to_string).collect(),
        items_count: event.items.count,
        items_elsewhere: elsewhere(event, recorded),
        items_sha256: event.items.sha256.clone(),
        facts: facts(&chained),
        intact: chained.is_intact(),
        form: chained.form,
        before: Some(sequence - 1).filter(|before| whole && *before >= first),
        after: Some(sequence + 1).filter(|after| whole && *after <= head),
        previous_hash: chained.previous_hash,
        hash: chained.hash,
    })
}

/// Says where the items are, if the event has too many to hold them.
const fn elsewhere(event: &Event, recorded: bool) -> &'static str {
    match (event.items.shown.len(), event.items.count, &event.invalidation) {
        (shown, count, _) if shown == count => "",
        (0, ..) if !recorded => {
            "and the list is not in the database any more as it was recorded: it was changed or removed"
        }
        (0, _, Some(_)) => "listed with the invalidation",
        (0, _, None) => "listed with the request for approval",
        _ => "of which the first are",
    }
}

/// Who made an invalidation that was seen outside, and the event that says so. `None` until CloudTrail has told.
async fn maker(conn: &mut Conn, event: &Event) -> Result<Option<(String, i64)>, StoreError> {
    match &event.invalidation {
        Some(id) if event.action == Action::InvalidationSeen => audit::maker(conn, id).await,
        _ => Ok(None),
    }
}

/// All other facts of the event that are not empty.
fn facts(chained: &Chained) -> Vec<(&'static str, String)> {
    let event = &chained.event;
    let (actor, origin) = (&event.acting.actor, &event.acting.origin);
    let all = [
        ("Who", actor.name().to_owned()),
        ("Kind of actor", actor.kind().as_str().to_owned()),
        ("Actor's ID", actor.id().to_owned()),
        ("Signed in by", origin.sign_in.clone()),
        ("Session or token", origin.session.clone()),
        ("Client address", origin.client_address.clone()),
        ("Request ID", origin.request_id.clone()),
        ("Target", [event.target.kind(), event.target.id()].join(" ").trim().to_owned()),
        (
            "Requested by",
            event.requested_by.as_ref().map(|actor| actor.name().to_owned()).unwrap_or_default(),
        ),
        ("Made at", event.done_at.map(|at| at.to_string()).unwrap_or_default()),
        ("Run", origin.via.run_url.clone()),
        ("Idempotency key", origin.via.idempotency_key.clone()),
        ("Note", event.note.clone()),
        ("Before", event.old.clone()),
        ("After", event.new.clone()),
        ("CloudFront's ID", event.cloudfront_id.clone()),
        ("AWS request ID", event.aws_request_id.clone()),
        ("Form", format!("version {VERSION}, action {}", event.action.as_str())),
    ];
    all.into_iter().filter(|(_, fact)| !fact.is_empty()).collect()
}
