//! Converts the SDK's types to the types of the domain.

use aws_sdk_cloudfront::{primitives::DateTime, types};

use unstale_domain::{
    distributions::distribution::{Distribution, DistributionConfig},
    id::{CallerReference, CloudFrontInvalidationId, DistributionId},
    invalidations::item::Item,
    storable::storable,
    time::Timestamp,
};

mod cache_policy;
mod continuous_deployment;
mod delivery;

pub(super) use cache_policy::cache_policy;
pub(super) use continuous_deployment::continuous_deployment_policy;

use super::client::{InvalidationDetails, InvalidationStatus, InvalidationSummary};

pub(super) fn distribution(row: &types::DistributionSummary, now: Timestamp) -> Distribution {
    Distribution {
        id: DistributionId::from_trusted(row.id().trim()),
        arn: word(row.arn()),
        domain_name: word(row.domain_name()),
        aliases: row.aliases().map(|aliases| aliases.items().iter().map(word).collect()).unwrap_or_default(),
        comment: storable(row.comment()).into_owned(),
        enabled: row.enabled(),
        status: word(row.status()),
        staging: row.staging(),
        tenant_only: is_tenant_only(row.connection_mode()),
        origins: row
            .origins()
            .map(|origins| origins.items().iter().map(|o| storable(o.domain_name()).into_owned()).collect())
            .unwrap_or_default(),
        config: None,
        last_modified: timestamp(row.last_modified_time()),
        seen_at: now,
        traffic: None,
        flat_rate_plan: None,
        gone_at: None,
    }
}

pub(super) fn config(config: &types::DistributionConfig) -> DistributionConfig {
    let filled = |text: &str| (!text.is_empty()).then(|| storable(text).into_owned());
    DistributionConfig {
        root_object: config.default_root_object().and_then(filled),
        tag_header: config.cache_tag_config().and_then(|tags| filled(tags.header_name())),
        query_strings: config.default_cache_behavior().and_then(query_strings),
        delivery: delivery::delivery(config),
    }
}

/// A text in a form that can be stored. Removes surrounding white space, which the SDK keeps, and NUL characters:
/// XML does not allow them, but an emulator may send them.
fn word(text: impl AsRef<str>) -> String {
    storable(text.as_ref().trim()).into_owned()
}

/// `ConnectionMode`: `direct` or `tenant-only` (API reference, `DistributionSummary`).
fn is_tenant_only(mode: Option<&types::ConnectionMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str().trim().eq_ignore_ascii_case("tenant-only"))
}

/// `None` if the behaviour has a cache policy, because then that policy decides.
#[expect(deprecated, reason = "distributions made before cache policies still answer with forwarded values")]
fn query_strings(behavior: &types::DefaultCacheBehavior) -> Option<bool> {
    behavior.forwarded_values().map(types::ForwardedValues::query_string)
}

/// Whether a list has as many rows as it states. The SDK parses truncated XML as a shorter list.
pub(super) fn is_whole<T>(rows: &[T], quantity: i32, max_items: i32) -> bool {
    max_items > 0 && usize::try_from(quantity) == Ok(rows.len())
}

/// `None` if a part is missing.
pub(super) fn invalidation(seen: &types::Invalidation) -> Option<InvalidationDetails> {
    let batch = seen.invalidation_batch()?;
    let paths = batch.paths()?;
    let (id, reference) = (seen.id().trim(), batch.caller_reference().trim());
    let whole = !id.is_empty()
        && !reference.is_empty()
        && usize::try_from(paths.quantity()) == Ok(paths.items().len());
    whole.then(|| InvalidationDetails {
        id: CloudFrontInvalidationId::from_trusted(id),
        status: InvalidationStatus::read(seen.status()),
        created_at: timestamp(seen.create_time()),
        caller_reference: CallerReference::from_trusted(reference),
        items: paths.items().iter().map(|text| Item::from_trusted(storable(text))).collect(),
    })
}

pub(super) fn listed(row: &types::InvalidationSummary) -> InvalidationSummary {
    InvalidationSummary {
        id: CloudFrontInvalidationId::from_trusted(row.id().trim()),
        status: InvalidationStatus::read(row.status()),
        created_at: timestamp(row.create_time()),
    }
}

fn timestamp(at: &DateTime) -> Timestamp {
    let micros = i128::from(at.secs()) * 1_000_000 + i128::from(at.subsec_nanos() / 1_000);
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
