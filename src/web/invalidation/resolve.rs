//! A batch that needs a look: a person says that CloudFront has it, or that it has not.

use axum::{extract::State, response::Redirect};
use serde::Deserialize;

use crate::{
    domain::id::{BatchId, CloudFrontInvalidationId, InvalidationId},
    ops,
    store::batches,
};

use super::super::{
    auth::Visitor,
    error::WebError,
    form::{Named, Posted},
    state::Web,
};

#[derive(Debug, Deserialize)]
pub struct FoundForm {
    #[serde(default)]
    cloudfront_id: String,
}

/// `POST /invalidations/{id}/batches/{batch}/found`
pub async fn found(
    State(web): State<Web>,
    visitor: Visitor,
    Named((id, batch)): Named<(String, String)>,
    Posted(form): Posted<FoundForm>,
) -> Result<Redirect, WebError> {
    let (id, batch) = parse(&id, &batch)?;
    visitor.require_operator(&web, "settle a batch", None).await?;
    must_belong(&web, &batch, &id).await?;
    let cloudfront_id = CloudFrontInvalidationId::parse(&form.cloudfront_id).ok_or_else(|| {
        WebError::BadRequest(
            "Enter the ID as the AWS console shows it, such as I1JLWSDAP8FU89. Nothing was changed."
                .to_owned(),
        )
    })?;
    ops::resolve_found(&web.desk, &visitor.acting, &batch, &cloudfront_id).await?;
    Ok(Redirect::to(&format!("/invalidations/{id}")))
}

/// `POST /invalidations/{id}/batches/{batch}/not-there`
pub async fn not_there(
    State(web): State<Web>,
    visitor: Visitor,
    Named((id, batch)): Named<(String, String)>,
) -> Result<Redirect, WebError> {
    let (id, batch) = parse(&id, &batch)?;
    visitor.require_operator(&web, "settle a batch", None).await?;
    must_belong(&web, &batch, &id).await?;
    ops::resolve_not_there(&web.desk, &visitor.acting, &batch).await?;
    Ok(Redirect::to(&format!("/invalidations/{id}")))
}

/// A batch is settled on the page of its own invalidation only.
async fn must_belong(web: &Web, batch: &BatchId, id: &InvalidationId) -> Result<(), WebError> {
    let found = batches::find(&mut *web.desk.db.read().await?, batch).await?;
    found.filter(|found| found.invalidation == *id).map(drop).ok_or(WebError::NotFound)
}

fn parse(id: &str, batch: &str) -> Result<(InvalidationId, BatchId), WebError> {
    let parsed = InvalidationId::parse(id).zip(BatchId::parse(batch));
    parsed.ok_or(WebError::NotFound)
}
