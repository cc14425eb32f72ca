//! `GET /api/v1/events`: the history as it is written, as server-sent events that a client can resume.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use tokio::time::Instant;

use crate::{
    domain::audit::{Chained, visibility::Visibility},
    http::{
        caller::Caller,
        event_stream::{Follower, Following, LIFE, may_change_access},
        problem::Fault,
    },
    store::audit as history,
};

use super::{
    audit::EventShape,
    error::ApiError,
    query::{Params, whole},
    state::Api,
    wait_limit::WaitPermit,
};

/// How long the caller's access may be reused without reading it again. A token can expire at any time, and no
/// event tells so.
const CERTAIN: Duration = Duration::from_millis(500);

/// Follow the history
///
/// Server-sent events: each has the sequence of the audit event as its `id`, `audit` as its `event`, and an
/// `AuditEvent` as its `data`. With the header `Last-Event-ID`, or `after`, it goes on after that event and misses
/// nothing; else it begins now. It ends when the token is revoked or over, and after an hour. One token or person may have 10
/// open at once; more is answered with 429.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "followEvents", tag = "History",
    params(
        ("after" = Option<i64>, Query, minimum = 0, description = "The sequence of the last event that is known"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as clients of server-sent events send it"),
    ),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn stream(
    State(api): State<Api>,
    caller: Caller,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = "the sequence of an event";
    let after = params.read("after", wanted, whole::<i64>);
    params.end()?;
    let last = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(whole::<i64>));
    if last == Some(None) {
        return Err(ApiError::invalid(vec![Fault::new("last-event-id", format!("has to be {wanted}."))]));
    }
    let place = api.streams.acquire(&caller.acting.actor)?;
    let head = history::head(&mut *api.context.db.read().await?).await?;
    let cursor = last.flatten().or(after).map_or(head, |cursor| cursor.min(head));
    let reader = Reader {
        follower: api.app.hub.follow(cursor),
        opened_at: head,
        visibility: Visibility::of(&caller.acting.actor, &caller.access),
        looked_at: Instant::now(),
        until: Instant::now() + LIFE,
        caller,
        api,
        _place: place,
    };
    let messages = futures_util::stream::unfold(reader, async |mut reader| {
        let message = reader.next().await?;
        Some((Ok::<_, Infallible>(message), reader))
    });
    let sse = Sse::new(messages).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(([("x-accel-buffering", "no")], sse).into_response())
}

/// One open stream.
struct Reader {
    follower: Follower,
    /// The sequence number of the last event when the stream was opened.
    opened_at: i64,
    visibility: Option<Visibility>,
    /// When the caller's access was last read.
    looked_at: Instant,
    until: Instant,
    caller: Caller,
    api: Api,
    _place: WaitPermit,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        let (until, stop) = (self.until, self.api.stop.clone());
        tokio::select! {
            message = self.next_message() => message,
            () = tokio::time::sleep_until(until) => None,
            () = stop.cancelled() => None,
        }
    }

    async fn next_message(&mut self) -> Option<Event> {
        loop {
            match self.follower.next().await? {
                Following::Idle => self.look_again().await?,
                Following::Event(event) => {
                    if self.may_have_ended_it(&event) {
                        return None;
                    }
                    // An event that may change the access is checked with the access after it.
                    if may_change_access(event.event.action) || self.looked_at.elapsed() > CERTAIN {
                        self.look_again().await?;
                    }
                    if self.may_hear(&event) {
                        return message(&event);
                    }
                }
            }
        }
    }

    /// Whether this event may have ended the caller's session. The stream then ends; a client whose session is
    /// still valid reconnects and resumes. Events before the stream was opened do not count, because the session
    /// was checked then.
    fn may_have_ended_it(&self, event: &Chained) -> bool {
        self.caller.is_by_session()
            && event.sequence > self.opened_at
            && event.event.action.may_end_sessions()
    }

    /// Reads the caller's access again. `None` ends the stream: the caller is not authenticated any more, or the
    /// access cannot be read.
    async fn look_again(&mut self) -> Option<()> {
        let access = self.caller.access_now(&self.api.app).await.ok()??;
        self.visibility = Visibility::of(&self.caller.acting.actor, &access);
        self.looked_at = Instant::now();
        Some(())
    }

    /// Whether the caller may see this event, by the access that was last read.
    fn may_hear(&self, event: &Chained) -> bool {
        self.visibility.as_ref().is_none_or(|visibility| visibility.admits(&event.event))
    }
}

fn message(event: &Chained) -> Option<Event> {
    let data = serde_json::to_string(&EventShape::new(event)).ok()?;
    Some(Event::default().event("audit").id(event.sequence.to_string()).data(data))
}
