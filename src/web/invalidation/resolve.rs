//! The forms for a batch in the state `NeedsALook`: a person says whether CloudFront has it.

use axum::{extract::State, response::Redirect};
use serde::Deserialize;

use crate::{
    commands,
    domain::id::{BatchId, CloudFrontInvalidationId, InvalidationId},
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::invalidations::batches,
};

use super::super::{form::FormBody, view::OverrideForm};

const WHAT: &str = "settle a batch";

#[derive(Debug, Deserialize)]
pub struct FoundForm {
    #[serde(default)]
    cloudfront_id: String,
}

/// `POST /invalidations/{id}/batches/{batch}/found`
pub async fn found(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams((id, batch)): PathParams<(String, String)>,
    FormBody(form): FormBody<FoundForm>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    let (id, batch) = find(&app, &visitor, &id, &batch).await?;
    let Some(cloudfront_id) = CloudFrontInvalidationId::parse(&form.cloudfront_id) else {
        visitor.refuse_invalid(&app, WHAT, None, "it is no ID of CloudFront's").await?;
        let why = "Enter the ID as the AWS console shows it, such as I1JLWSDAP8FU89. Nothing was changed.";
        return Err(HttpError::BadRequest(why.to_owned()));
    };
    let done = commands::resolve_found(&app.context, &visitor.acting, &batch, &cloudfront_id).await;
    visitor.keep(&app, WHAT, done).await?;
    Ok(Redirect::to(&format!("/invalidations/{id}")))
}

/// `POST /invalidations/{id}/batches/{batch}/not-there`
pub async fn not_there(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams((id, batch)): PathParams<(String, String)>,
    FormBody(form): FormBody<OverrideForm>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    let (id, batch) = find(&app, &visitor, &id, &batch).await?;
    let done = commands::resolve_not_there(&app.context, &visitor.acting, &batch, form.answer()).await;
    visitor.keep(&app, WHAT, done).await?;
    Ok(Redirect::to(&format!("/invalidations/{id}")))
}

/// Parses the IDs, and checks that the batch belongs to this invalidation.
async fn find(
    app: &AppState,
    visitor: &Visitor,
    id: &str,
    batch: &str,
) -> Result<(InvalidationId, BatchId), HttpError> {
    if let Some((id, batch)) = InvalidationId::parse(id).zip(BatchId::parse(batch)) {
        let found = batches::find(&mut *app.context.db.read().await?, &batch).await?;
        if found.is_some_and(|found| found.invalidation == id) {
            return Ok((id, batch));
        }
    }
    Err(visitor.no_such(app, WHAT).await)
}
