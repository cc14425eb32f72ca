//! Owns how a distribution's origin and its default cache behaviour read in the API's XML.

use super::shapes::{none, texts};
use crate::state::{CorsBy, Distribution, OriginAccess, OriginKind};
use crate::xml::Element;

/// AWS's managed policies `CachingOptimized`, and the one that has query strings in the key.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const USE_ORIGIN_HEADERS_QUERY_STRINGS: &str = "4cc15a8a-d715-48a4-82b8-cc0b614638fe";
/// AWS's managed response headers policy `CORS-With-Preflight`.
const CORS_WITH_PREFLIGHT: &str = "5cc3b908-e619-4b99-88e5-2cf7f45965bd";
/// The only key group there is.
pub(super) const KEY_GROUP: &str = "3c1d0d1e-5f6a-4a55-9c0b-2f1a7e1b6c11";

fn custom(kind: OriginKind) -> Element {
    // A website endpoint has no HTTPS.
    let policy = if kind == OriginKind::Website { "http-only" } else { "https-only" };
    Element::new("CustomOriginConfig")
        .leaf("HTTPPort", 80)
        .leaf("HTTPSPort", 443)
        .leaf("OriginProtocolPolicy", policy)
        .child(texts("OriginSslProtocols", "SslProtocol", &["TLSv1.2"]))
        .leaf("OriginReadTimeout", 30)
        .leaf("OriginKeepaliveTimeout", 5)
}

pub(super) fn origins(distribution: &Distribution) -> Element {
    let is_s3 = distribution.origin_kind == OriginKind::S3;
    let identity = match distribution.origin_access {
        OriginAccess::Oai if is_s3 => "origin-access-identity/cloudfront/E127EXAMPLE51Z",
        _ => "",
    };
    let control = match distribution.origin_access {
        OriginAccess::Oac if is_s3 => "E2QWRUHEXAMPLE",
        _ => "",
    };
    let config = if is_s3 {
        Element::new("S3OriginConfig").leaf("OriginAccessIdentity", identity).leaf("OriginReadTimeout", 30)
    } else {
        custom(distribution.origin_kind)
    };
    let origin = Element::new("Origin")
        .leaf("Id", distribution.origin_host())
        .leaf("DomainName", distribution.origin_host())
        .leaf("OriginPath", &distribution.origin_path)
        .child(none("CustomHeaders"))
        .child(config)
        .leaf("ConnectionAttempts", 3)
        .leaf("ConnectionTimeout", 10)
        .child(Element::new("OriginShield").leaf("Enabled", false))
        .leaf("OriginAccessControlId", control);
    Element::new("Origins").list(vec![origin])
}

pub(super) fn default_cache_behavior(distribution: &Distribution) -> Element {
    let signers = Element::new("TrustedSigners").leaf("Enabled", false).leaf("Quantity", 0);
    let groups: &[&str] = if distribution.trusted_keys.is_empty() { &[] } else { &[KEY_GROUP] };
    let groups = Element::new("TrustedKeyGroups")
        .leaf("Enabled", !groups.is_empty())
        .list(groups.iter().map(|group| Element::text("KeyGroup", group)).collect());
    let protocol = distribution.viewer_protocol_policy.map_or("redirect-to-https", |policy| policy.name());
    let methods: Vec<&str> = distribution.allowed_methods.iter().map(String::as_str).collect();
    let methods = texts("AllowedMethods", "Method", &methods);
    let adds_cors = !distribution.cors.origins.is_empty() && distribution.cors.by == CorsBy::Policy;
    let behavior = Element::new("DefaultCacheBehavior")
        .leaf("TargetOriginId", distribution.origin_host())
        .child(signers)
        .child(groups)
        .leaf("ViewerProtocolPolicy", protocol)
        .child(methods.child(texts("CachedMethods", "Method", &["HEAD", "GET"])))
        .leaf("SmoothStreaming", false)
        .leaf("Compress", true)
        .child(lambdas(distribution))
        .child(functions(distribution))
        .leaf("FieldLevelEncryptionId", "")
        .maybe(adds_cors.then(|| Element::text("ResponseHeadersPolicyId", CORS_WITH_PREFLIGHT)));
    keeping(distribution, behavior).child(Element::new("GrpcConfig").leaf("Enabled", false))
}

fn lambdas(distribution: &Distribution) -> Element {
    let all = distribution.functions.iter().filter(|one| one.is_lambda());
    let all = all.map(|one| {
        Element::new("LambdaFunctionAssociation")
            .leaf("LambdaFunctionARN", &one.arn)
            .leaf("EventType", &one.event_type)
            .leaf("IncludeBody", false)
    });
    Element::new("LambdaFunctionAssociations").list(all.collect())
}

fn functions(distribution: &Distribution) -> Element {
    let all = distribution.functions.iter().filter(|one| !one.is_lambda());
    let all = all.map(|one| {
        Element::new("FunctionAssociation").leaf("FunctionARN", &one.arn).leaf("EventType", &one.event_type)
    });
    Element::new("FunctionAssociations").list(all.collect())
}

/// The cache key and the times: a managed policy where one fits, else the older settings that stand in the behaviour.
fn keeping(distribution: &Distribution, behavior: Element) -> Element {
    if let Some(policy) = &distribution.cache_policy {
        return behavior.leaf("CachePolicyId", &policy.id);
    }
    if distribution.key_headers.is_empty() && distribution.min_ttl == 0 {
        let policy =
            if distribution.query_strings { USE_ORIGIN_HEADERS_QUERY_STRINGS } else { CACHING_OPTIMIZED };
        return behavior.leaf("CachePolicyId", policy);
    }
    let headers: Vec<&str> = distribution.key_headers.iter().map(String::as_str).collect();
    let forwarded = Element::new("ForwardedValues")
        .leaf("QueryString", distribution.query_strings)
        .child(Element::new("Cookies").leaf("Forward", "none"))
        .child(texts("Headers", "Name", &headers))
        .child(none("QueryStringCacheKeys"));
    let default = distribution.min_ttl.max(86_400);
    behavior
        .child(forwarded)
        .leaf("MinTTL", distribution.min_ttl)
        .leaf("DefaultTTL", default)
        .leaf("MaxTTL", default.max(31_536_000))
}
