//! Owns the parts of a distribution's configuration that summary and configuration share.

use super::origin_shapes::{default_cache_behavior, origins};
use crate::state::{ACCOUNT, Distribution};
use crate::xml::Element;

/// `HttpVersion` of every distribution here.
pub(super) const HTTP_VERSION: &str = "http2and3";

/// A list with nothing in it.
pub(super) fn none(name: &'static str) -> Element {
    Element::new(name).list(Vec::new())
}

pub(super) fn texts(name: &'static str, item: &'static str, texts: &[&str]) -> Element {
    Element::new(name).list(texts.iter().map(|text| Element::text(item, text)).collect())
}

pub(super) fn aliases(distribution: &Distribution) -> Element {
    let names: Vec<&str> = distribution.aliases.iter().map(String::as_str).collect();
    texts("Aliases", "CNAME", &names)
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

pub(super) fn restrictions(distribution: &Distribution) -> Element {
    let (kind, countries) = distribution.geo_restriction.shown();
    let geo = Element::new("GeoRestriction").leaf("RestrictionType", kind);
    let countries = countries.iter().map(|country| Element::text("Location", country));
    Element::new("Restrictions").child(geo.list(countries.collect()))
}

pub(super) fn custom_error_responses(distribution: &Distribution) -> Element {
    let pages = distribution.error_pages.iter().map(|page| {
        let code = page.response_code.map_or(String::new(), |code| code.to_string());
        Element::new("CustomErrorResponse")
            .leaf("ErrorCode", page.error_code)
            .leaf("ResponsePagePath", page.response_page_path.as_deref().unwrap_or_default())
            .leaf("ResponseCode", code)
            .leaf("ErrorCachingMinTTL", page.error_caching_min_ttl)
    });
    Element::new("CustomErrorResponses").list(pages.collect())
}

fn logging(distribution: &Distribution) -> Element {
    Element::new("Logging")
        .leaf("Enabled", !distribution.log_bucket.is_empty())
        .leaf("IncludeCookies", false)
        .leaf("Bucket", &distribution.log_bucket)
        .leaf("Prefix", "")
}

/// `DistributionConfig`, for `GetDistribution` and `GetDistributionConfig`.
pub(super) fn config(distribution: &Distribution) -> Element {
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
        .child(custom_error_responses(distribution))
        .leaf("Comment", &distribution.comment)
        .child(logging(distribution))
        .leaf("PriceClass", &distribution.price_class)
        .leaf("Enabled", distribution.enabled)
        .child(viewer_certificate(distribution))
        .child(restrictions(distribution))
        .leaf("WebACLId", &distribution.web_acl)
        .leaf("HttpVersion", HTTP_VERSION)
        .leaf("IsIPV6Enabled", true)
        .leaf(
            "ContinuousDeploymentPolicyId",
            distribution.continuous_deployment.as_ref().map_or("", |policy| &policy.id),
        )
        .leaf("Staging", distribution.staging)
        .leaf("ConnectionMode", &distribution.connection_mode)
        .maybe(tags)
        .maybe(distribution.client_certificates.as_deref().map(client_certificates))
}

fn client_certificates(mode: &str) -> Element {
    let store = Element::new("TrustStoreConfig").leaf("TrustStoreId", "ts_3Jq5E2bRzQ9example");
    Element::new("ViewerMtlsConfig").leaf("Mode", mode).child(store)
}
