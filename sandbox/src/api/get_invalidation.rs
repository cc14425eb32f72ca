//! `GetInvalidation`: one invalidation with its items.

use jiff::Timestamp;

use super::errors::ApiError;
use super::reply::Reply;
use crate::state::{Invalidation, State};
use crate::xml::Element;

pub(crate) fn answer(
    state: &mut State,
    now: Timestamp,
    distribution: &str,
    id: &str,
) -> Result<Reply, ApiError> {
    state.invalidatable(distribution).ok_or_else(ApiError::no_such_distribution)?;
    let invalidation = state.ledger(distribution).get(id).ok_or_else(ApiError::no_such_invalidation)?;
    let reply = Reply::ok(element(invalidation, now));
    Ok(Reply { invalidation: Some(id.to_owned()), ..reply })
}

pub(super) fn element(invalidation: &Invalidation, now: Timestamp) -> Element {
    let items = invalidation.items.iter().map(|item| Element::text("Path", item));
    let batch = Element::new("InvalidationBatch")
        .child(Element::new("Paths").list(items.collect()))
        .leaf("CallerReference", &invalidation.caller_reference);
    Element::new("Invalidation")
        .leaf("Id", &invalidation.id)
        .leaf("Status", invalidation.status(now))
        .leaf("CreateTime", time(invalidation.created_at))
        .child(batch)
}

/// CloudFront's times have milliseconds.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
