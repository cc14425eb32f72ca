//! `GetDistribution` and `GetDistributionConfig`: all of one distribution, or its configuration alone.

use hyper::header::ETAG;
use jiff::Timestamp;

use super::errors::ApiError;
use super::get_invalidation::time;
use super::reply::Reply;
use super::shapes;
use crate::state::{Distribution, State};
use crate::xml::Element;

pub(crate) fn answer(state: &mut State, now: Timestamp, id: &str) -> Result<Reply, ApiError> {
    let distribution = known(state, id)?;
    let in_progress = state.ledger(id).in_progress(now).count();
    let nobody = |name| Element::new(name).leaf("Enabled", false).leaf("Quantity", 0);
    let body = Element::new("Distribution")
        .leaf("Id", &distribution.id)
        .leaf("ARN", distribution.arn())
        .leaf("Status", &distribution.status)
        .leaf("LastModifiedTime", time(distribution.last_modified))
        .leaf("InProgressInvalidationBatches", in_progress)
        .leaf("DomainName", &distribution.domain)
        .child(nobody("ActiveTrustedSigners"))
        .child(nobody("ActiveTrustedKeyGroups"))
        .child(shapes::config(&distribution));
    Ok(Reply::ok(body).header(ETAG, distribution.version()))
}

pub(crate) fn answer_config(state: &State, id: &str) -> Result<Reply, ApiError> {
    let distribution = known(state, id)?;
    Ok(Reply::ok(shapes::config(&distribution)).header(ETAG, distribution.version()))
}

fn known(state: &State, id: &str) -> Result<Distribution, ApiError> {
    state.distribution(id).cloned().ok_or_else(ApiError::no_such_distribution)
}
