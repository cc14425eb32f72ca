//! Steps for errors of origins other than S3.

use super::known::{Known, shown, with_code};
use crate::checks::BodyHint;

pub(super) const API_KEY_REQUIRED: &str = "This is no problem if this URL is meant to need an API key: a look has only the headers that are set in the check settings of this distribution. If viewers get this too, check in API Gateway that their key is enabled and belongs to a usage plan of this stage, and that CloudFront forwards x-api-key. A web ACL of the API refuses with the same message.";
pub(super) const STACKED_DISTRIBUTION: &str = "Let this distribution ask for what the origin really serves: use the origin's own origin, or do not forward the Host header, so that the other distribution gets a host name that it knows.";

pub(super) fn not_found(known: &Known<'_>) -> String {
    if has_hint(known, BodyHint::ApiRouteMissing) {
        return "Check the path, the stage and the method: API Gateway answers Missing Authentication Token for those that it does not have. If they are right, deploy the API again.".to_owned();
    }
    format!(
        "Check that the page is at the origin, and that the path is spelled in the same way, in upper and lower case too.{}",
        known.error_lifetime()
    )
}

pub(super) fn refused(known: &Known<'_>) -> String {
    if is_api(known) {
        return "Check the authorizer and the resource policy of the API: one of them refuses. The API's access log names the reason.".to_owned();
    }
    let server = known.answer().and_then(|answer| answer.server.as_deref());
    let server = server.map(|name| format!(" (Server: {})", shown(name))).unwrap_or_default();
    format!(
        "Look at the log of the origin{server} for this request. A firewall there may let only some addresses in: it must let CloudFront in."
    )
}

/// Developer guide, http-502-bad-gateway.
pub(super) fn bad_gateway(known: &Known<'_>) -> String {
    with_code(
        format!(
            "Check the certificate of the origin: it must not have expired, a public authority must have issued it, and it must cover the origin's domain name or the Host header that is forwarded. If the origin needs no certificate, look at its log: its answer may be broken.{}",
            known.error_lifetime()
        ),
        &known.show_configuration(ORIGINS),
    )
}

pub(super) fn not_resolved(known: &Known<'_>) -> String {
    with_code(
        format!(
            "Check the origin's domain name: it must have a public address in the DNS.{}",
            known.error_lifetime()
        ),
        &known.show_configuration(ORIGINS),
    )
}

pub(super) fn not_connected(known: &Known<'_>) -> String {
    let tls = if known.status() == 502 { " With HTTPS, its TLS settings can be the cause too." } else { "" };
    with_code(
        format!(
            "Check that the origin runs, listens on the port that the distribution uses, and has no firewall that keeps CloudFront out.{tls}{}",
            known.error_lifetime()
        ),
        &known.show_configuration(ORIGINS),
    )
}

pub(super) fn unavailable(known: &Known<'_>) -> String {
    format!(
        "Check that the origin runs and has enough capacity. After a wide invalidation many requests reach it at once: check again in some minutes.{}{}",
        known.retry_after(),
        known.error_lifetime()
    )
}

/// Developer guide, http-504-gateway-timeout and the origin's response timeout.
pub(super) fn timeout(known: &Known<'_>) -> String {
    if has_hint(known, BodyHint::ApiTimedOut) {
        return format!(
            "Look at how long the function behind the API takes: API Gateway waits 29 s for it, unless the Region's quota was raised. Make it faster, or let it answer at once and work on.{}",
            known.error_lifetime()
        );
    }
    format!(
        "Check how long the origin takes for this URL: CloudFront waits 30 s if nothing else is set. After a wide invalidation many requests reach the origin at once: check again in some minutes.{}",
        known.error_lifetime()
    )
}

pub(super) fn failed(known: &Known<'_>) -> String {
    if known.status() == 502 && has_hint(known, BodyHint::ApiFailed) {
        return format!(
            "Look at the log of the function behind the API: it failed, or its answer has not the form that API Gateway wants (statusCode, headers, and body as a text). Correct it, then check again.{}",
            known.error_lifetime()
        );
    }
    let place = if is_api(known) {
        "Look at the log of the function or the server behind the API"
    } else if known.status() == 502 {
        "Look at the application behind the origin's load balancer or proxy, which got no usable answer from it"
    } else {
        "Look at the log of the origin for this request"
    };
    format!("{place}. Correct the error, then check again.{}", known.error_lifetime())
}

pub(super) fn too_many_requests(known: &Known<'_>) -> String {
    let limit = if is_api(known) {
        " If it lasts, look at the rate, the burst and the quota of the usage plan in API Gateway."
    } else {
        " If it lasts, look at the limits of the origin."
    };
    format!("Wait, then check again.{}{limit}", known.retry_after())
}

pub(super) fn api_quota_exceeded(known: &Known<'_>) -> String {
    format!(
        "Raise the quota of the usage plan in API Gateway, extend it for this key, or wait until its day, week or month is over.{} Until then each request with the key is refused.",
        known.retry_after()
    )
}

/// What a distribution knows of its custom origins.
const ORIGINS: &str = "Origins.Items[].[DomainName,CustomOriginConfig]";

fn has_hint(known: &Known<'_>, hint: BodyHint) -> bool {
    known.answer().is_some_and(|answer| answer.body_hint == hint)
}

fn is_api(known: &Known<'_>) -> bool {
    known.answer().is_some_and(|answer| answer.from_aws_api)
}
