//! Searches that a person keeps: `POST /history/searches` and `POST /history/searches/{id}/forget`.

use axum::{
    extract::{Query, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{domain::saved_search, ops};

use super::{
    super::{
        auth::Visitor,
        error::WebError,
        form::{Field, Named, Posted},
        state::Web,
    },
    asked::Wanted,
    page,
};

#[derive(Debug, Deserialize)]
pub struct ToSave {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
}

pub async fn save(
    State(web): State<Web>,
    visitor: Visitor,
    Posted(form): Posted<ToSave>,
) -> Result<Response, WebError> {
    let wanted = read(&form.query)?;
    let mut name = Field::new(&form.name);
    let Some((checked, query)) = name.check(saved_search::check(&form.name, &wanted.query())) else {
        return page::render(&web, &visitor, &wanted, name).await;
    };
    ops::save_search(&web.desk, &visitor.acting, &visitor.person.id, &checked, &query).await?;
    Ok(Redirect::to(&wanted.address("/history", None)).into_response())
}

/// The query is read and written anew, so that only what the history knows is kept.
fn read(query: &str) -> Result<Wanted, WebError> {
    let bad =
        || WebError::BadRequest("The search is not as this page sends it. Nothing was kept.".to_owned());
    let address: Uri = format!("/history?{query}").parse().map_err(|_| bad())?;
    let Query(wanted) = Query::<Wanted>::try_from_uri(&address).map_err(|_| bad())?;
    Ok(Wanted { before: None, ..wanted })
}

pub async fn forget(
    State(web): State<Web>,
    visitor: Visitor,
    Named(id): Named<String>,
) -> Result<Redirect, WebError> {
    ops::forget_search(&web.desk, &visitor.acting, &visitor.person.id, &id).await?;
    Ok(Redirect::to("/history"))
}
