//! `GET /api/v1/events`: the history as it is written, as server-sent events that can be resumed.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

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
    notify::Listener,
    store::audit as history,
};

use super::{
    audit::EventShape,
    caller::Caller,
    problem::{ApiError, Fault},
    query::{Params, whole},
    state::Api,
    wait_limit::WaitPermit,
};

/// So many events are read at once.
const PAGE: usize = 100;
/// How long a stream lasts; whoever reads it comes back with the last ID.
const LIFE: Duration = Duration::from_hours(1);
/// What another replica wrote is seen by then, and a token that is revoked or over.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// What is written within this time is read together, so that many streams do not read at each commit.
const TOGETHER: Duration = Duration::from_millis(100);

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
    let notifier = api.context.notifier.listen();
    let head = history::head(&mut *api.context.db.read().await?).await?;
    let reader = Reader {
        cursor: last.flatten().or(after).map_or(head, |cursor| cursor.min(head)),
        opened_at: head,
        visibility: Visibility::of(&caller.acting.actor, &caller.access),
        waiting: VecDeque::new(),
        until: Instant::now() + LIFE,
        notifier,
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
    cursor: i64,
    /// The last event when the stream began.
    opened_at: i64,
    visibility: Option<Visibility>,
    waiting: VecDeque<Chained>,
    until: Instant,
    notifier: Listener,
    caller: Caller,
    api: Api,
    _place: WaitPermit,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(event) = self.waiting.pop_front() {
                self.cursor = event.sequence;
                if self.may_have_ended_it(&event) {
                    return None;
                }
                if self.may_hear(&event) {
                    return message(&event);
                }
            }
            self.read_on().await?;
            if self.waiting.is_empty() {
                self.wait().await?;
            }
        }
    }

    /// May the session that let them in have ended with this? Whose has not comes back and goes on. What is older than
    /// the stream was looked at by the door.
    fn may_have_ended_it(&self, event: &Chained) -> bool {
        let by_session = self.caller.acting.origin.sign_in != "token";
        by_session && event.sequence > self.opened_at && event.event.action.may_end_sessions()
    }

    /// Looks again what the caller may see, and reads what is new. Ends the stream where either cannot be.
    async fn read_on(&mut self) -> Option<()> {
        let access = self.caller.access_now(&self.api).await.ok()??;
        self.visibility = Visibility::of(&self.caller.acting.actor, &access);
        let mut conn = self.api.context.db.read().await.ok()?;
        let events = history::after(&mut conn, self.cursor, PAGE).await.ok()?;
        self.waiting.extend(events);
        Some(())
    }

    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            () = self.notifier.notified() => {
                tokio::time::sleep(TOGETHER).await;
                Some(())
            }
            () = tokio::time::sleep(HEARTBEAT) => Some(()),
            () = tokio::time::sleep_until(self.until) => None,
            () = self.api.stop.cancelled() => None,
        }
    }

    /// Is this of something that they may see, as their grants stand now?
    fn may_hear(&self, event: &Chained) -> bool {
        self.visibility.as_ref().is_none_or(|visibility| visibility.admits(&event.event))
    }
}

fn message(event: &Chained) -> Option<Event> {
    let data = serde_json::to_string(&EventShape::new(event)).ok()?;
    Some(Event::default().event("audit").id(event.sequence.to_string()).data(data))
}
