//! `ListDistributions`: a page of summaries in a fixed order.

use super::errors::ApiError;
use super::get_invalidation::time;
use super::origin_shapes::{default_cache_behavior, origins};
use super::paging::Page;
use super::reply::Reply;
use super::shapes;
use crate::state::{Distribution, State};
use crate::xml::Element;

pub(crate) fn answer(state: &State, query: &str) -> Result<Reply, ApiError> {
    let page = Page::of(query)?;
    let all = &state.distributions;
    let start = match &page.marker {
        Some(marker) => {
            1 + all.iter().position(|known| known.id == *marker).ok_or_else(Page::unknown_marker)?
        }
        None => 0,
    };
    let rows = &all[start..all.len().min(start + page.size)];
    let truncated = start + rows.len() < all.len();
    let list = Element::new("DistributionList");
    let list = page.head(list, rows.last().map(|row| row.id.as_str()), truncated);
    Ok(Reply::ok(list.list(rows.iter().map(summary).collect())))
}

fn summary(distribution: &Distribution) -> Element {
    Element::new("DistributionSummary")
        .leaf("Id", &distribution.id)
        .leaf("ARN", distribution.arn())
        .leaf("ETag", distribution.version())
        .leaf("Status", &distribution.status)
        .leaf("LastModifiedTime", time(distribution.last_modified))
        .leaf("DomainName", &distribution.domain)
        .child(shapes::aliases(distribution))
        .child(origins(distribution))
        .child(shapes::none("OriginGroups"))
        .child(default_cache_behavior(distribution))
        .child(shapes::none("CacheBehaviors"))
        .child(shapes::custom_error_responses(distribution))
        .leaf("Comment", &distribution.comment)
        .leaf("PriceClass", &distribution.price_class)
        .leaf("Enabled", distribution.enabled)
        .child(shapes::viewer_certificate(distribution))
        .child(shapes::restrictions(distribution))
        .leaf("WebACLId", &distribution.web_acl)
        .leaf("HttpVersion", shapes::HTTP_VERSION)
        .leaf("IsIPV6Enabled", true)
        .leaf("Staging", distribution.staging)
        .leaf("ConnectionMode", &distribution.connection_mode)
}
