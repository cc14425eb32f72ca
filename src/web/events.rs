//! The live stream: audit events as server-sent events, so that open pages ask for themselves again.
//!
//! The audit table is the stream. One hub reads what is new at each notification and passes it on; a stream that
//! begins, comes back or falls behind reads the table itself from its cursor on, so that nothing is missed.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

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
use tokio::sync::{broadcast, broadcast::error::RecvError};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use crate::{
    commands::CommandContext,
    domain::{
        audit::{self, Action, Chained, visibility::Visibility},
        causes::with_causes,
    },
    store::{StoreError, access, audit as history},
};

use super::{
    auth::{self, Visitor},
    error::WebError,
    form::QueryParams,
    state::Web,
    stream_limit::{self, StreamLimit},
};

/// So many events are read at once.
const PAGE: usize = 200;
/// A stream that missed more than this is told to begin at the end: its page asks for itself as a whole anyway.
const TOO_OLD: i64 = 10_000;
/// How long a stream lasts; the browser comes back at once, and its session is looked at again.
const LIFE: Duration = Duration::from_hours(1);
/// What another replica wrote is seen by then.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The rest between two looks, so that one answers many notifications in a row.
const BREATH: Duration = Duration::from_millis(20);

/// Passes new events on.
#[derive(Debug)]
pub struct Hub {
    context: CommandContext,
    sender: broadcast::Sender<Arc<Chained>>,
    streams: StreamLimit,
}

impl Hub {
    pub fn new(context: CommandContext) -> Self {
        let (sender, _) = broadcast::channel(1_024);
        Self { context, sender, streams: StreamLimit::default() }
    }

    /// Reads and passes on until `stop`. An error is logged and tried again.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut notifier = self.context.notifier.listen();
        let mut cursor = None;
        while !stop.is_cancelled() {
            match self.pass_on(&mut cursor).await {
                Ok(()) => {}
                Err(error) => tracing::warn!(error = %with_causes(&error), "new events could not be read"),
            }
            tokio::time::sleep(BREATH).await;
            // On SQLite every writer of the service notifies; other processes write too seldom to be asked after so often.
            tokio::select! {
                () = notifier.notified() => {}
                () = tokio::time::sleep(HEARTBEAT) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn pass_on(&self, cursor: &mut Option<i64>) -> Result<(), StoreError> {
        let mut conn = self.context.db.read().await?;
        let nobody_listens = || self.sender.receiver_count() == 0;
        if nobody_listens() {
            let head = history::head(&mut conn).await?;
            // Once more, after the head: a stream that opens from now on reads for itself what is before.
            if nobody_listens() {
                *cursor = Some(head);
                return Ok(());
            }
        }
        let mut last = match *cursor {
            Some(last) => last,
            None => history::head(&mut conn).await?,
        };
        loop {
            *cursor = Some(last);
            let events = history::after(&mut conn, last, PAGE).await?;
            let all = events.len() < PAGE;
            last = events.last().map_or(last, |newest| newest.sequence);
            for event in events {
                // Nobody listening is no error.
                let _ = self.sender.send(Arc::new(event));
            }
            if all {
                *cursor = Some(last);
                return Ok(());
            }
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct From {
    after: Option<i64>,
}

/// `GET /events`
pub async fn stream(
    State(web): State<Web>,
    visitor: Visitor,
    QueryParams(from): QueryParams<From>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let Some(place) = web.hub.streams.open(&visitor.person.id) else {
        return Err(WebError::Unavailable("too many open streams".to_owned()));
    };
    let last_seen =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let Some(life) = auth::let_in_for(&web, &visitor).await? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    let head = history::head(&mut *web.context.db.read().await?).await?;
    let cursor = match last_seen.or(from.after) {
        Some(cursor) if (head - TOO_OLD..=head).contains(&cursor) => cursor,
        _ => head,
    };
    let reader = Reader {
        receiver: web.hub.sender.subscribe(),
        waiting: VecDeque::new(),
        cursor,
        behind: true,
        visitor,
        until: tokio::time::Instant::now() + LIFE.min(life),
        web: web.clone(),
        place,
    };
    let stop = web.stop.clone();
    let sse = Sse::new(messages(reader, stop)).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)));
    Ok(([("x-accel-buffering", "no")], sse).into_response())
}

/// One open stream.
struct Reader {
    receiver: broadcast::Receiver<Arc<Chained>>,
    waiting: VecDeque<Arc<Chained>>,
    cursor: i64,
    /// The table has to be read: at the beginning, and after falling behind.
    behind: bool,
    /// Who opened it; with what let them in the stream ends.
    visitor: Visitor,
    until: tokio::time::Instant,
    web: Web,
    place: stream_limit::StreamPermit,
}

impl Reader {
    async fn next(&mut self) -> Option<Arc<Chained>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.cursor = event.sequence;
                if event.event.action.may_end_sessions() && !self.is_let_in().await {
                    return None;
                }
                if !self.may_hear(&event.event).await? {
                    continue;
                }
                return Some(event);
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match self.receiver.recv().await {
                Ok(event) if event.sequence > self.cursor => self.waiting.push_back(event),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Is the session good still? Where the database does not answer it is not: the browser comes back.
    async fn is_let_in(&self) -> bool {
        auth::is_let_in(&self.web, &self.visitor).await.unwrap_or(false)
    }

    /// Is this of something that they may see, as their grants stand now? Ends the stream where that cannot be read.
    async fn may_hear(&mut self, event: &audit::Event) -> Option<bool> {
        let visitor = &mut self.visitor;
        if visitor.access.is_narrowed() || changes_access(event.action) {
            let mut conn = self.web.context.db.read().await.ok()?;
            visitor.access = access::of_person(&mut conn, &visitor.person.id).await.ok()??;
        }
        let visibility = Visibility::of(&visitor.acting.actor, &visitor.access);
        Some(visibility.is_none_or(|visibility| visibility.admits(event)))
    }

    /// Reads on from the cursor. Ends the stream where the database does not answer: the browser comes back.
    async fn catch_up(&mut self) -> Option<()> {
        let read = async {
            let mut conn = self.web.context.db.read().await?;
            history::after(&mut conn, self.cursor, PAGE).await
        };
        let events = read.await.ok()?;
        self.behind = events.len() == PAGE;
        self.waiting.extend(events.into_iter().map(Arc::new));
        Some(())
    }
}

/// May somebody see more or less after this?
const fn changes_access(action: Action) -> bool {
    matches!(
        action,
        Action::GrantAdded
            | Action::GrantRemoved
            | Action::GroupMemberAdded
            | Action::GroupMemberRemoved
            | Action::GroupDeleted
            | Action::GroupsChanged
            | Action::ScopeWidened
            | Action::SignedIn
    )
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

/// What a page needs to know: that something happened, to what, and how it stands. Nothing secret is in it.
fn message(chained: &Chained) -> Event {
    let event = &chained.event;
    let data = json!({
        "sequence": chained.sequence,
        "at": event.at.to_string(),
        "action": event.action.as_str(),
        "distribution": event.distribution.as_ref().map(crate::domain::id::DistributionId::as_str),
        "invalidation": event.invalidation.as_ref().map(crate::domain::id::InvalidationId::as_str),
        "state": event.new,
    });
    Event::default().event("audit").id(chained.sequence.to_string()).data(data.to_string())
}
