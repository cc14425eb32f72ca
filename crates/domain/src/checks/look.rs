//! One look at one URL: what the edge answered, or why it did not.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BodyHint, CompressedAnswer, CorsLook, OriginAnswer, XCache, stored_look::StoredLook};
use crate::time::Timestamp;

/// One observation of one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredLook", into = "StoredLook")]
pub struct Look {
    /// When the head of the answer had arrived, or the look had failed, by our own clock.
    pub at: Timestamp,
    /// The time from the moment before the request was sent to `at`. The cache answered within it.
    pub duration: Duration,
    pub outcome: Result<Answer, LookFailure>,
}

impl Look {
    /// The moment before the request was sent.
    #[must_use]
    pub fn sent_at(&self) -> Timestamp {
        self.at.minus(self.duration)
    }

    /// A look that was not made.
    #[must_use]
    pub const fn not_made(at: Timestamp) -> Self {
        Self { at, duration: Duration::ZERO, outcome: Err(LookFailure::NotLooked) }
    }

    /// Whether the host took all the time that a look has.
    #[must_use]
    pub const fn hung(&self) -> bool {
        matches!(self.outcome, Err(LookFailure::ConnectTimeout | LookFailure::AnswerTimeout))
    }

    /// The answer, if there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.outcome.as_ref().ok()
    }
}

/// Why a look got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookFailure {
    /// The host's name has no address.
    NameNotResolved,
    /// The address is one that is never asked, such as a private one. No connection was made.
    AddressRefused,
    ConnectionRefused,
    ConnectTimeout,
    /// There was a connection, but the answer was not complete in time.
    AnswerTimeout,
    /// No look was made: too many were waiting, or the host had hung before.
    NotLooked,
    /// No look was made: a secret header that it would send cannot be decrypted with the key of this server.
    SecretNotRead,
    /// The certificate is for another name.
    CertificateWrongName,
    /// TLS failed in another way: an expired or unknown certificate, or no common version.
    TlsFailed,
    /// The server wants a certificate of the client (mTLS).
    ClientCertificateRequired,
    TooManyRedirects,
    /// The answer redirects to an address that is not followed, such as another site.
    RedirectNotFollowed,
    /// The connection was reset, or the answer is not HTTP.
    ProtocolError,
}

impl LookFailure {
    /// What happened, in a few words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NameNotResolved => "The host's name has no address",
            Self::AddressRefused => "Not an address that is looked at",
            Self::ConnectionRefused => "Connection refused",
            Self::ConnectTimeout => "No connection in time",
            Self::AnswerTimeout => "No whole answer in time",
            Self::NotLooked => "Not looked at",
            Self::SecretNotRead => "Not looked at: a secret header cannot be decrypted",
            Self::CertificateWrongName => "Certificate for another name",
            Self::TlsFailed => "TLS failed",
            Self::ClientCertificateRequired => "A client certificate is required",
            Self::TooManyRedirects => "Too many redirects",
            Self::RedirectNotFollowed => "A redirect that is not followed",
            Self::ProtocolError => "Connection reset, or no HTTP",
        }
    }
}

/// What is kept of an answer. Of the body only its hash and a hint at a known error.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact about the headers, and none excludes another"
)]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    pub x_cache: Option<XCache>,
    /// `Age`, in whole seconds. `None` if it is missing, is no number, or is sent twice with different values.
    pub age: Option<u64>,
    /// `Date`, by the clock of whoever wrote it: the origin, or any cache.
    pub date: Option<Timestamp>,
    /// `ETag` as it was sent. For comparing see [`Answer::opaque_tag`].
    pub etag: Option<String>,
    pub last_modified: Option<Timestamp>,
    /// `Content-Length`, or else the length of the body if it was read to its end. In bytes.
    pub length: Option<u64>,
    /// Of the bytes as they came: of a compressed body if there is an `encoding`.
    pub body: Option<BodyDigest>,
    /// `Content-Encoding`, such as `gzip`, in lower case. `None` if it is missing or `identity`.
    pub encoding: Option<String>,
    /// `x-amz-version-id` of S3. `None` for `null`, which S3 sends for every version without an ID.
    pub version_id: Option<String>,
    /// `X-Amz-Cf-Pop`: the edge location, such as `FRA50-C1`.
    pub pop: Option<String>,
    /// `X-Amz-Cf-Id`: the ID that AWS Support and the access logs know.
    pub cf_id: Option<String>,
    /// Whether `Via`, `X-Amz-Cf-Id` or `X-Amz-Cf-Pop` says that CloudFront handled the answer.
    pub via_cloudfront: bool,
    /// Another cache or CDN that names itself in the headers, such as `Varnish`.
    pub other_cache: Option<String>,
    /// Whether `Via` says that this cache is between CloudFront and the origin.
    pub is_cache_behind: bool,
    pub server: Option<String>,
    /// `Location` of a redirect.
    pub location: Option<String>,
    pub is_html: bool,
    /// Whether `Cache-Control` has `no-store`, `no-cache` or `private`.
    pub forbids_caching: bool,
    /// `WWW-Authenticate` is present.
    pub asks_for_credentials: bool,
    /// The answer has a header of API Gateway or an AWS service: `x-amz-apigw-id`, `apigw-requestid` (HTTP APIs),
    /// `x-amzn-errortype`.
    pub from_aws_api: bool,
    /// `Access-Control-Allow-Origin`.
    pub allowed_origin: Option<String>,
    /// What another origin got of the same URL. `None` if nobody set one.
    pub cors: Option<CorsLook>,
    /// What viewers got that accept compressed answers. `None` if nobody wanted to know, or there was no answer.
    pub compressed: Option<Box<CompressedAnswer>>,
    /// What the origin itself answered. `None` if it was not asked, or did not answer.
    pub origin: Option<OriginAnswer>,
    /// `Retry-After`, as it was sent: seconds or a date.
    pub retry_after: Option<String>,
    pub body_hint: BodyHint,
    /// Whether the text that must appear was found. `None` if none was set.
    pub required_text_found: Option<bool>,
    /// Whether the text that must not appear was found. `None` if none was set.
    pub forbidden_text_found: Option<bool>,
}

impl Answer {
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.status >= 400
    }

    #[must_use]
    pub const fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// The `ETag` without `W/`. CloudFront marks the tag of a copy that it compresses as weak (developer guide,
    /// "Serving compressed files"), and Varnish that of a copy that it unpacked.
    #[must_use]
    pub fn opaque_tag(&self) -> Option<&str> {
        let tag = self.etag.as_deref()?;
        Some(tag.strip_prefix("W/").unwrap_or(tag))
    }

    /// Whether everything that people expect of the text is so. `None` if nothing is expected.
    #[must_use]
    pub fn text_is_as_expected(&self) -> Option<bool> {
        match (self.required_text_found, self.forbidden_text_found) {
            (None, None) => None,
            (required, forbidden) => Some(required != Some(false) && forbidden != Some(true)),
        }
    }
}

/// The hash of a body, or of its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyDigest {
    /// The SHA-256 of the first `hashed` bytes.
    #[serde(with = "super::stored_look::sha256")]
    pub sha256: [u8; 32],
    /// How many bytes were hashed.
    pub hashed: u64,
    /// Whether that is the whole body. Otherwise it was cut at the bound.
    pub whole: bool,
}

impl BodyDigest {
    /// Hashes what was read of a body.
    #[must_use]
    pub fn of(read: &[u8], whole: bool) -> Self {
        Self { sha256: Sha256::digest(read).into(), hashed: read.len() as u64, whole }
    }
}
