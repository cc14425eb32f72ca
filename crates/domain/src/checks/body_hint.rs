//! Recognises the body of an error answer. Nothing else of a body is kept.

use serde::{Deserialize, Serialize};

/// Which known error body an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyHint {
    /// None that is known.
    #[default]
    None,
    /// S3's `AccessDenied`, with `RequestId` and `HostId` (aws-cdk issue 13983).
    S3AccessDenied,
    /// S3's `NoSuchKey` (aws-cdk pull request 32059).
    S3NoSuchKey,
    /// S3's `NoSuchBucket`.
    S3NoSuchBucket,
    /// CloudFront's "Request blocked.": AWS WAF (re:Post, "cloudfront-troubleshoot-403-errors").
    RequestBlocked,
    /// CloudFront's geographic restriction (the same page).
    CountryBlocked,
    /// CloudFront's "Bad request.": the host is no alias (re:Post, "resolve-cloudfront-bad-request-error").
    BadRequest,
    /// CloudFront's `MissingKey`: a signed URL or signed cookies are required.
    MissingKey,
    /// CloudFront's `InvalidKey`: the signer's key is not known.
    InvalidKey,
    /// CloudFront's `AccessDenied`, without `RequestId`: a signature has expired or does not fit.
    SignatureDenied,
    /// CloudFront does not allow the method.
    MethodNotAllowed,
    /// CloudFront cannot resolve the origin's domain name.
    OriginNotResolved,
    /// CloudFront cannot connect to the origin, or the origin closed the connection.
    OriginNotConnected,
    /// API Gateway's `Forbidden`: mostly a missing API key (re:Post, "api-gateway-troubleshoot-403-forbidden").
    ApiForbidden,
    /// API Gateway's `Missing Authentication Token`: mostly a path or method that the stage does not have (the same
    /// page).
    ApiRouteMissing,
    /// API Gateway's `Limit Exceeded`: the quota of a usage plan (re:Post, "api-gateway-429-limit").
    ApiQuotaExceeded,
    /// API Gateway's `Internal server error`: the function behind it failed, or its answer has not the form that API
    /// Gateway wants.
    ApiFailed,
    /// API Gateway's `Endpoint request timed out`: what is behind it did not answer in time.
    ApiTimedOut,
}

/// How much of a body is read for a hint, in bytes. All known error bodies are shorter.
const READ: usize = 8 * 1024;

/// Recognises an error body. Call it for error answers only: any page may contain these words.
#[must_use]
pub fn body_hint(body: &[u8]) -> BodyHint {
    let text = String::from_utf8_lossy(&body[..body.len().min(READ)]);
    let has = |part: &str| text.contains(part);
    // S3 answers in XML, and its website endpoints in HTML.
    let code = |name: &str| has(&format!("<Code>{name}</Code>")) || has(&format!("Code: {name}<"));
    if code("AccessDenied") {
        // CloudFront's own answer to a bad signature has the same code but no IDs of S3.
        let is_s3 = has("RequestId") && has("HostId");
        return if is_s3 { BodyHint::S3AccessDenied } else { BodyHint::SignatureDenied };
    }
    let codes = [
        ("NoSuchKey", BodyHint::S3NoSuchKey),
        ("NoSuchBucket", BodyHint::S3NoSuchBucket),
        ("MissingKey", BodyHint::MissingKey),
        ("InvalidKey", BodyHint::InvalidKey),
    ];
    if let Some((_, hint)) = codes.into_iter().find(|(name, _)| code(name)) {
        return hint;
    }
    let phrases = [
        ("configured to block access from your country", BodyHint::CountryBlocked),
        ("not configured to allow the HTTP request method", BodyHint::MethodNotAllowed),
        ("resolve the origin domain name", BodyHint::OriginNotResolved),
        ("establish a connection with the origin", BodyHint::OriginNotConnected),
        ("able to connect to the origin", BodyHint::OriginNotConnected),
        ("Request blocked.", BodyHint::RequestBlocked),
        ("Bad request.", BodyHint::BadRequest),
    ];
    let known = phrases.into_iter().find(|(phrase, _)| has(phrase)).map(|(_, hint)| hint);
    known.or_else(|| api_hint(&text)).unwrap_or_default()
}

/// Recognises the JSON of API Gateway, such as `{"message":"Forbidden"}`. A function URL of Lambda writes `Message`.
fn api_hint(text: &str) -> Option<BodyHint> {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match dense.as_str() {
        r#"{"message":"Forbidden"}"# => Some(BodyHint::ApiForbidden),
        r#"{"message":"MissingAuthenticationToken"}"# => Some(BodyHint::ApiRouteMissing),
        r#"{"message":"LimitExceeded"}"# => Some(BodyHint::ApiQuotaExceeded),
        r#"{"message":"Internalservererror"}"# => Some(BodyHint::ApiFailed),
        r#"{"message":"Endpointrequesttimedout"}"# => Some(BodyHint::ApiTimedOut),
        _ => None,
    }
}

/// What `x-amzn-ErrorType` of API Gateway says (observed in public threads), for an answer to HEAD, which has no
/// body. It names the exception, perhaps with an address behind a colon.
#[must_use]
pub fn error_type_hint(error_type: &str) -> BodyHint {
    match error_type.split(':').next().unwrap_or_default().trim() {
        "ForbiddenException" => BodyHint::ApiForbidden,
        "MissingAuthenticationTokenException" => BodyHint::ApiRouteMissing,
        "LimitExceededException" => BodyHint::ApiQuotaExceeded,
        _ => BodyHint::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_error_bodies_are_recognised() {
        let s3 = |code: &str| {
            format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Key>a</Key><RequestId>R</RequestId><HostId>H</HostId></Error>"
            )
        };
        let cases = [
            (s3("AccessDenied"), BodyHint::S3AccessDenied),
            (s3("NoSuchKey"), BodyHint::S3NoSuchKey),
            ("<li>Code: NoSuchKey</li><li>RequestId: R</li>".to_owned(), BodyHint::S3NoSuchKey),
            (
                "<li>Code: AccessDenied</li><li>RequestId: R</li><li>HostId: H</li>".to_owned(),
                BodyHint::S3AccessDenied,
            ),
            (s3("NoSuchBucket"), BodyHint::S3NoSuchBucket),
            (
                "<Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>".to_owned(),
                BodyHint::SignatureDenied,
            ),
            ("<Error><Code>MissingKey</Code></Error>".to_owned(), BodyHint::MissingKey),
            ("<Error><Code>InvalidKey</Code></Error>".to_owned(), BodyHint::InvalidKey),
            ("<H1>403 ERROR</H1>Request blocked. We can't connect".to_owned(), BodyHint::RequestBlocked),
            ("<H1>403 ERROR</H1>Bad request. We can't connect".to_owned(), BodyHint::BadRequest),
            (
                "The Amazon CloudFront distribution is configured to block access from your country."
                    .to_owned(),
                BodyHint::CountryBlocked,
            ),
            (
                "This distribution is not configured to allow the HTTP request method that was used"
                    .to_owned(),
                BodyHint::MethodNotAllowed,
            ),
            (
                "CloudFront wasn't able to resolve the origin domain name.".to_owned(),
                BodyHint::OriginNotResolved,
            ),
            (
                "CloudFront attempted to establish a connection with the origin, but".to_owned(),
                BodyHint::OriginNotConnected,
            ),
            ("{\"message\": \"Forbidden\"}\n".to_owned(), BodyHint::ApiForbidden),
            ("{\"message\":\"Missing Authentication Token\"}".to_owned(), BodyHint::ApiRouteMissing),
            ("{\"message\":\"Limit Exceeded\"}".to_owned(), BodyHint::ApiQuotaExceeded),
            ("{\"message\":\"Too Many Requests\"}".to_owned(), BodyHint::None),
            ("{\"message\": \"Internal server error\"}".to_owned(), BodyHint::ApiFailed),
            ("{\"message\": \"Endpoint request timed out\"}".to_owned(), BodyHint::ApiTimedOut),
            ("{\"Message\":\"Forbidden\"}".to_owned(), BodyHint::None),
            (String::new(), BodyHint::None),
        ];
        for (body, hint) in cases {
            assert_eq!(body_hint(body.as_bytes()), hint, "{body}");
        }
    }

    #[test]
    fn a_body_is_read_up_to_a_bound_and_need_not_be_text() {
        let mut body = vec![0xff; READ];
        body.extend_from_slice(b"Request blocked.");
        assert_eq!(body_hint(&body), BodyHint::None);
        assert_eq!(body_hint(&body[READ..]), BodyHint::RequestBlocked);
    }
}
