//! Owns the kinds of answers that a rule of the edge may ask for.

use serde::{Deserialize, Serialize};

/// What viewers get where a rule of the edge matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeAnswer {
    /// What they would get without the rule, with the rule's changes.
    #[default]
    Usual,
    /// The rule's status, headers and body, as from the edge; nothing is cached.
    Fixed,

    /// The rule's status, headers and body from the origin: the edge caches them like any answer.
    Origin,
    /// S3's 403 from the origin.
    S3AccessDenied,
    /// S3's 404 from the origin.
    S3NoSuchKey,
    /// The origin refuses the connection, or its TLS does not fit: 502, or the expired copy if there is one.
    OriginUnreachable,
    /// The origin closes the connection without an answer: 502, or the expired copy.
    OriginClosed,
    /// The origin's name does not resolve: 502, or the expired copy.
    OriginUnresolved,
    /// The origin does not answer in time: 504, or the expired copy.
    OriginTimeout,

    /// The web ACL's 403, "Request blocked."
    WafBlock,
    /// The 403 of a geographic restriction.
    GeoBlock,
    /// CloudFront's 403, or the status given, with "Bad request."
    BadRequest,
    /// The 403 for a URL without a signature.
    MissingKey,
    /// The 403 for a signature with a key that the distribution does not know.
    InvalidKey,
    /// The 403 for a signature that has expired or does not fit.
    SignatureRefused,
    /// The 403 for a method that the behaviour does not allow.
    MethodRefused,
    /// The behaviour's redirect to HTTPS.
    RedirectToHttps,
    /// 503 because a quota of CloudFront is used up.
    LimitExceeded,
    /// 503 because the edge location has no capacity.
    Unavailable,

    /// A CloudFront function answers with the rule's status, headers and body.
    FunctionResponse,
    /// A CloudFront function fails: 503.
    FunctionError,
    /// A function of Lambda@Edge answers with the rule's status, headers and body.
    LambdaResponse,
    /// A function of Lambda@Edge fails: 503.
    LambdaError,
    /// What a function of Lambda@Edge returns is not valid: 502.
    LambdaInvalid,
    /// A function of Lambda@Edge is throttled: 503.
    LambdaLimit,

    /// No answer at all, on a connection that stays open.
    Hang,
    /// The TCP connection is reset.
    Reset,
    /// The TCP connection is closed without an answer.
    Close,
    /// The usual answer, cut in the middle of its body.
    Truncate,
}

impl EdgeAnswer {
    /// Whether the origin is asked, and how it answers is what the rule says.
    pub(crate) fn is_the_origins(self) -> bool {
        match self {
            Self::Origin
            | Self::S3AccessDenied
            | Self::S3NoSuchKey
            | Self::OriginUnreachable
            | Self::OriginClosed
            | Self::OriginUnresolved
            | Self::OriginTimeout => true,
            Self::Usual
            | Self::Fixed
            | Self::WafBlock
            | Self::GeoBlock
            | Self::BadRequest
            | Self::MissingKey
            | Self::InvalidKey
            | Self::SignatureRefused
            | Self::MethodRefused
            | Self::RedirectToHttps
            | Self::LimitExceeded
            | Self::Unavailable
            | Self::FunctionResponse
            | Self::FunctionError
            | Self::LambdaResponse
            | Self::LambdaError
            | Self::LambdaInvalid
            | Self::LambdaLimit
            | Self::Hang
            | Self::Reset
            | Self::Close
            | Self::Truncate => false,
        }
    }
}

/// A second cache that stands between viewers and CloudFront. It keeps answers for their `max-age`, or two minutes, and
/// no invalidation reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrontCache {
    /// A hit has an `Age`, the first answer's `Date` and `X-Varnish` with two numbers.
    Varnish,
    /// A hit has a new `Date` and no `Age`.
    Nginx,
}
