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
