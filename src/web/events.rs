//! `GET /events`: tells open pages what has happened, so that they reload themselves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        audit::{self, Chained, visibility::Visibility},
        id::{DistributionId, InvalidationId},
    },
    http::{
        error::HttpError,
        event_stream::{Follower, Following, LIFE, StreamPermit, may_change_access},
        params::QueryParams,
        session::{self, Visitor},
        state::AppState,
    },
    store::{access, audit as history},
};

/// The largest number of missed events that a stream sends. A page that missed more starts at the end, because it
/// reloads as a whole anyway.
const TOO_OLD: i64 = 10_000;

#[derive(Debug, Deserialize)]
pub struct From {
    after: Option<i64>,
}

/// `GET /events`
pub async fn stream(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(from): QueryParams<From>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let Some(place) = app.streams.open(&visitor.person.id) else {
        return Err(HttpError::Unavailable("too many open streams".to_owned()));
    };
    let last_seen =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let Some(life) = session::let_in_for(&app, &visitor).await? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    let head = history::head(&mut *app.context.db.read().await?).await?;
    let cursor = match last_seen.or(from.after) {
        Some(cursor) if (head - TOO_OLD..=head).contains(&cursor) => cursor,
        _ => head,
    };
    let reader = Reader {
        follower: app.hub.follow(cursor),
        visitor,
        until: tokio::time::Instant::now() + LIFE.min(life),
        app: app.clone(),
        place,
    };
    let stop = app.stop.clone();
    let sse = Sse::new(messages(reader, stop)).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)));
    Ok(([("x-accel-buffering", "no")], sse).into_response())
}

/// One open stream.
struct Reader {
    follower: Follower,
    /// Who opened the stream. It ends when their session ends.
    visitor: Visitor,
    until: tokio::time::Instant,
    app: AppState,
    place: StreamPermit,
}

impl Reader {
    async fn next(&mut self) -> Option<Arc<Chained>> {
        loop {
            let Following::Event(event) = self.follower.next().await? else { continue };
            if event.event.action.may_end_sessions() && !self.is_let_in().await {
                return None;
            }
            if self.may_hear(&event.event).await? {
                return Some(event);
            }
        }
    }

    /// Whether the session is still valid. `false` if the database does not answer: the stream ends, and the
    /// browser reconnects.
    async fn is_let_in(&self) -> bool {
        session::is_let_in(&self.app, &self.visitor).await.unwrap_or(false)
    }

    /// Whether the visitor may see this event, by their current grants. `None` ends the stream, because the grants
    /// cannot be read or the person may not sign in any more.
    async fn may_hear(&mut self, event: &audit::Event) -> Option<bool> {
        let visitor = &mut self.visitor;
        // Grants can change while the stream is open, so a narrowed visitor's access is read for each event.
        if visitor.access.is_narrowed() || may_change_access(event.action) {
            let mut conn = self.app.context.db.read().await.ok()?;
            visitor.access = access::of_person(&mut conn, &visitor.person.id).await.ok()??;
        }
        let visibility = Visibility::of(&visitor.acting.actor, &visitor.access);
        Some(visibility.is_none_or(|visibility| visibility.admits(event)))
    }
}

fn messages(reader: Reader, stop: CancellationToken) -> impl Stream<Item = Result<Event, Infallible>> {
    let next = async |(mut reader, stop): (Reader, CancellationToken)| {
        let (until, ended) = (reader.until, reader.place.ended.clone());
        tokio::select! {
            event = reader.next() => event.map(|event| (Ok(message(&event)), (reader, stop))),
            () = stop.cancelled() => None,
            () = ended.cancelled() => None,
            () = tokio::time::sleep_until(until) => None,
        }
    };
    futures_util::stream::unfold((reader, stop), next)
}

/// What a page needs to know: what happened, to which object, and its new state. It contains no secrets.
fn message(chained: &Chained) -> Event {
    let event = &chained.event;
    let data = json!({
        "sequence": chained.sequence,
        "at": event.at.to_string(),
        "action": event.action.as_str(),
        "distribution": event.distribution.as_ref().map(DistributionId::as_str),
        "invalidation": event.invalidation.as_ref().map(InvalidationId::as_str),
        "state": event.new,
    });
    Event::default().event("audit").id(chained.sequence.to_string()).data(data.to_string())
}
