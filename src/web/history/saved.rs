//! Searches that a person saves, for themselves or for everyone: `POST /history/searches` and `POST /history/searches/{id}/forget`.

use axum::{
    extract::{Query, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, SearchToSave},
    domain::audit::saved_search,
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    web::saved::saved,
};

use super::{
    super::form::{Field, FormBody},
    page,
    query::HistoryQuery,
};

/// The maximum length of the address of a redirect, because proxies limit the size of response headers.
const LOCATION_MAX: usize = 2_048;

#[derive(Debug, Deserialize)]
pub struct ToSave {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    /// `yes` for a search that everyone sees.
    #[serde(default)]
    for_everyone: String,
}

#[derive(Debug, Deserialize)]
pub struct ToForget {
    /// The search that was shown meanwhile.
    #[serde(default)]
    query: String,
}

pub async fn save(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<ToSave>,
) -> Result<Response, HttpError> {
    let what = "save a search";
    let Some(wanted) = read(&form.query) else {
        visitor.refuse_invalid(&app, what, None, "the search could not be read").await?;
        let why = "The search differs from the one that this page sends. Nothing was saved.";
        return Err(HttpError::BadRequest(why.to_owned()));
    };
    let mut name = Field::new(&form.name);
    let Some((checked, query)) = name.check(saved_search::check(&form.name, &searched(&wanted))) else {
        let why = name.error.clone().unwrap_or_default();
        visitor.refuse_invalid(&app, what, None, &why).await?;
        return page::render(&app, &visitor, &wanted, name).await;
    };
    let to_save = SearchToSave { name: checked, query, for_everyone: form.for_everyone == "yes" };
    let done = commands::save_search(&app.context, &visitor.acting, &visitor.person.id, to_save).await;
    visitor.keep(&app, what, done).await?;
    Ok(back_to(&wanted).into_response())
}

/// Back to the search. With an address that is too long for a `Location`, the redirect goes to the history, where the
/// search is in the list.
fn back_to(wanted: &HistoryQuery) -> Redirect {
    let found = Some(wanted.address(None)).filter(|address| address.len() <= LOCATION_MAX);
    saved(found.as_deref().unwrap_or("/history"))
}

/// The query string to save. Empty if nothing is searched for: a tab alone needs no name.
fn searched(wanted: &HistoryQuery) -> String {
    if wanted.is_narrow() { wanted.query() } else { String::new() }
}

/// Parses the query. The result is written anew later, so that only known parameters are saved.
fn read(query: &str) -> Option<HistoryQuery> {
    let address: Uri = format!("/history?{query}").parse().ok()?;
    let Query(wanted) = Query::<HistoryQuery>::try_from_uri(&address).ok()?;
    Some(HistoryQuery { before: None, after: String::new(), ..wanted.settled() })
}

pub async fn forget(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<ToForget>,
) -> Result<Redirect, HttpError> {
    let done = commands::forget_search(&app.context, &visitor.acting, &visitor.person.id, &id).await;
    visitor.keep(&app, "delete a saved search", done).await?;
    Ok(back_to(&read(&form.query).unwrap_or_default()))
}
