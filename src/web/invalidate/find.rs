//! Finds distributions while somebody types, if there are too many to list all.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::id::DistributionId,
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
};

use super::super::view::{self, Offer, Picker};

#[derive(Template)]
#[template(path = "invalidate/options.html")]
struct OptionsFragment {
    distributions: Picker,
}

#[derive(Debug, Deserialize)]
pub struct FindQuery {
    #[serde(default)]
    find: String,
    /// The distribution that is chosen now. It stays chosen if the words find it.
    #[serde(default)]
    distribution: String,
}

/// `GET /find/distributions`: the options of the list.
pub async fn find(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<FindQuery>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let chosen = match DistributionId::parse(&wanted.distribution) {
        Some(id) => view::distribution(&mut conn, &visitor, &id).await?,
        None => None,
    };
    let chosen = view::choose_by_words(&mut conn, &visitor, chosen, &wanted.find).await?;
    let offer = Offer { chosen: chosen.as_ref(), find: &wanted.find, gone: false };
    let distributions = view::picker(&mut conn, &visitor, offer).await?;
    drop(conn);
    view::page(&OptionsFragment { distributions })
}
