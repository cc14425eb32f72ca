//! Owns the parts of a distribution's configuration that decide what viewers get from edge and origin.

use serde::{Deserialize, Serialize};

/// What stands behind the edge and answers from the origin folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// A private S3 bucket, asked through its REST API: it has no folder index.
    #[default]
    S3,
    /// A bucket's static-website endpoint: folder index, HTML errors, the error document `error.html`.
    Website,
    /// A web server, nginx by its headers.
    Custom,
}

/// How the distribution signs what it asks an S3 bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginAccess {
    /// Origin access control.
    #[default]
    Oac,
    /// The older origin access identity.
    Oai,
    /// Not at all: the bucket is public.
    Unsigned,
}

/// What the bucket's policy lets somebody do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BucketPolicy {
    /// `s3:GetObject`: a missing object is a 403.
    #[default]
    Read,
    /// `s3:ListBucket` as well: a missing object is a 404.
    ReadAndList,
    /// Nothing: every object is a 403.
    Deny,
}

/// What becomes of viewers that come by HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewerProtocolPolicy {
    /// They are served.
    AllowAll,
    /// They are refused.
    HttpsOnly,
    /// They are sent to HTTPS.
    RedirectToHttps,
}

impl ViewerProtocolPolicy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AllowAll => "allow-all",
            Self::HttpsOnly => "https-only",
            Self::RedirectToHttps => "redirect-to-https",
        }
    }
}

/// One of `CustomErrorResponses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorPage {
    /// The status that it stands in for.
    pub error_code: u16,
    /// The path of the page, such as `/index.html`; without it the error stays as it is.
    #[serde(default)]
    pub response_page_path: Option<String>,
    /// The status that viewers get with the page; without it the error's own.
    #[serde(default)]
    pub response_code: Option<u16>,
    /// Seconds that the edge keeps the error; CloudFront's default is 10.
    #[serde(default = "ten")]
    pub error_caching_min_ttl: u64,
}

fn ten() -> u64 {
    10
}

/// One of `FunctionAssociations`, or of `LambdaFunctionAssociations` by its ARN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionAssociation {
    /// `viewer-request`, `viewer-response`, and of a Lambda function `origin-request` or `origin-response`.
    pub event_type: String,
    /// `arn:aws:cloudfront::ACCOUNT:function/NAME` or `arn:aws:lambda:us-east-1:ACCOUNT:function:NAME:VERSION`.
    pub arn: String,
}

impl FunctionAssociation {
    pub(crate) fn is_lambda(&self) -> bool {
        self.arn.starts_with("arn:aws:lambda:")
    }
}

/// Which countries' viewers are served. Every viewer of the sandbox is in [`VIEWER_COUNTRY`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeoRestriction {
    /// All.
    #[default]
    None,
    /// All but these.
    Blacklist(Vec<String>),
    /// Only these.
    Whitelist(Vec<String>),
}

/// The country of whoever asks the sandbox's edge.
pub const VIEWER_COUNTRY: &str = "US";

impl GeoRestriction {
    pub(crate) fn shown(&self) -> (&'static str, &[String]) {
        match self {
            Self::None => ("none", &[]),
            Self::Blacklist(countries) => ("blacklist", countries),
            Self::Whitelist(countries) => ("whitelist", countries),
        }
    }

    pub(crate) fn blocks(&self, country: &str) -> bool {
        let named = |countries: &[String]| countries.iter().any(|known| known.eq_ignore_ascii_case(country));
        match self {
            Self::None => false,
            Self::Blacklist(countries) => named(countries),
            Self::Whitelist(countries) => !named(countries),
        }
    }
}

/// Who sends the headers of cross-origin requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorsBy {
    /// A response headers policy at the edge.
    #[default]
    Policy,
    /// The origin: the edge keeps them with the object, for whoever asks next.
    Origin,
}

/// The origins whose scripts may read the site; none: no such headers at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Such as `https://app.example.com`, or `*` for all.
    pub origins: Vec<String>,
    /// Who says so.
    pub by: CorsBy,
}

impl Cors {
    /// The value of `Access-Control-Allow-Origin` for a request from `origin`; `None`: no header.
    pub(crate) fn allows(&self, origin: &str) -> Option<String> {
        if self.origins.iter().any(|known| known == "*") {
            return Some("*".to_owned());
        }
        self.origins.iter().find(|known| *known == origin).cloned()
    }
}
