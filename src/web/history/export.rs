//! Exports of the history: the result of a search or everything, read page by page while it is sent.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use futures_util::StreamExt;

use crate::{
    domain::{
        audit::{Chained, export::Form, search::AuditQuery},
        causes::with_causes,
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{StoreError, audit, distributions},
};

use super::query::HistoryQuery;

/// The number of events that are read and sent at once. One event may have 100 items of 4,000 characters.
const PAGE: usize = 200;
/// How long to wait between the last line of a failed export and the end of its connection.
const REST: Duration = Duration::from_millis(200);

pub async fn csv(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    export(app, &visitor, &wanted, Form::Csv).await
}

pub async fn jsonl(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    export(app, &visitor, &wanted, Form::Jsonl).await
}

pub async fn ocsf(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    export(app, &visitor, &wanted, Form::Ocsf).await
}

async fn export(
    app: AppState,
    visitor: &Visitor,
    wanted: &HistoryQuery,
    form: Form,
) -> Result<Response, HttpError> {
    let distributions = distributions::list(&mut *app.context.db.read().await?).await?;
    let (_, query) = wanted.read(visitor, &distributions, app.context.clock.now());
    let Some(search) = query.map(|query| query.events) else {
        let advice = "A filter of this address is not right. Open the history itself: it says which one.";
        return Err(HttpError::BadRequest(advice.to_owned()));
    };
    let whole = search.is_everything();
    let name = format!(
        "attachment; filename=\"unstale-history{}-{}.{}\"",
        if whole { "" } else { "-search" },
        app.context.clock.now().date(),
        form.ending()
    );
    let cursor = if whole { 0 } else { wanted.before.unwrap_or(i64::MAX) };
    let pages = Pages { app, search: (!whole).then_some(search), cursor: Some(cursor), form };
    let body = sent(pages).await?;
    let disposition = HeaderValue::from_str(&name).map_err(|error| HttpError::Internal(error.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(form.content_type())),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, body).into_response())
}

/// The body of the response. It reads the first part before the response begins, so that an export that cannot be
/// read at all is answered with an error. A later failure breaks the response off.
async fn sent(mut pages: Pages) -> Result<Body, HttpError> {
    let mut first = pages.form.opening_with_mark();
    first.extend(pages.next().await?.unwrap_or_default());
    let export = Export { first: Some(first.into()), pages, failed: None, ended: false };
    let parts =
        futures_util::stream::unfold(export, async |mut export: Export| Some((export.next().await?, export)));
    // What compresses the body with gzip asks once more after its end (async-compression 0.4.52).
    Ok(Body::from_stream(parts.fuse()))
}

/// An export that is being sent.
struct Export {
    first: Option<Bytes>,
    pages: Pages,
    failed: Option<StoreError>,
    ended: bool,
}

impl Export {
    /// The next part. An error ends the connection without the last chunk, so that an HTTP/1.1 client knows that
    /// the file is incomplete. A client or proxy of HTTP/1.0 cannot tell this from the normal end, so a last line
    /// in the file says it too.
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if let Some(error) = self.failed.take() {
            self.ended = true;
            // hyper sends what it has buffered only when the body pauses. Without the pause the error would discard
            // the last line.
            tokio::time::sleep(REST).await;
            return Some(Err(error));
        }
        if self.ended {
            return None;
        }
        self.pages.next().await.map_or_else(|error| Some(Ok(self.break_off(error))), |part| part.map(Ok))
    }

    fn break_off(&mut self, error: StoreError) -> Bytes {
        tracing::error!(error = %with_causes(&error), "an export broke off");
        self.failed = Some(error);
        Bytes::from_static(self.pages.form.broken_off())
    }
}

/// What is still to be sent. Without a search, the events come oldest first, in the order in which a chain is
/// verified. With a search, they come newest first, like on the page.
struct Pages {
    app: AppState,
    search: Option<AuditQuery>,
    cursor: Option<i64>,
    form: Form,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        // A page of a search may be empty although older events are still to be searched.
        while let Some(cursor) = self.cursor {
            let events = self.page(cursor).await?;
            if !events.is_empty() {
                let mut out = Vec::with_capacity(events.len() * 1_024);
                for chained in &events {
                    self.form.write(&mut out, chained);
                }
                return Ok(Some(out.into()));
            }
        }
        Ok(None)
    }

    async fn page(&mut self, cursor: i64) -> Result<Vec<Chained>, StoreError> {
        let mut conn = self.app.context.db.read().await?;
        if let Some(search) = &self.search {
            let query = AuditQuery { before: Some(cursor), ..search.clone() };
            let found = audit::search(&mut conn, &query, PAGE).await?;
            self.cursor = found.older;
            return audit::readable(found.events);
        }
        let events = audit::after(&mut conn, cursor, PAGE).await?;
        self.cursor = events.last().map(|last| last.sequence);
        audit::readable(events)
    }
}
