//! Tells the causes of an error apart, from the answer and the configuration together.
//!
//! What the configuration does not say proves nothing: each rule asks for `Some(true)` or `Some(false)`, and where
//! neither is known, the cause is a more general one.

mod edge;
mod error_page;
mod origin;
mod s3;
#[cfg(test)]
mod tests;

use super::{
    Answer, BodyHint, CheckCause, EdgeConfiguration, Evidence, LookFailure, XCache, url_parts::UrlParts,
};

/// The cause of an error answer, of a look without an answer, or of an answer with `X-Cache: Error` and a status that
/// is no error. Such an answer is a custom error page.
///
/// Other answers are no errors. Do not ask for their cause here: it would be [`CheckCause::OtherRefusal`].
#[must_use]
pub fn diagnose(evidence: &Evidence<'_>) -> CheckCause {
    let url = UrlParts::of(evidence.url);
    let is_its_host = evidence.configuration.hosts.as_ref().map(|hosts| url.is_host_of(hosts));
    // The configuration of this distribution says nothing about a host of another one, or of an API.
    let unknown = EdgeConfiguration::default();
    let configuration = if is_its_host == Some(false) { &unknown } else { evidence.configuration };
    let site = Site { url, is_its_host, configuration };
    match &evidence.after.outcome {
        Ok(answer) => {
            let before = evidence.before.and_then(super::Look::answer);
            answered(&Facts { site: &site, answer, before })
        }
        Err(failure) => failed(*failure, &site),
    }
}

/// The URL, and what is known of the distribution that serves it.
struct Site<'a> {
    url: UrlParts,
    /// Whether the host is one of the distribution's. `None` if its hosts are not known.
    is_its_host: Option<bool>,
    configuration: &'a EdgeConfiguration,
}

/// An answer with what is known about it.
struct Facts<'a> {
    site: &'a Site<'a>,
    answer: &'a Answer,
    before: Option<&'a Answer>,
}

/// Who wrote an answer, by its `Server` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    CloudFront,
    Origin,
    /// A response headers policy can remove the header.
    Unknown,
}

impl Facts<'_> {
    fn configuration(&self) -> &EdgeConfiguration {
        self.site.configuration
    }

    fn author(&self) -> Author {
        match self.answer.server.as_deref() {
            Some(server) if server.eq_ignore_ascii_case("CloudFront") => Author::CloudFront,
            Some(_) => Author::Origin,
            None if self.answer.from_aws_api => Author::Origin,
            None => Author::Unknown,
        }
    }

    /// Whether anything in the answer is CloudFront's. It always sends `X-Cache`, `Via` and `X-Amz-Cf-Id`, and no
    /// setting can remove them (developer guide, adding-response-headers).
    fn is_from_cloudfront(&self) -> bool {
        let known = |value: &XCache| !matches!(value, XCache::Unknown(_));
        self.answer.via_cloudfront
            || self.answer.x_cache.as_ref().is_some_and(known)
            || self.author() == Author::CloudFront
    }

    /// Whether CloudFront itself may have refused with 403 before it asked the origin: AWS WAF, the geographic
    /// restriction or a signature. `false` only where the configuration has none of them.
    fn edge_may_refuse(&self) -> bool {
        let c = self.configuration();
        [c.web_acl, c.country_restriction, c.signed_required].iter().any(|known| *known != Some(false))
    }

    /// Whether the configuration gives viewers this status with a page of its own in place of an error `code`.
    fn has_error_page_for(&self, code: u16) -> bool {
        self.configuration().custom_errors.iter().any(|custom| {
            custom.code == code
                && custom.page.is_some()
                && custom.response_code.unwrap_or(custom.code) == self.answer.status
        })
    }
}

fn answered(facts: &Facts<'_>) -> CheckCause {
    if !facts.answer.is_error() {
        return error_page::in_place_of_content(facts);
    }
    if facts.configuration().enabled == Some(false) {
        return CheckCause::Disabled;
    }
    let is_elsewhere = facts.site.is_its_host == Some(true) && !facts.is_from_cloudfront();
    if is_elsewhere {
        return CheckCause::NotCloudFront;
    }
    let cause = edge::generated(facts)
        .or_else(|| edge::by_hint(facts))
        .or_else(|| s3::cause(facts))
        .or_else(|| origin::api_gateway(facts))
        .unwrap_or_else(|| origin::by_status(facts));
    // The edge may still have the settings from before the change. An origin's own answer is not explained by that.
    let may_pass = matches!(cause, CheckCause::HostNotAlias | CheckCause::HttpsRequired)
        || (cause == CheckCause::OtherRefusal && facts.author() == Author::CloudFront);
    if may_pass && is_being_deployed(facts.site) { CheckCause::Deploying } else { cause }
}

fn is_being_deployed(site: &Site<'_>) -> bool {
    site.configuration.deploying == Some(true) && site.is_its_host == Some(true)
}

fn failed(failure: LookFailure, site: &Site<'_>) -> CheckCause {
    let (own, told_by_server) = match failure {
        LookFailure::NameNotResolved => (CheckCause::NameNotResolved, false),
        LookFailure::AddressRefused => return CheckCause::AddressRefused,
        LookFailure::NotLooked => return CheckCause::NotLooked,
        LookFailure::SecretNotRead => return CheckCause::SecretNotRead,
        LookFailure::ConnectionRefused => (CheckCause::ConnectionRefused, false),
        LookFailure::ConnectTimeout => (CheckCause::ConnectTimeout, false),
        LookFailure::AnswerTimeout => (CheckCause::AnswerTimeout, false),
        LookFailure::CertificateWrongName => (CheckCause::CertificateWrongName, false),
        LookFailure::TlsFailed => (CheckCause::TlsFailed, true),
        LookFailure::ClientCertificateRequired => (CheckCause::ClientCertificateRequired, true),
        LookFailure::TooManyRedirects => return CheckCause::RedirectLoop,
        LookFailure::RedirectNotFollowed => return CheckCause::RedirectNotFollowed,
        LookFailure::ProtocolError => (CheckCause::ProtocolError, true),
    };
    if site.configuration.enabled == Some(false) {
        return CheckCause::Disabled;
    }
    // In TLS 1.3 a server tells only after the handshake that it wants a certificate, or closes the connection.
    if told_by_server && site.configuration.client_certificate_required == Some(true) {
        return CheckCause::ClientCertificateRequired;
    }
    let may_pass = matches!(own, CheckCause::NameNotResolved | CheckCause::CertificateWrongName);
    if may_pass && is_being_deployed(site) { CheckCause::Deploying } else { own }
}
