//! The history as files: what the page's search finds, or everything, page by page while it is being sent.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{
    domain::audit::{Chained, export::Form, search::Search},
    store::{StoreError, audit, distributions},
};

use super::{
    super::{auth::Visitor, error::WebError, form::Asked, state::Web},
    asked::Wanted,
};

/// So many events are read and sent at once.
const PAGE: usize = 1_000;

pub async fn csv(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, WebError> {
    export(web, &visitor, &wanted, Form::Csv).await
}

pub async fn jsonl(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, WebError> {
    export(web, &visitor, &wanted, Form::Jsonl).await
}

pub async fn ocsf(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, WebError> {
    export(web, &visitor, &wanted, Form::Ocsf).await
}

async fn export(web: Web, visitor: &Visitor, wanted: &Wanted, form: Form) -> Result<Response, WebError> {
    let sites = distributions::list(&mut *web.desk.db.read().await?).await?;
    let (_, search) = wanted.read(visitor, &sites);
    let Some(search) = search else {
        let advice = "A filter of this address is not right. Open the history itself: it says which one.";
        return Err(WebError::BadRequest(advice.to_owned()));
    };
    let whole = search.is_everything();
    let name = format!(
        "attachment; filename=\"unstale-history{}-{}.{}\"",
        if whole { "" } else { "-search" },
        web.desk.clock.now().date(),
        form.ending()
    );
    let cursor = if whole { 0 } else { wanted.before.unwrap_or(i64::MAX) };
    let pages = Pages { web, search: (!whole).then_some(search), cursor: Some(cursor), form, opened: false };
    let stream = futures_util::stream::try_unfold(pages, async |mut pages: Pages| {
        Ok::<_, StoreError>(pages.next().await?.map(|bytes| (bytes, pages)))
    });
    let disposition = HeaderValue::from_str(&name).map_err(|error| WebError::Internal(error.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(form.content_type())),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// What is still to be sent. Everything goes oldest first, as a chain is verified; a search's result newest first, as
/// the page has it.
struct Pages {
    web: Web,
    search: Option<Search>,
    cursor: Option<i64>,
    form: Form,
    opened: bool,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if !self.opened {
            self.opened = true;
            let opening = self.form.opening_with_mark();
            if !opening.is_empty() {
                return Ok(Some(opening.into()));
            }
        }
        // A page of a search may be empty while there is more to look through.
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
        let mut conn = self.web.desk.db.read().await?;
        if let Some(search) = &self.search {
            let found = audit::search(&mut conn, search, cursor, PAGE).await?;
            self.cursor = found.older;
            return audit::readable(found.events);
        }
        let events = audit::after(&mut conn, cursor, PAGE).await?;
        self.cursor = events.last().map(|last| last.sequence);
        audit::readable(events)
    }
}
