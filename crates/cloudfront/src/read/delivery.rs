//! Reads what decides what viewers get.

use std::collections::HashMap;

use aws_sdk_cloudfront::types;
use unstale_domain::{
    distributions::delivery::{
        Behavior, CustomErrorResponse, DeliverySettings, FunctionAssociation, FunctionEvent, OriginAccess,
        OriginSettings, ViewerProtocol,
    },
    storable::storable,
};

/// The origins, by their IDs.
type Origins<'a> = HashMap<&'a str, &'a types::Origin>;

pub(super) fn delivery(config: &types::DistributionConfig) -> DeliverySettings {
    let all = config.origins().map(types::Origins::items).unwrap_or_default();
    let origins: Origins<'_> = all.iter().map(|origin| (origin.id(), origin)).collect();
    let special = config.cache_behaviors().map(types::CacheBehaviors::items).unwrap_or_default();
    let special = special.iter().map(|behavior| read_behavior(behavior, &origins));
    let default = config.default_cache_behavior().map(|behavior| read_default(behavior, &origins));
    let errors = config.custom_error_responses().map(types::CustomErrorResponses::items).unwrap_or_default();
    DeliverySettings {
        web_acl: policy(config.web_acl_id()).is_some(),
        web_acl_id: policy(config.web_acl_id()).map(path),
        country_restriction: config
            .restrictions()
            .and_then(types::Restrictions::geo_restriction)
            .is_some_and(|restriction| restriction.restriction_type() != &types::GeoRestrictionType::None),
        client_certificate_required: config
            .viewer_mtls_config()
            .is_some_and(|mtls| mtls.mode() == &types::ViewerMtlsMode::Required),
        custom_errors: errors.iter().filter_map(custom_error).collect(),
        behaviors: special.chain(default).collect(),
        origins: all.iter().map(read_origin).collect(),
        legacy_logs: Some(config.logging().is_some_and(types::LoggingConfig::enabled)),
        deployment_policy: policy(config.continuous_deployment_policy_id()).map(path),
    }
}

fn read_origin(origin: &types::Origin) -> OriginSettings {
    let filled = |text: &str| (!text.trim().is_empty()).then(|| storable(text.trim()).into_owned());
    let control = || origin.origin_access_control_id().and_then(filled).map(OriginAccess::Control);
    let identity = || {
        let name = origin.s3_origin_config()?.origin_access_identity();
        filled(name.trim_start_matches("origin-access-identity/cloudfront/")).map(OriginAccess::Identity)
    };
    OriginSettings {
        domain: storable(origin.domain_name()).into_owned(),
        path: origin.origin_path().and_then(filled).unwrap_or_default(),
        access: control().or_else(identity).unwrap_or(OriginAccess::Open),
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

#[expect(deprecated, reason = "distributions made before cache policies still have TTLs of their own")]
fn read_behavior(behavior: &types::CacheBehavior, origins: &Origins<'_>) -> Behavior {
    let origin = origins.get(behavior.target_origin_id()).copied();
    Behavior {
        pattern: storable(behavior.path_pattern()).into_owned(),
        origin: origin.map(|origin| storable(origin.domain_name()).into_owned()),
        origin_path: origin.and_then(types::Origin::origin_path).map(path).unwrap_or_default(),
        origin_is_http_only: origin.is_some_and(is_http_only),
        signed_required: is_signed(behavior.trusted_signers(), behavior.trusted_key_groups()),
        min_ttl: ttl(behavior.cache_policy_id(), behavior.min_ttl()),
        default_ttl: ttl(behavior.cache_policy_id(), behavior.default_ttl()),
        max_ttl: ttl(behavior.cache_policy_id(), behavior.max_ttl()),
        cache_policy: policy(behavior.cache_policy_id()).map(|id| storable(id).into_owned()),
        own_policy: None,
        query_strings: behavior.forwarded_values().map(types::ForwardedValues::query_string),
        rewrites_requests: rewrites(
            behavior.function_associations(),
            behavior.lambda_function_associations(),
        ),
        functions: Some(functions(behavior.function_associations(), behavior.lambda_function_associations())),
        viewer_protocol: protocol(behavior.viewer_protocol_policy()),
        allowed_methods: methods(behavior.allowed_methods()),
    }
}

#[expect(deprecated, reason = "distributions made before cache policies still have TTLs of their own")]
fn read_default(behavior: &types::DefaultCacheBehavior, origins: &Origins<'_>) -> Behavior {
    let origin = origins.get(behavior.target_origin_id()).copied();
    Behavior {
        pattern: "*".to_owned(),
        origin: origin.map(|origin| storable(origin.domain_name()).into_owned()),
        origin_path: origin.and_then(types::Origin::origin_path).map(path).unwrap_or_default(),
        origin_is_http_only: origin.is_some_and(is_http_only),
        signed_required: is_signed(behavior.trusted_signers(), behavior.trusted_key_groups()),
        min_ttl: ttl(behavior.cache_policy_id(), behavior.min_ttl()),
        default_ttl: ttl(behavior.cache_policy_id(), behavior.default_ttl()),
        max_ttl: ttl(behavior.cache_policy_id(), behavior.max_ttl()),
        cache_policy: policy(behavior.cache_policy_id()).map(|id| storable(id).into_owned()),
        own_policy: None,
        query_strings: behavior.forwarded_values().map(types::ForwardedValues::query_string),
        rewrites_requests: rewrites(
            behavior.function_associations(),
            behavior.lambda_function_associations(),
        ),
        functions: Some(functions(behavior.function_associations(), behavior.lambda_function_associations())),
        viewer_protocol: protocol(behavior.viewer_protocol_policy()),
        allowed_methods: methods(behavior.allowed_methods()),
    }
}

/// Whether a function sees requests on their way to the cache or the origin, so that it may change their paths.
fn rewrites(
    functions: Option<&types::FunctionAssociations>,
    lambdas: Option<&types::LambdaFunctionAssociations>,
) -> bool {
    use types::EventType::{OriginRequest, ViewerRequest};
    let functions = functions.map(types::FunctionAssociations::items).unwrap_or_default();
    let lambdas = lambdas.map(types::LambdaFunctionAssociations::items).unwrap_or_default();
    functions.iter().any(|one| one.event_type() == &ViewerRequest)
        || lambdas.iter().any(|one| matches!(one.event_type(), ViewerRequest | OriginRequest))
}

/// What runs at which event. An event that is not documented is left out.
fn functions(
    functions: Option<&types::FunctionAssociations>,
    lambdas: Option<&types::LambdaFunctionAssociations>,
) -> Vec<FunctionAssociation> {
    let functions = functions.map(types::FunctionAssociations::items).unwrap_or_default().iter();
    let functions =
        functions.map(|one| (one.event_type(), format!("the function {}", name(one.function_arn(), 1))));
    let lambdas = lambdas.map(types::LambdaFunctionAssociations::items).unwrap_or_default().iter();
    let lambdas = lambdas
        .map(|one| (one.event_type(), format!("the Lambda function {}", name(one.lambda_function_arn(), 2))));
    functions
        .chain(lambdas)
        .filter_map(|(event, name)| Some(FunctionAssociation { event: function_event(event)?, name }))
        .collect()
}

fn function_event(event: &types::EventType) -> Option<FunctionEvent> {
    use types::EventType;
    match event {
        EventType::ViewerRequest => Some(FunctionEvent::ViewerRequest),
        EventType::OriginRequest => Some(FunctionEvent::OriginRequest),
        EventType::OriginResponse => Some(FunctionEvent::OriginResponse),
        EventType::ViewerResponse => Some(FunctionEvent::ViewerResponse),
        _ => None,
    }
}

/// The name in an ARN: what stands behind `function/` of a CloudFront function, and the last two parts of a Lambda
/// function's, which are its name and its version.
fn name(arn: &str, parts: usize) -> String {
    let parts: Vec<&str> = arn.trim().rsplit(':').take(parts).collect();
    let name = parts.into_iter().rev().collect::<Vec<_>>().join(":");
    storable(name.rsplit('/').next().unwrap_or_default()).into_owned()
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

fn policy(id: Option<&str>) -> Option<&str> {
    id.map(str::trim).filter(|id| !id.is_empty())
}

/// A TTL of the behaviour itself, which counts only without a cache policy.
fn ttl(id: Option<&str>, own: Option<i64>) -> Option<u64> {
    if policy(id).is_some() { None } else { own.and_then(|ttl| u64::try_from(ttl).ok()) }
}

fn protocol(policy: &types::ViewerProtocolPolicy) -> Option<ViewerProtocol> {
    match policy {
        types::ViewerProtocolPolicy::AllowAll => Some(ViewerProtocol::Any),
        types::ViewerProtocolPolicy::HttpsOnly => Some(ViewerProtocol::HttpsOnly),
        types::ViewerProtocolPolicy::RedirectToHttps => Some(ViewerProtocol::RedirectToHttps),
        _ => None,
    }
}
