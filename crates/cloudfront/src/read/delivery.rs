//! Reads what decides what viewers get.

use std::collections::HashMap;

use aws_sdk_cloudfront::types;
use unstale_domain::{
    distributions::delivery::{Behavior, CustomErrorResponse, DeliverySettings},
    storable::storable,
};

/// The origins, by their IDs.
type Origins<'a> = HashMap<&'a str, &'a types::Origin>;

pub(super) fn delivery(config: &types::DistributionConfig) -> DeliverySettings {
    let origins = config.origins().map(types::Origins::items).unwrap_or_default();
    let origins: Origins<'_> = origins.iter().map(|origin| (origin.id(), origin)).collect();
    let special = config.cache_behaviors().map(types::CacheBehaviors::items).unwrap_or_default();
    let special = special.iter().map(|behavior| read_behavior(behavior, &origins));
    let default = config.default_cache_behavior().map(|behavior| read_default(behavior, &origins));
    let errors = config.custom_error_responses().map(types::CustomErrorResponses::items).unwrap_or_default();
    DeliverySettings {
        web_acl: config.web_acl_id().is_some_and(|id| !id.trim().is_empty()),
        country_restriction: config
            .restrictions()
            .and_then(types::Restrictions::geo_restriction)
            .is_some_and(|restriction| restriction.restriction_type() != &types::GeoRestrictionType::None),
        client_certificate_required: config
            .viewer_mtls_config()
            .is_some_and(|mtls| mtls.mode() == &types::ViewerMtlsMode::Required),
        custom_errors: errors.iter().filter_map(custom_error).collect(),
        behaviors: special.chain(default).collect(),
    }
}

fn custom_error(row: &types::CustomErrorResponse) -> Option<CustomErrorResponse> {
    let filled = |text: &str| (!text.trim().is_empty()).then(|| storable(text.trim()).into_owned());
    Some(CustomErrorResponse {
        code: u16::try_from(row.error_code()).ok()?,
        response_code: row.response_code().and_then(|code| code.trim().parse().ok()),
        page: row.response_page_path().and_then(filled),
    })
}

#[expect(deprecated, reason = "distributions made before cache policies still have a MinTTL of their own")]
fn read_behavior(behavior: &types::CacheBehavior, origins: &Origins<'_>) -> Behavior {
    let origin = origins.get(behavior.target_origin_id()).copied();
    Behavior {
        pattern: storable(behavior.path_pattern()).into_owned(),
        origin: origin.map(|origin| storable(origin.domain_name()).into_owned()),
        origin_path: origin.and_then(types::Origin::origin_path).map(path).unwrap_or_default(),
        origin_is_http_only: origin.is_some_and(is_http_only),
        signed_required: is_signed(behavior.trusted_signers(), behavior.trusted_key_groups()),
        min_ttl: min_ttl(behavior.cache_policy_id(), behavior.min_ttl()),
        allowed_methods: methods(behavior.allowed_methods()),
    }
}

#[expect(deprecated, reason = "distributions made before cache policies still have a MinTTL of their own")]
fn read_default(behavior: &types::DefaultCacheBehavior, origins: &Origins<'_>) -> Behavior {
    let origin = origins.get(behavior.target_origin_id()).copied();
    Behavior {
        pattern: "*".to_owned(),
        origin: origin.map(|origin| storable(origin.domain_name()).into_owned()),
        origin_path: origin.and_then(types::Origin::origin_path).map(path).unwrap_or_default(),
        origin_is_http_only: origin.is_some_and(is_http_only),
        signed_required: is_signed(behavior.trusted_signers(), behavior.trusted_key_groups()),
        min_ttl: min_ttl(behavior.cache_policy_id(), behavior.min_ttl()),
        allowed_methods: methods(behavior.allowed_methods()),
    }
}

fn methods(allowed: Option<&types::AllowedMethods>) -> Vec<String> {
    let items = allowed.map(types::AllowedMethods::items).unwrap_or_default();
    items.iter().map(|method| storable(method.as_str()).into_owned()).collect()
}

fn path(text: &str) -> String {
    storable(text.trim()).into_owned()
}

fn is_http_only(origin: &types::Origin) -> bool {
    let config = origin.custom_origin_config();
    config.is_some_and(|config| config.origin_protocol_policy() == &types::OriginProtocolPolicy::HttpOnly)
}

fn is_signed(signers: Option<&types::TrustedSigners>, groups: Option<&types::TrustedKeyGroups>) -> bool {
    signers.is_some_and(types::TrustedSigners::enabled)
        || groups.is_some_and(types::TrustedKeyGroups::enabled)
}

fn min_ttl(policy: Option<&str>, own: Option<i64>) -> Option<u64> {
    if policy.is_some_and(|id| !id.is_empty()) { None } else { own.and_then(|ttl| u64::try_from(ttl).ok()) }
}
