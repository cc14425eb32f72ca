//! Searches that a person saves: `POST /history/searches` and `POST /history/searches/{id}/forget`.

use axum::{
    extract::{Query, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands,
    domain::audit::saved_search,
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
};

use super::{
    super::form::{Field, FormBody},
    asked::HistoryQuery,
    page,
};

/// The maximum length of the address of a redirect, because proxies limit the size of response headers.
const LOCATION_MAX: usize = 2_048;

#[derive(Debug, Deserialize)]
pub struct ToSave {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
}

pub async fn save(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<ToSave>,
) -> Result<Response, HttpError> {
    let what = "keep a search";
    let Some(wanted) = read(&form.query) else {
        visitor.refuse_invalid(&app, what, None, "the search could not be read").await?;
        let why = "The search is not as this page sends it. Nothing was kept.";
        return Err(HttpError::BadRequest(why.to_owned()));
    };
    let mut name = Field::new(&form.name);
    let Some((checked, query)) = name.check(saved_search::check(&form.name, &wanted.query())) else {
        let why = name.error.clone().unwrap_or_default();
        visitor.refuse_invalid(&app, what, None, &why).await?;
        return page::render(&app, &visitor, &wanted, name).await;
    };
    let done =
        commands::save_search(&app.context, &visitor.acting, &visitor.person.id, &checked, &query).await;
    visitor.keep(&app, what, done).await?;
    // With an address that is too long for a `Location`, the redirect goes to the history, where the search is in
    // the list.
    let found = Some(wanted.address("/history", None)).filter(|address| address.len() <= LOCATION_MAX);
    Ok(Redirect::to(found.as_deref().unwrap_or("/history")).into_response())
}

/// Parses the query. The result is written anew later, so that only known parameters are saved.
fn read(query: &str) -> Option<HistoryQuery> {
    let address: Uri = format!("/history?{query}").parse().ok()?;
    let Query(wanted) = Query::<HistoryQuery>::try_from_uri(&address).ok()?;
    Some(HistoryQuery { before: None, ..wanted })
}

pub async fn forget(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let done = commands::forget_search(&app.context, &visitor.acting, &visitor.person.id, &id).await;
    visitor.keep(&app, "forget a search", done).await?;
    Ok(Redirect::to("/history"))
}
