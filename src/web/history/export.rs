//! Exports of the history: the result of a search or everything, read page by page while it is sent.

use axum::{body::Bytes, extract::State, response::Response};

use crate::{
    domain::audit::{Chained, export::Form, search::AuditQuery},
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{StoreError, audit, distributions},
    web::export::{self, ExportParts},
};

use super::query::HistoryQuery;

/// The number of events that are read and sent at once. One event may have 100 items of 4,000 characters.
const PAGE: usize = 200;

pub async fn csv(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    send(app, &visitor, &wanted, Form::Csv).await
}

pub async fn jsonl(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    send(app, &visitor, &wanted, Form::Jsonl).await
}

pub async fn ocsf(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    send(app, &visitor, &wanted, Form::Ocsf).await
}

async fn send(
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
        "unstale-history{}-{}.{}",
        if whole { "" } else { "-search" },
        app.context.clock.now().date(),
        form.ending()
    );
    let cursor = if whole { 0 } else { wanted.before.unwrap_or(i64::MAX) };
    let pages = Pages { app, search: (!whole).then_some(search), cursor: Some(cursor), form };
    export::file(&name, form.content_type(), form.opening_with_mark(), pages).await
}

/// What is still to be sent. Without a search, the events come oldest first, in the order in which a chain is
/// verified. With a search, they come newest first, like on the page.
struct Pages {
    app: AppState,
    search: Option<AuditQuery>,
    cursor: Option<i64>,
    form: Form,
}

impl ExportParts for Pages {
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

    fn broken_off(&self) -> &'static [u8] {
        self.form.broken_off()
    }
}

impl Pages {
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
