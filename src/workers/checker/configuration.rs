//! What the store knows of a distribution's configuration, for telling causes apart.

use url::Url;

use crate::domain::{
    checks::{EdgeConfiguration, OriginKind},
    distributions::distribution::Distribution,
};

/// The facts for one URL of a distribution.
pub(super) fn configuration(distribution: &Distribution, url: &str) -> EdgeConfiguration {
    let config = distribution.config.as_ref();
    let delivery = config.map(|config| &config.delivery).filter(|delivery| !delivery.behaviors.is_empty());
    let path = Url::parse(url).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    let behavior = delivery.and_then(|delivery| delivery.behavior_of(&path));
    let origin = match (behavior, &distribution.origins[..]) {
        (Some(behavior), _) => behavior.origin.as_deref(),
        // With several origins, the behaviours decide which one a URL has.
        (None, [origin]) => Some(origin.as_str()),
        (None, _) => None,
    };
    let account = distribution.account();
    EdgeConfiguration {
        distribution: Some(distribution.id.to_string()),
        account: (!account.is_empty()).then(|| account.to_owned()),
        enabled: Some(distribution.enabled),
        deploying: Some(distribution.status != "Deployed"),
        hosts: Some(distribution.names().map(str::to_owned).collect()),
        web_acl: delivery.map(|delivery| delivery.web_acl),
        country_restriction: delivery.map(|delivery| delivery.country_restriction),
        signed_required: behavior.map(|behavior| behavior.signed_required),
        client_certificate_required: delivery.map(|delivery| delivery.client_certificate_required),
        custom_errors: delivery.map(|delivery| delivery.custom_errors.clone()).unwrap_or_default(),
        default_root_object: config.map(|config| config.root_object.clone().unwrap_or_default()),
        origin: origin.map(kind),
        bucket: origin.and_then(bucket).map(str::to_owned),
        min_ttl: behavior.and_then(|behavior| behavior.min_ttl),
        allowed_methods: behavior
            .map(|behavior| behavior.allowed_methods.clone())
            .filter(|methods| !methods.is_empty()),
        ..EdgeConfiguration::default()
    }
}

/// What an origin's domain name says of it.
fn kind(origin: &str) -> OriginKind {
    if bucket(origin).is_some() {
        OriginKind::S3
    } else if origin.ends_with(".amazonaws.com") && origin.contains(".s3-website") {
        OriginKind::S3Website
    } else if origin.ends_with(".cloudfront.net") {
        OriginKind::CloudFront
    } else {
        OriginKind::Custom
    }
}

/// The bucket of a domain name such as `BUCKET.s3.eu-central-1.amazonaws.com` (S3 user guide, "Virtual hosting of
/// buckets"). The names of buckets may have dots.
fn bucket(origin: &str) -> Option<&str> {
    let rest = origin.strip_suffix(".amazonaws.com").or_else(|| origin.strip_suffix(".amazonaws.com.cn"))?;
    let (bucket, service) = rest.rsplit_once(".s3")?;
    // The rest is nothing, `.REGION`, `-REGION` or `.dualstack.REGION`; `-website…` is the website endpoint.
    let is_api = service.is_empty() || service.starts_with(['.', '-']) && !service.starts_with("-website");
    (is_api && !bucket.is_empty()).then_some(bucket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origins_name_says_what_it_is() {
        for (origin, expected, name) in [
            ("site.s3.amazonaws.com", OriginKind::S3, Some("site")),
            ("www.example.com.s3.eu-central-1.amazonaws.com", OriginKind::S3, Some("www.example.com")),
            ("site.s3-eu-west-1.amazonaws.com", OriginKind::S3, Some("site")),
            ("site.s3.cn-north-1.amazonaws.com.cn", OriginKind::S3, Some("site")),
            ("site.s3-website-us-east-1.amazonaws.com", OriginKind::S3Website, None),
            ("site.s3-website.eu-central-1.amazonaws.com", OriginKind::S3Website, None),
            ("abc.execute-api.us-east-1.amazonaws.com", OriginKind::Custom, None),
            ("d123.cloudfront.net", OriginKind::CloudFront, None),
            ("origin.example.com", OriginKind::Custom, None),
        ] {
            assert_eq!((kind(origin), bucket(origin)), (expected, name), "{origin}");
        }
    }
}
