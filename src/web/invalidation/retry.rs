//! `POST /invalidations/{id}/retry`: sends the batches again that CloudFront refused.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::id::InvalidationId,
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
};

use super::super::{form::FormBody, view::OverrideForm};

const WHAT: &str = "retry an invalidation";

pub async fn retry(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<OverrideForm>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    let Some(id) = InvalidationId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    let done = commands::retry_invalidation(&app.context, &visitor.acting, &id, form.answer()).await;
    match visitor.keep(&app, WHAT, done).await {
        Err(CommandError::TooLate) => {
            Err(HttpError::TooLate("No batch of it is refused now, so nothing was sent again.".to_owned()))
        }
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}
