//! Errors that CloudFront itself makes.

use super::{Author, BodyHint, CheckCause, Facts, XCache};
use crate::checks::OriginKind;

/// The cause if `X-Cache` says that a function, or a quota, made the error.
pub(super) fn generated(facts: &Facts<'_>) -> Option<CheckCause> {
    match facts.answer.x_cache.as_ref()? {
        XCache::FunctionFailed | XCache::LambdaFailed => Some(CheckCause::FunctionFailed),
        XCache::LimitExceeded => Some(CheckCause::LimitExceeded),
        XCache::FunctionGenerated | XCache::LambdaGenerated => Some(match facts.answer.status {
            401 => CheckCause::CredentialsRequired,
            429 => CheckCause::TooManyRequests,
            _ => CheckCause::RefusedByFunction,
        }),
        XCache::Hit
        | XCache::RefreshHit
        | XCache::Miss
        | XCache::Redirect
        | XCache::Error
        | XCache::Unknown(_) => None,
    }
}

/// The cause if the body is one of CloudFront's own pages. An origin's page may have the same words.
pub(super) fn by_hint(facts: &Facts<'_>) -> Option<CheckCause> {
    if facts.author() == Author::Origin {
        return None;
    }
    let configuration = facts.configuration();
    match facts.answer.body_hint {
        // Without a web ACL, something else in CloudFront blocks: with 403 no rule knows more than the status.
        BodyHint::RequestBlocked => {
            (configuration.web_acl != Some(false)).then_some(CheckCause::BlockedByWaf)
        }
        BodyHint::CountryBlocked => Some(CheckCause::BlockedByCountry),
        BodyHint::BadRequest => bad_request(facts),
        BodyHint::MissingKey => Some(CheckCause::SignatureRequired),
        BodyHint::InvalidKey => Some(CheckCause::SignerUnknown),
        // Other stores than S3 write the same code, so it counts only where a signature may be wanted.
        BodyHint::SignatureDenied => {
            (configuration.signed_required != Some(false)).then_some(CheckCause::SignatureDenied)
        }
        BodyHint::MethodNotAllowed => Some(CheckCause::MethodNotAllowed),
        BodyHint::OriginNotResolved => Some(CheckCause::OriginNotResolved),
        // The page of a 504 has the same words: an origin that does not answer in time (observed in public threads).
        BodyHint::OriginNotConnected if facts.answer.status != 504 => Some(CheckCause::OriginNotConnected),
        BodyHint::None
        | BodyHint::OriginNotConnected
        | BodyHint::S3AccessDenied
        | BodyHint::S3NoSuchKey
        | BodyHint::S3NoSuchBucket
        | BodyHint::ApiForbidden
        | BodyHint::ApiRouteMissing
        | BodyHint::ApiQuotaExceeded
        | BodyHint::ApiFailed
        | BodyHint::ApiTimedOut => None,
    }
}

/// "Bad request." with 403: the host is no alias, or HTTP is used where only HTTPS is allowed (re:Post,
/// "resolve-cloudfront-bad-request-error"). With 400, CloudFront could not read the request.
fn bad_request(facts: &Facts<'_>) -> Option<CheckCause> {
    if facts.answer.status != 403 {
        return None;
    }
    if facts.site.is_its_host != Some(true) {
        return Some(CheckCause::HostNotAlias);
    }
    if facts.configuration().origin == Some(OriginKind::CloudFront) {
        return Some(CheckCause::StackedDistribution);
    }
    Some(if facts.site.url.https { CheckCause::HostNotAlias } else { CheckCause::HttpsRequired })
}

/// The cause of a 403 that neither the body nor an origin's headers explain.
pub(super) fn refused(facts: &Facts<'_>) -> CheckCause {
    let configuration = facts.configuration();
    // A web ACL can have a response of its own, without the words by which its usual one is known.
    if configuration.web_acl == Some(true) {
        return CheckCause::RefusedMaybeWaf;
    }
    // The origin is never asked without a signature. A page of the site may stand for CloudFront's own words.
    let lacks_signature = configuration.signed_required == Some(true) && !facts.site.url.is_signed;
    if lacks_signature && configuration.country_restriction == Some(false) {
        return CheckCause::SignatureRequired;
    }
    let is_stacked = configuration.origin == Some(OriginKind::CloudFront)
        && matches!(facts.answer.body_hint, BodyHint::None | BodyHint::RequestBlocked)
        && facts.author() == Author::CloudFront;
    if is_stacked { CheckCause::StackedDistribution } else { CheckCause::OtherRefusal }
}
