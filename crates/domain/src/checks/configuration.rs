//! What is known of a distribution's configuration. A check needs it to tell causes apart.

pub use crate::distributions::delivery::CustomErrorResponse;

/// The facts for the URL of one check. `None` and empty mean "not known": nothing follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EdgeConfiguration {
    /// The distribution's ID, for the words of a step.
    pub distribution: Option<String>,
    /// The AWS account's ID, for the words of a step.
    pub account: Option<String>,
    pub enabled: Option<bool>,
    /// Whether a change of the configuration is still being deployed (`Status` is `InProgress`).
    pub deploying: Option<bool>,
    /// All hosts that the distribution serves: its aliases and its own domain.
    pub hosts: Option<Vec<String>>,
    /// Whether a web ACL of AWS WAF is attached.
    pub web_acl: Option<bool>,
    /// Whether there is a geographic restriction.
    pub country_restriction: Option<bool>,
    /// Whether the URL's behaviour wants signed URLs or signed cookies.
    pub signed_required: Option<bool>,
    /// Whether viewers must show a certificate of their own (mTLS).
    pub client_certificate_required: Option<bool>,
    pub custom_errors: Vec<CustomErrorResponse>,
    /// The default root object, such as `index.html`. `Some("")` if none is set.
    pub default_root_object: Option<String>,
    /// What the URL's behaviour has as its origin.
    pub origin: Option<OriginKind>,
    /// The bucket's name if the origin is S3.
    pub bucket: Option<String>,
    /// `MinTTL` of the URL's behaviour, in seconds.
    pub min_ttl: Option<u64>,
    /// The methods that the URL's behaviour allows.
    pub allowed_methods: Option<Vec<String>>,
    /// The SHA-256 of the custom error page, if it was looked at.
    pub error_page_sha256: Option<[u8; 32]>,
}

/// What kind of origin a behaviour has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginKind {
    /// A bucket by S3's API. It has no index of a folder.
    S3,
    /// The website endpoint of a bucket.
    S3Website,
    /// Another CloudFront distribution.
    CloudFront,
    /// Any other server.
    Custom,
}

impl OriginKind {
    /// What an origin's domain name says of it.
    #[must_use]
    pub fn of(domain: &str) -> Self {
        if bucket_of(domain).is_some() {
            Self::S3
        } else if domain.ends_with(".amazonaws.com") && domain.contains(".s3-website") {
            Self::S3Website
        } else if domain.ends_with(".cloudfront.net") {
            Self::CloudFront
        } else {
            Self::Custom
        }
    }
}

/// The bucket of a domain name such as `BUCKET.s3.eu-central-1.amazonaws.com` (S3 user guide, "Virtual hosting of
/// buckets"). The names of buckets may have dots.
#[must_use]
pub fn bucket_of(domain: &str) -> Option<&str> {
    let rest = domain.strip_suffix(".amazonaws.com").or_else(|| domain.strip_suffix(".amazonaws.com.cn"))?;
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
            assert_eq!((OriginKind::of(origin), bucket_of(origin)), (expected, name), "{origin}");
        }
    }
}
