//! `GetDistribution` and `GetDistributionConfig`: all of one distribution, or its configuration alone.

use hyper::header::ETAG;
use jiff::Timestamp;

use super::errors::ApiError;
use super::get_invalidation::time;
use super::origin_shapes::KEY_GROUP;
use super::reply::Reply;
use super::shapes;
use crate::state::{Distribution, State};
use crate::xml::Element;

pub(crate) fn answer(state: &mut State, now: Timestamp, id: &str) -> Result<Reply, ApiError> {
    let distribution = known(state, id)?;
    let in_progress = state.ledger(id).in_progress(now).count();
    let signers = Element::new("ActiveTrustedSigners").leaf("Enabled", false).leaf("Quantity", 0);
    let body = Element::new("Distribution")
        .leaf("Id", &distribution.id)
        .leaf("ARN", distribution.arn())
        .leaf("Status", &distribution.status)
        .leaf("LastModifiedTime", time(distribution.last_modified))
        .leaf("InProgressInvalidationBatches", in_progress)
        .leaf("DomainName", &distribution.domain)
        .child(signers)
        .child(active_key_groups(&distribution))
        .child(shapes::config(&distribution));
    Ok(Reply::ok(body).header(ETAG, distribution.version()))
}

fn active_key_groups(distribution: &Distribution) -> Element {
    let keys: Vec<Element> =
        distribution.trusted_keys.iter().map(|key| Element::text("KeyPairId", key)).collect();
    let groups = Element::new("ActiveTrustedKeyGroups").leaf("Enabled", !keys.is_empty());
    if keys.is_empty() {
        return groups.list(Vec::new());
    }
    let group =
        Element::new("KeyGroup").leaf("KeyGroupId", KEY_GROUP).child(Element::new("KeyPairIds").list(keys));
    groups.list(vec![group])
}

pub(crate) fn answer_config(state: &State, id: &str) -> Result<Reply, ApiError> {
    let distribution = known(state, id)?;
    Ok(Reply::ok(shapes::config(&distribution)).header(ETAG, distribution.version()))
}

fn known(state: &State, id: &str) -> Result<Distribution, ApiError> {
    state.distribution(id).cloned().ok_or_else(ApiError::no_such_distribution)
}
