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
    let (rows, truncated) = page.rows(all, |known| &known.id)?;
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
