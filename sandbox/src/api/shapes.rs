//! Owns the parts of a distribution's configuration that summary and configuration share.

use crate::state::{ACCOUNT, Distribution};
use crate::xml::Element;

/// `HttpVersion` of every distribution here.
pub(super) const HTTP_VERSION: &str = "http2and3";
/// AWS's managed policies `CachingOptimized`, and the one that has query strings in the key.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const USE_ORIGIN_HEADERS_QUERY_STRINGS: &str = "4cc15a8a-d715-48a4-82b8-cc0b614638fe";

/// A list with nothing in it.
pub(super) fn none(name: &'static str) -> Element {
    Element::new(name).list(Vec::new())
}

fn texts(name: &'static str, item: &'static str, texts: &[&str]) -> Element {
    Element::new(name).list(texts.iter().map(|text| Element::text(item, text)).collect())
}

pub(super) fn aliases(distribution: &Distribution) -> Element {
    let names: Vec<&str> = distribution.aliases.iter().map(String::as_str).collect();
    texts("Aliases", "CNAME", &names)
}

fn origin_id(distribution: &Distribution) -> String {
    format!("{}.s3.us-east-1.amazonaws.com", distribution.folder.to_lowercase())
}

pub(super) fn origins(distribution: &Distribution) -> Element {
    let s3 = Element::new("S3OriginConfig").leaf("OriginAccessIdentity", "").leaf("OriginReadTimeout", 30);
    let origin = Element::new("Origin")
        .leaf("Id", origin_id(distribution))
        .leaf("DomainName", origin_id(distribution))
        .leaf("OriginPath", "")
        .child(none("CustomHeaders"))
        .child(s3)
        .leaf("ConnectionAttempts", 3)
        .leaf("ConnectionTimeout", 10)
        .child(Element::new("OriginShield").leaf("Enabled", false))
        .leaf("OriginAccessControlId", "E2QWRUHEXAMPLE");
    Element::new("Origins").list(vec![origin])
}

pub(super) fn default_cache_behavior(distribution: &Distribution) -> Element {
    let policy =
        if distribution.query_strings { USE_ORIGIN_HEADERS_QUERY_STRINGS } else { CACHING_OPTIMIZED };
    let nobody = |name| Element::new(name).leaf("Enabled", false).leaf("Quantity", 0);
    let methods = texts("AllowedMethods", "Method", &["HEAD", "GET"]);
    Element::new("DefaultCacheBehavior")
        .leaf("TargetOriginId", origin_id(distribution))
        .child(nobody("TrustedSigners"))
        .child(nobody("TrustedKeyGroups"))
        .leaf("ViewerProtocolPolicy", "redirect-to-https")
        .child(methods.child(texts("CachedMethods", "Method", &["HEAD", "GET"])))
        .leaf("SmoothStreaming", false)
        .leaf("Compress", true)
        .child(none("LambdaFunctionAssociations"))
        .child(none("FunctionAssociations"))
        .leaf("FieldLevelEncryptionId", "")
        .leaf("CachePolicyId", policy)
        .child(Element::new("GrpcConfig").leaf("Enabled", false))
}

pub(super) fn viewer_certificate(distribution: &Distribution) -> Element {
    let certificate = Element::new("ViewerCertificate");
    if distribution.aliases.is_empty() {
        return certificate
            .leaf("CloudFrontDefaultCertificate", true)
            .leaf("SSLSupportMethod", "vip")
            .leaf("MinimumProtocolVersion", "TLSv1")
            .leaf("CertificateSource", "cloudfront");
    }
    let arn = format!("arn:aws:acm:us-east-1:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012");
    certificate
        .leaf("CloudFrontDefaultCertificate", false)
        .leaf("ACMCertificateArn", &arn)
        .leaf("SSLSupportMethod", "sni-only")
        .leaf("MinimumProtocolVersion", "TLSv1.2_2021")
        .leaf("Certificate", &arn)
        .leaf("CertificateSource", "acm")
}

pub(super) fn restrictions() -> Element {
    let geo = Element::new("GeoRestriction").leaf("RestrictionType", "none").leaf("Quantity", 0);
    Element::new("Restrictions").child(geo)
}

/// `DistributionConfig`, for `GetDistribution` and `GetDistributionConfig`.
pub(super) fn config(distribution: &Distribution) -> Element {
    let logging = Element::new("Logging")
        .leaf("Enabled", false)
        .leaf("IncludeCookies", false)
        .leaf("Bucket", "")
        .leaf("Prefix", "");
    let tags = distribution.cache_tag_header.as_ref();
    let tags = tags.map(|name| Element::new("CacheTagConfig").leaf("HeaderName", name));
    Element::new("DistributionConfig")
        .leaf("CallerReference", &distribution.domain)
        .child(aliases(distribution))
        .leaf("DefaultRootObject", &distribution.default_root_object)
        .child(origins(distribution))
        .child(none("OriginGroups"))
        .child(default_cache_behavior(distribution))
        .child(none("CacheBehaviors"))
        .child(none("CustomErrorResponses"))
        .leaf("Comment", &distribution.comment)
        .child(logging)
        .leaf("PriceClass", &distribution.price_class)
        .leaf("Enabled", distribution.enabled)
        .child(viewer_certificate(distribution))
        .child(restrictions())
        .leaf("WebACLId", "")
        .leaf("HttpVersion", HTTP_VERSION)
        .leaf("IsIPV6Enabled", true)
        .leaf("ContinuousDeploymentPolicyId", "")
        .leaf("Staging", distribution.staging)
        .leaf("ConnectionMode", &distribution.connection_mode)
        .maybe(tags)
}
