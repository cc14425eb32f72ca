//! Steps where there was no answer, or not one of CloudFront.

use super::known::{Known, with_code};
use crate::invalidations::aws_cli::quoted;

pub(super) const CLIENT_CERTIFICATE_REQUIRED: &str = "This is no problem if viewers must have a certificate: Unstale has none and cannot look. Check the site with a client that has one, or make client certificates optional.";
/// The step where even the distribution's own domain does not lead to it.
pub(super) const BETWEEN: &str =
    "Check what is between this server and CloudFront, such as a proxy or the address in UNSTALE_EDGE.";
pub(super) const REDIRECT_NOT_FOLLOWED: &str = "Check that the redirect is meant. Unstale follows redirects only to hosts of known distributions; if the target is one, add it to the URLs of its own distribution.";

pub(super) fn not_cloudfront(known: &Known<'_>) -> String {
    let through = known.answer().and_then(|answer| answer.other_cache.as_deref());
    let through = through.map(|name| format!(" This answer came through {name}.")).unwrap_or_default();
    if known.is_own_domain() {
        return format!("{BETWEEN}{through}");
    }
    with_code(
        format!("Check the DNS record of {}: it must lead to {}.{through}", known.host(), known.domain()),
        &show_addresses(known),
    )
}

pub(super) fn name_not_resolved(known: &Known<'_>) -> String {
    if known.is_own_domain() {
        return with_code(
            "Check that the distribution still exists. If it is new, wait some minutes and check again.",
            &known.show_configuration("Enabled"),
        );
    }
    with_code(
        format!("Add a DNS record for {} that leads to {}.", known.host(), known.domain()),
        &show_addresses(known),
    )
}

pub(super) fn address_refused(known: &Known<'_>) -> String {
    with_code(
        format!(
            "Check the DNS record of {}. Unstale asks only public addresses; to look at another one, name it in UNSTALE_EDGE.",
            known.host()
        ),
        &show_addresses(known),
    )
}

pub(super) fn connection_refused(known: &Known<'_>) -> String {
    if known.is_own_domain() {
        return BETWEEN.to_owned();
    }
    with_code(
        format!(
            "Check that {} leads to {}, and that a firewall lets this server connect.",
            known.host(),
            known.domain()
        ),
        &show_addresses(known),
    )
}

pub(super) fn connect_timeout(known: &Known<'_>) -> String {
    with_code(
        format!(
            "Check that this server can reach {}: a firewall or a missing route can be the cause. Then check again.",
            known.host()
        ),
        &known.show_headers(),
    )
}

pub(super) fn answer_timeout(known: &Known<'_>) -> String {
    with_code("Check how long the origin takes for this URL. Then check again.", &known.show_headers())
}

pub(super) fn protocol_error(known: &Known<'_>) -> String {
    with_code(
        "Check again. If it happens again, look at the connection with the command below.",
        &format!("curl -v -o /dev/null {}", quoted(known.address())),
    )
}

pub(super) fn certificate_wrong_name(known: &Known<'_>) -> String {
    if known.is_own_domain() {
        return with_code(BETWEEN, &show_certificate(known, "-ext subjectAltName"));
    }
    let host = known.host();
    with_code(
        format!(
            "Give the distribution a certificate that covers {host}, and add {host} to its alternate domain names. If it has both, check that the DNS record leads to {}.",
            known.domain()
        ),
        &show_certificate(known, "-ext subjectAltName"),
    )
}

pub(super) fn tls_failed(known: &Known<'_>) -> String {
    with_code(
        "Check that the certificate has not expired and that a public authority issued it.",
        &show_certificate(known, "-dates -issuer"),
    )
}

pub(super) fn redirect_loop(known: &Known<'_>) -> String {
    with_code(
        "Look where the redirects lead. Often the origin redirects HTTP to HTTPS, but CloudFront asks it over HTTP: then set the origin's protocol to HTTPS only.",
        &format!("curl -sS -o /dev/null -D - -L --max-redirs 5 {}", quoted(known.address())),
    )
}

pub(super) fn show_addresses(known: &Known<'_>) -> String {
    format!("dig +short {}", quoted(known.host()))
}

pub(super) fn show_certificate(known: &Known<'_>, what: &str) -> String {
    let host = known.host();
    let connect = quoted(&format!("{host}:443"));
    let name = quoted(host);
    format!("openssl s_client -connect {connect} -servername {name} </dev/null | openssl x509 -noout {what}")
}
