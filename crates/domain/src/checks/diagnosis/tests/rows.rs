//! The rows of the diagnosis table that are errors, with their number there. It is 0 for a row that it lacks.

use super::seen::{Seen, api, cloudfront, failure, s3, status};
use crate::checks::{
    Answer, BodyDigest, BodyHint, CheckCause, EdgeConfiguration, LookFailure, OriginKind, XCache,
};

const FOLDER: &str = "https://www.example.com/docs/";
const ROOT: &str = "https://www.example.com/";
const SCRIPT: &str = "https://www.example.com/assets/app.js";

/// Every row: its number, what was seen, and its cause.
pub(super) fn rows() -> Vec<(u8, Seen, CheckCause)> {
    [s3_rows(), cloudfront_rows(), origin_rows(), error_page_rows(), failure_rows()].concat()
}

fn s3_rows() -> Vec<(u8, Seen, CheckCause)> {
    use BodyHint::{S3AccessDenied as Denied, S3NoSuchBucket, S3NoSuchKey as NoKey, SignatureDenied};
    use CheckCause as Is;
    let rest = |hint, code| s3(code, hint).origin(OriginKind::S3);
    let no_root = |c: &mut EdgeConfiguration| c.default_root_object = Some(String::new());
    let has_root = |c: &mut EdgeConfiguration| c.default_root_object = Some("index.html".to_owned());
    vec![
        (1, s3(403, Denied), Is::ObjectMissingOrDenied),
        (1, s3(403, Denied).x_cache(XCache::Miss), Is::ObjectMissingOrDenied),
        // A deleted object without s3:ListBucket gives the same 403 as a refused one.
        (1, rest(Denied, 403).before(status(200)), Is::ObjectMissingOrDenied),
        (1, rest(Denied, 403).before(rest(NoKey, 404)), Is::BucketDenied),
        (1, s3(403, Denied).origin(OriginKind::S3Website).at(FOLDER), Is::ObjectMissingOrDenied),
        (1, s3(403, BodyHint::None), Is::ObjectMissingOrDenied),
        (0, s3(403, BodyHint::None).answer(|a| a.is_html = true), Is::OtherRefusal),
        (
            0,
            s3(403, BodyHint::None).answer(|a| a.is_html = true).origin(OriginKind::S3Website),
            Is::RefusedByOrigin,
        ),
        (2, s3(404, NoKey), Is::ObjectMissing),
        (2, s3(404, BodyHint::None), Is::ObjectMissing),
        (2, s3(404, NoKey).answer(|a| a.server = None), Is::ObjectMissing),
        (2, s3(404, NoKey).answer(|a| a.is_html = true).at(FOLDER), Is::ObjectMissing),
        (0, s3(404, S3NoSuchBucket), Is::BucketMissing),
        (0, rest(Denied, 403).at(ROOT).known(no_root), Is::NoDefaultRootObject),
        (0, rest(NoKey, 404).at(ROOT).known(no_root), Is::NoDefaultRootObject),
        (0, rest(NoKey, 404).at(ROOT).known(has_root), Is::ObjectMissing),
        // Nobody knows whether there is a default root object.
        (0, rest(Denied, 403).at(ROOT), Is::ObjectMissingOrDenied),
        (0, rest(Denied, 403).at(FOLDER), Is::NoFolderIndex),
        (0, rest(NoKey, 404).at("https://www.example.com/docs"), Is::NoFolderIndex),
        (0, rest(NoKey, 404).at(FOLDER).before(status(200)), Is::ObjectMissing),
        (0, s3(403, Denied).at(FOLDER), Is::NoFolderIndex),
        (16, rest(Denied, 403).error_page(403, 404), Is::ErrorPageMissing),
        (37, rest(Denied, 403).error_page(403, 404).deploying(), Is::ObjectMissingOrDenied),
        (16, rest(Denied, 403).error_page(404, 404), Is::ObjectMissingOrDenied),
        // Other stores write S3's errors, and one of them CloudFront's code for a signature.
        (12, status(403).server("MinIO").hint(Denied).origin(OriginKind::Custom), Is::RefusedByOrigin),
        (0, status(404).server("MinIO").hint(NoKey), Is::NotFound),
        (12, status(403).server("UploadServer").hint(SignatureDenied), Is::RefusedByOrigin),
    ]
}

fn cloudfront_rows() -> Vec<(u8, Seen, CheckCause)> {
    use BodyHint as Has;
    use CheckCause as Is;
    let bad = || cloudfront(403, Has::BadRequest);
    let signed = |c: &mut EdgeConfiguration| {
        (c.signed_required, c.country_restriction) = (Some(true), Some(false));
    };
    vec![
        (3, cloudfront(403, Has::RequestBlocked).web_acl(true), Is::BlockedByWaf),
        (3, cloudfront(403, Has::RequestBlocked), Is::BlockedByWaf),
        (3, cloudfront(403, Has::RequestBlocked).web_acl(false), Is::OtherRefusal),
        (3, cloudfront(403, Has::None).web_acl(true), Is::RefusedMaybeWaf),
        (3, cloudfront(403, Has::None).web_acl(false), Is::OtherRefusal),
        (3, cloudfront(403, Has::None), Is::OtherRefusal),
        (4, cloudfront(403, Has::CountryBlocked), Is::BlockedByCountry),
        (5, bad(), Is::HostNotAlias),
        (5, bad().own_host(), Is::HostNotAlias),
        (5, bad().other_host().deploying(), Is::HostNotAlias),
        (5, bad().deploying(), Is::HostNotAlias),
        (5, bad().own_host().at("http://www.example.com/"), Is::HttpsRequired),
        (5, cloudfront(400, Has::BadRequest), Is::OtherRefusal),
        (6, cloudfront(403, Has::MissingKey), Is::SignatureRequired),
        (6, cloudfront(403, Has::None).known(signed), Is::SignatureRequired),
        (
            6,
            cloudfront(403, Has::None).known(signed).at("https://a.example/?Key-Pair-Id=K"),
            Is::OtherRefusal,
        ),
        // It may also be the geographic restriction.
        (6, cloudfront(403, Has::None).known(|c| c.signed_required = Some(true)), Is::OtherRefusal),
        (7, cloudfront(403, Has::InvalidKey), Is::SignerUnknown),
        (8, cloudfront(403, Has::SignatureDenied), Is::SignatureDenied),
        (9, cloudfront(403, Has::MethodNotAllowed), Is::MethodNotAllowed),
        (10, status(403).x_cache(XCache::FunctionGenerated), Is::RefusedByFunction),
        (10, status(404).x_cache(XCache::LambdaGenerated), Is::RefusedByFunction),
        (11, status(401).x_cache(XCache::LambdaGenerated), Is::CredentialsRequired),
        (13, cloudfront(403, Has::None).origin(OriginKind::CloudFront), Is::StackedDistribution),
        (13, status(403).origin(OriginKind::CloudFront), Is::OtherRefusal),
        (13, bad().own_host().origin(OriginKind::CloudFront), Is::StackedDistribution),
        (13, bad().origin(OriginKind::CloudFront), Is::HostNotAlias),
        (30, status(503).x_cache(XCache::FunctionFailed), Is::FunctionFailed),
        (30, status(502).x_cache(XCache::LambdaFailed), Is::FunctionFailed),
        (31, status(503).x_cache(XCache::LimitExceeded), Is::LimitExceeded),
        (37, s3(404, Has::S3NoSuchKey).known(|c| c.enabled = Some(false)), Is::Disabled),
        (37, bad().own_host().deploying(), Is::Deploying),
        (37, cloudfront(403, Has::None).own_host().deploying(), Is::Deploying),
        (37, s3(404, Has::S3NoSuchKey).own_host().deploying(), Is::ObjectMissing),
        // The configuration says nothing about a host that is not the distribution's.
        (37, cloudfront(404, Has::None).other_host().known(|c| c.enabled = Some(false)), Is::NotFound),
    ]
}

fn origin_rows() -> Vec<(u8, Seen, CheckCause)> {
    use BodyHint as Has;
    use CheckCause as Is;
    let nginx = |code| status(code).server("nginx");
    let no_mark = |answer: &mut Answer| (answer.via_cloudfront, answer.x_cache) = (false, None);
    vec![
        (12, nginx(403), Is::RefusedByOrigin),
        (12, nginx(403).hint(Has::RequestBlocked), Is::RefusedByOrigin),
        (12, api(403, Has::None), Is::RefusedByOrigin),
        (12, api(403, Has::ApiForbidden), Is::ApiKeyRequired),
        (12, nginx(403).hint(Has::ApiForbidden), Is::RefusedByOrigin),
        (12, api(403, Has::ApiRouteMissing), Is::NotFound),
        (0, nginx(401), Is::CredentialsRequired),
        (17, nginx(404), Is::NotFound),
        (17, nginx(410), Is::NotFound),
        (18, nginx(405), Is::MethodNotAllowed),
        (18, nginx(400), Is::OtherRefusal),
        (0, api(429, Has::None), Is::TooManyRequests),
        (0, api(429, Has::ApiQuotaExceeded), Is::ApiQuotaExceeded),
        (0, nginx(429).hint(Has::ApiQuotaExceeded), Is::TooManyRequests),
        (0, api(502, Has::ApiFailed).server("CloudFront"), Is::OriginFailed),
        (0, api(504, Has::ApiTimedOut), Is::OriginTimeout),
        (26, nginx(403).answer(no_mark).own_host(), Is::NotCloudFront),
        // Without the list of hosts, the host may be one that needs no CloudFront.
        (26, nginx(404).answer(no_mark), Is::NotFound),
        (26, api(500, Has::None).answer(no_mark).other_host(), Is::OriginFailed),
        (0, nginx(500), Is::OriginFailed),
        (29, cloudfront(502, Has::None), Is::OriginBadGateway),
        (29, cloudfront(502, Has::OriginNotResolved), Is::OriginNotResolved),
        (29, cloudfront(502, Has::OriginNotConnected), Is::OriginNotConnected),
        (29, status(502).server("awselb/2.0"), Is::OriginFailed),
        (0, status(503), Is::OriginUnavailable),
        (32, cloudfront(504, Has::None), Is::OriginTimeout),
        (32, cloudfront(504, Has::OriginNotConnected), Is::OriginTimeout),
    ]
}

fn error_page_rows() -> Vec<(u8, Seen, CheckCause)> {
    use CheckCause as Is;
    let page = |answer: &mut Answer| answer.body = Some(BodyDigest::of(b"page", true));
    let has_page =
        |c: &mut EdgeConfiguration| c.error_page_sha256 = Some(BodyDigest::of(b"page", true).sha256);
    let from_s3 = |code| status(code).server("AmazonS3").origin(OriginKind::S3);
    vec![
        (14, status(200).at(SCRIPT).error_page(403, 200), Is::HiddenMissingFile),
        (14, status(200).at(SCRIPT), Is::HiddenMissingFile),
        (14, status(200).at("https://a.example/news.html").error_page(404, 200), Is::HiddenMissingFile),
        (14, status(200).answer(page).known(has_page), Is::HiddenMissingFile),
        (14, status(200), Is::ErrorPageServed),
        (14, status(200).at("https://a.example/index.html").error_page(404, 200), Is::ErrorPageServed),
        (14, status(200).at(SCRIPT).error_page(500, 200), Is::ErrorPageServed),
        (15, status(200).at("https://a.example/users/7").error_page(403, 200), Is::ErrorPageServed),
        (15, status(200).at("https://a.example/users/john.doe").error_page(403, 200), Is::ErrorPageServed),
        // The same for pages that keep an error's status. The 403 may be CloudFront's own.
        (0, from_s3(404).error_page(404, 404), Is::ObjectMissing),
        (0, from_s3(404).error_page(404, 404).at(FOLDER), Is::NoFolderIndex),
        (0, from_s3(404).error_page(403, 404), Is::NotFound),
        (0, from_s3(404).error_page(403, 404).edge_refuses_nothing(), Is::ObjectMissingOrDenied),
        (0, from_s3(403).error_page(403, 403), Is::OtherRefusal),
        (0, from_s3(403).error_page(403, 403).web_acl(true), Is::RefusedMaybeWaf),
        (0, from_s3(403).error_page(403, 403).edge_refuses_nothing(), Is::ObjectMissingOrDenied),
        (0, status(403).server("nginx").error_page(403, 403), Is::OtherRefusal),
        (0, status(403).server("nginx").error_page(403, 403).edge_refuses_nothing(), Is::RefusedByOrigin),
    ]
}

fn failure_rows() -> Vec<(u8, Seen, CheckCause)> {
    use CheckCause as Is;
    use LookFailure as Failed;
    let mtls = |c: &mut EdgeConfiguration| c.client_certificate_required = Some(true);
    let disabled = |c: &mut EdgeConfiguration| c.enabled = Some(false);
    vec![
        (35, failure(Failed::ClientCertificateRequired), Is::ClientCertificateRequired),
        (35, failure(Failed::TlsFailed).known(mtls), Is::ClientCertificateRequired),
        (35, failure(Failed::ProtocolError).known(mtls), Is::ClientCertificateRequired),
        (35, failure(Failed::ConnectTimeout).known(mtls), Is::ConnectTimeout),
        (36, failure(Failed::CertificateWrongName), Is::CertificateWrongName),
        (37, failure(Failed::CertificateWrongName).own_host().deploying(), Is::Deploying),
        (37, failure(Failed::ConnectTimeout).own_host().deploying(), Is::ConnectTimeout),
        (37, failure(Failed::NameNotResolved).known(disabled), Is::Disabled),
        (37, failure(Failed::AddressRefused).known(disabled), Is::AddressRefused),
        (0, failure(Failed::TlsFailed), Is::TlsFailed),
        (0, failure(Failed::NameNotResolved), Is::NameNotResolved),
        (0, failure(Failed::AddressRefused), Is::AddressRefused),
        (0, failure(Failed::ConnectionRefused), Is::ConnectionRefused),
        (0, failure(Failed::ConnectTimeout), Is::ConnectTimeout),
        (0, failure(Failed::AnswerTimeout), Is::AnswerTimeout),
        (0, failure(Failed::TooManyRedirects), Is::RedirectLoop),
        (0, failure(Failed::RedirectNotFollowed), Is::RedirectNotFollowed),
        (0, failure(Failed::ProtocolError), Is::ProtocolError),
    ]
}
