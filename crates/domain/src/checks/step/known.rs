//! What the text of a step is filled in with.

use super::filled_in::FilledIn;
use crate::{
    checks::{
        Answer, CorsLook, EdgeConfiguration, Evidence, OriginKind,
        url_parts::{UrlParts, percent_decoded},
    },
    invalidations::aws_cli::quoted,
};

/// The longest part of an answer's header that a step repeats, in characters.
const SHOWN_MAX: usize = 200;

/// The facts of one check in the form in which a step needs them.
pub(super) struct Known<'a> {
    evidence: &'a Evidence<'a>,
    pub url: UrlParts,
}

impl<'a> Known<'a> {
    pub fn of(evidence: &'a Evidence<'a>) -> Self {
        Self { evidence, url: UrlParts::of(evidence.url) }
    }

    pub fn configuration(&self) -> &'a EdgeConfiguration {
        self.evidence.configuration
    }

    pub fn answer(&self) -> Option<&'a Answer> {
        self.evidence.after.answer()
    }

    /// What another origin got.
    pub fn cors(&self) -> Option<&'a CorsLook> {
        self.answer()?.cors.as_ref()
    }

    /// The status of the answer, or 0.
    pub fn status(&self) -> u16 {
        self.answer().map_or(0, |answer| answer.status)
    }

    pub fn has_s3_origin(&self) -> bool {
        matches!(self.configuration().origin, Some(OriginKind::S3 | OriginKind::S3Website))
    }

    pub fn host(&self) -> &str {
        if self.url.host.is_empty() { "YOUR-HOST" } else { &self.url.host }
    }

    /// The distribution's own domain, such as `d111111abcdef8.cloudfront.net`, or words for it.
    pub fn domain(&self) -> &'a str {
        let hosts = self.configuration().hosts.as_deref().unwrap_or_default();
        let own = hosts.iter().find(|host| host.ends_with(".cloudfront.net"));
        own.map_or("the domain name of the distribution", String::as_str)
    }

    /// Whether the host is a distribution's own domain, which needs no DNS record and no alias.
    pub fn is_own_domain(&self) -> bool {
        self.url.host.ends_with(".cloudfront.net")
    }

    fn filled_in(&self) -> FilledIn<'a> {
        FilledIn(self.configuration())
    }

    pub fn distribution(&self) -> &'a str {
        self.filled_in().distribution()
    }

    /// The key of the object that an S3 origin is asked for, if no function and no origin path changes it.
    pub fn key(&self) -> String {
        if self.url.is_root() {
            let root = self.configuration().default_root_object.as_deref();
            return root.filter(|root| !root.is_empty()).unwrap_or("index.html").to_owned();
        }
        percent_decoded(self.url.path.trim_start_matches('/'))
    }

    /// The URL that was looked at.
    pub fn address(&self) -> &'a str {
        self.evidence.url
    }

    /// The URL with `https`.
    pub fn https_address(&self) -> String {
        let rest = self.evidence.url.split_once("://").map_or(self.evidence.url, |(_, rest)| rest);
        format!("https://{rest}")
    }

    /// The command that lists the object of the URL.
    pub fn list_object(&self) -> String {
        self.list(&self.key())
    }

    pub fn list(&self, key: &str) -> String {
        self.filled_in().list(key)
    }

    /// The command that shows the headers of the answer.
    pub fn show_headers(&self) -> String {
        format!("curl -sS -o /dev/null -D - {}", quoted(self.evidence.url))
    }

    pub fn set_root_object(&self) -> String {
        self.filled_in().set_root_object()
    }

    pub fn show_configuration(&self, query: &str) -> String {
        self.filled_in().show_configuration(query)
    }

    pub fn read_statement(&self) -> String {
        self.filled_in().read_statement()
    }

    /// How long to wait, as the answer says, in a sentence with a space before it. Empty if it does not say.
    pub fn retry_after(&self) -> String {
        let value = self.answer().and_then(|answer| answer.retry_after.as_deref()).unwrap_or_default();
        if !value.is_empty() && value.len() <= 9 && value.bytes().all(|b| b.is_ascii_digit()) {
            return format!(" The answer asks to wait {value} s (Retry-After).");
        }
        // The other form is a date of HTTP (RFC 9110, section 10.2.3).
        let is_date = value.ends_with(" GMT") && value.len() <= 40 && value.is_ascii();
        if is_date { format!(" The answer asks to wait until {value} (Retry-After).") } else { String::new() }
    }

    /// How long viewers may still get the error after its cause is gone, in a sentence with a space before it. Empty
    /// if CloudFront does not keep answers with this status by itself.
    ///
    /// Source: developer guide, `HTTPStatusCodes`. CloudFront always keeps these, for 10 s if nothing is set.
    pub fn error_lifetime(&self) -> &'static str {
        if matches!(self.status(), 404 | 414 | 500..=504) {
            " Viewers may still get the error for 10 s after its cause is gone: that is the default of the error caching minimum TTL. A max-age of the origin can make it longer."
        } else {
            ""
        }
    }
}

/// The step in words, and the command or the policy below it.
pub(super) fn with_code(words: impl Into<String>, code: &str) -> String {
    format!("{}\n{code}", words.into())
}

/// A part of an answer's header, bounded and in one line.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect()
}
