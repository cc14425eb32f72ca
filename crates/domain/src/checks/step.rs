//! One next step for each cause, in words for people.

mod access;
mod api;
mod connection;
mod cors;
mod filled_in;
mod known;
mod origin;
mod outcome;
mod references;
mod s3;
#[cfg(test)]
mod tests;

use cors::beside_error;
use known::Known;

pub(super) use filled_in::{FilledIn, is_plain};

pub use api::api_step;
pub use references::reference_step;

use super::{CheckCause, Evidence};

/// The next step for this cause. The first line is the step in words. Further lines, if there are any, are a command
/// of the AWS CLI or of a shell, or a policy statement, to be copied. They are filled in with what is known; what is
/// not known stands there as a placeholder, such as `YOUR-BUCKET`.
///
/// The text may contain parts of the answer's headers, such as `Location`.
#[must_use]
pub fn step(cause: CheckCause, evidence: &Evidence<'_>) -> String {
    let known = &Known::of(evidence);
    beside_error(known, step_of(cause, known))
}

fn step_of(cause: CheckCause, known: &Known<'_>) -> String {
    use CheckCause as C;
    match cause {
        C::NoInvalidation => outcome::NO_INVALIDATION.to_owned(),
        C::TooEarly => outcome::TOO_EARLY.to_owned(),
        C::NoAge => outcome::NO_AGE.to_owned(),
        C::AgeTooNear => outcome::AGE_TOO_NEAR.to_owned(),
        C::NothingToCompare => outcome::NOTHING_TO_COMPARE.to_owned(),
        C::Contradiction => outcome::contradiction(known),
        C::GeneratedAtEdge => outcome::generated_at_edge(known),
        C::RedirectToHttps => outcome::redirect_to_https(known),
        C::Redirected => outcome::redirected(known),
        C::ErrorPageServed => outcome::error_page_served(known),
        C::NotCloudFront => connection::not_cloudfront(known),
        C::NeverCached => outcome::never_cached(known),
        C::Revalidated => outcome::revalidated(known),
        C::CacheBehind => outcome::cache_behind(known),
        C::AnswersDiffer => outcome::ANSWERS_DIFFER.to_owned(),
        C::UnknownXCache => outcome::unknown_x_cache(known),
        C::NotLooked => outcome::NOT_LOOKED.to_owned(),
        C::Answers => outcome::ANSWERS.to_owned(),
        C::SecretNotRead => outcome::SECRET_NOT_READ.to_owned(),
        C::GuessedUrl => outcome::GUESSED_URL.to_owned(),
        C::OldAtEdge => outcome::old_at_edge(known),
        C::CompressedCopyOld => outcome::compressed_copy_old(known),
        C::NotCovered => outcome::not_covered(known),
        C::CacheInFront => outcome::cache_in_front(known),
        C::OtherDistribution => access::other_distribution(known),
        C::OriginUnchanged => outcome::origin_unchanged(known),
        C::SameAsOrigin => outcome::same_as_origin(known),
        C::OriginHasOther => outcome::origin_has_other(known),
        C::ObjectMissingOrDenied => s3::missing_or_denied(known),
        C::BucketDenied => s3::denied(known),
        C::ObjectMissing => s3::missing(known),
        C::BucketMissing => s3::bucket_missing(known),
        C::NoDefaultRootObject => s3::no_default_root_object(known),
        C::NoFolderIndex => s3::no_folder_index(known),
        C::HiddenMissingFile => s3::hidden_missing_file(known),
        C::ErrorPageMissing => s3::error_page_missing(known),
        C::NotFound => origin::not_found(known),
        C::BlockedByWaf => access::blocked_by_waf(known),
        C::RefusedMaybeWaf => access::refused_maybe_waf(known),
        C::BlockedByCountry => access::BLOCKED_BY_COUNTRY.to_owned(),
        C::HostNotAlias => access::host_not_alias(known),
        C::HttpsRequired => access::https_required(known),
        C::SignatureRequired => access::SIGNATURE_REQUIRED.to_owned(),
        C::SignerUnknown => access::signer_unknown(),
        C::SignatureDenied => access::SIGNATURE_DENIED.to_owned(),
        C::MethodNotAllowed => access::method_not_allowed(known),
        C::RefusedByFunction => access::refused_by_function(known),
        C::CredentialsRequired => access::CREDENTIALS_REQUIRED.to_owned(),
        C::ApiKeyRequired => origin::API_KEY_REQUIRED.to_owned(),
        C::ApiQuotaExceeded => origin::api_quota_exceeded(known),
        C::RefusedByOrigin => origin::refused(known),
        C::StackedDistribution => origin::STACKED_DISTRIBUTION.to_owned(),
        C::ClientCertificateRequired => connection::CLIENT_CERTIFICATE_REQUIRED.to_owned(),
        C::CertificateWrongName => connection::certificate_wrong_name(known),
        C::TlsFailed => connection::tls_failed(known),
        C::Disabled => access::disabled(known),
        C::Deploying => access::deploying(known),
        C::OriginBadGateway => origin::bad_gateway(known),
        C::OriginNotResolved => origin::not_resolved(known),
        C::OriginNotConnected => origin::not_connected(known),
        C::OriginUnavailable => origin::unavailable(known),
        C::OriginTimeout => origin::timeout(known),
        C::OriginFailed => origin::failed(known),
        C::FunctionFailed => access::function_failed(known),
        C::LimitExceeded => access::limit_exceeded(known),
        C::TooManyRequests => origin::too_many_requests(known),
        C::RedirectLoop => connection::redirect_loop(known),
        C::RedirectNotFollowed => connection::REDIRECT_NOT_FOLLOWED.to_owned(),
        C::NameNotResolved => connection::name_not_resolved(known),
        C::AddressRefused => connection::address_refused(known),
        C::ConnectionRefused => connection::connection_refused(known),
        C::ConnectTimeout => connection::connect_timeout(known),
        C::AnswerTimeout => connection::answer_timeout(known),
        C::ProtocolError => connection::protocol_error(known),
        C::TextMissing => outcome::TEXT_MISSING.to_owned(),
        C::TextForbidden => outcome::TEXT_FORBIDDEN.to_owned(),
        C::OtherBody => outcome::other_body(known),
        C::NotGone => outcome::not_gone(known),
        C::ReferenceMissing => references::REFERENCE_MISSING.to_owned(),
        C::MixedContent => references::MIXED_CONTENT.to_owned(),
        C::CorsMissing => cors::missing(known),
        C::CorsOtherOrigin => cors::other_origin(known),
        C::CorsCachedWithoutOrigin => cors::cached_without_origin(known),
        C::CorsCredentialsWithAny => cors::credentials_with_any(known),
        C::CorsRequestRefused => cors::request_refused(known),
        C::CorsPreflightRefused => cors::preflight_refused(known),
        C::CorsHeaderNotAllowed => cors::header_not_allowed(known),
        C::OtherRefusal => outcome::other_refusal(known),
    }
}
