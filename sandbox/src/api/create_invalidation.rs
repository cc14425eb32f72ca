//! `CreateInvalidation`: takes a batch, or gives back the one that its caller reference already stands for.

use hyper::header::LOCATION;
use jiff::Timestamp;

use super::batch::Batch;
use super::errors::ApiError;
use super::get_invalidation;
use super::reply::{Document, Reply};
use crate::state::{Line, State};

pub(crate) fn answer(
    state: &mut State,
    now: Timestamp,
    distribution: &str,
    access_key: &str,
    batch: Result<&Batch, ApiError>,
) -> Result<Reply, ApiError> {
    let batch = batch?;
    // A disabled distribution takes invalidations too.
    state.invalidatable(distribution).ok_or_else(ApiError::no_such_distribution)?;
    batch.check()?;
    let settings = state.settings.clone();
    if settings.refuses(&batch.items) {
        return Err(ApiError::invalid_path());
    }
    let ledger = state.ledger(distribution);
    let accepted = ledger.consider(distribution, &batch.caller_reference, &batch.items, &settings, now)?;
    let mut invalidation = accepted.invalidation;
    if accepted.created {
        access_key.clone_into(&mut invalidation.made_by);
        let line = Line::Invalidation(invalidation.clone());
        state.note(&line).map_err(|_| ApiError::server_error(500))?;
        state.ledger(distribution).push(invalidation.clone());
    }
    let location = format!(
        "https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution}/invalidation/{}",
        invalidation.id
    );
    let body = Document::Xml(get_invalidation::element(&invalidation, now));
    Ok(Reply {
        status: 201,
        headers: vec![(LOCATION, location)],
        body,
        invalidation: Some(invalidation.id),
        created: accepted.created,
    })
}
