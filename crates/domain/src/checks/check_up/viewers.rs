//! Findings about what viewers are given: by which protocol, and where a file is missing.

use super::{
    super::{Answer, XCache, step::FilledIn},
    Finding,
    FindingName::{ErrorPages, HttpsOnly},
    FindingState::{Advice, Good, Problem, Unknown},
    facts::{Facts, listed, shown},
    site::{NOT_READ, READ_IT},
};
use crate::distributions::delivery::{CustomErrorResponse, DeliverySettings, ViewerProtocol};

/// Where the protocols of all behaviours stand.
const PROTOCOLS: &str = "[DefaultCacheBehavior,CacheBehaviors.Items[]][].[PathPattern,ViewerProtocolPolicy]";
/// The path patterns that are named.
const PATTERNS_MAX: usize = 5;

/// What the root answered to plain HTTP.
enum PlainHttp {
    /// It led to HTTPS.
    Redirected,
    /// It refused, or led elsewhere.
    Refused(u16),
    /// It gave the page.
    Served(u16),
}

impl PlainHttp {
    fn of(answer: &Answer) -> Self {
        let location = answer.location.as_deref().unwrap_or_default();
        let is_https = location.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        if answer.is_redirect() && is_https {
            Self::Redirected
        } else if (200..300).contains(&answer.status) {
            Self::Served(answer.status)
        } else {
            Self::Refused(answer.status)
        }
    }
}

pub(super) fn https_only(facts: &Facts<'_>) -> Finding {
    let plain = facts.looks.and_then(|looks| looks.plain_http.as_ref()?.answer()).map(PlainHttp::of);
    let show = FilledIn(&facts.filling).show_configuration(PROTOCOLS);
    let Some(delivery) = facts.delivery else {
        let found = match plain {
            Some(PlainHttp::Redirected) => {
                format!(
                    "{NOT_READ} The root of the site leads from HTTP to HTTPS; other paths are not known."
                )
            }
            Some(PlainHttp::Refused(_) | PlainHttp::Served(_)) | None => NOT_READ.to_owned(),
        };
        return Finding::new(HttpsOnly, Unknown, found).step(READ_IT).snippet(show);
    };
    let open = patterns(delivery, Some(ViewerProtocol::Any));
    if !open.is_empty() {
        let seen = match plain {
            Some(PlainHttp::Redirected) => " The root of the site leads from HTTP to HTTPS anyway.",
            Some(PlainHttp::Served(_)) => " The root of the site answers by HTTP.",
            Some(PlainHttp::Refused(_)) | None => "",
        };
        return Finding::new(
            HttpsOnly,
            Problem,
            format!("Viewers may use plain HTTP at {}: others can read and change what they get.{seen}", listed(&open, PATTERNS_MAX)),
        )
        .step("Set the viewer protocol policy of these behaviors to Redirect HTTP to HTTPS; for an API, whose requests may not be redirected, to HTTPS only. The command shows the policy of each behavior.")
        .snippet(show);
    }
    let unread = patterns(delivery, None);
    match (unread.is_empty(), plain) {
        (false, _) => Finding::new(
            HttpsOnly,
            Unknown,
            format!("The viewer protocol policy of {} has not been read yet.", listed(&unread, PATTERNS_MAX)),
        )
        .step("Look with this command.")
        .snippet(show),
        // The one address may be any server.
        (true, Some(PlainHttp::Served(status))) if facts.looks.is_some_and(|looks| looks.is_dns_replaced) => {
            Finding::new(
                HttpsOnly,
                Good,
                format!("Each behavior wants HTTPS. That the one address in place of DNS answers by HTTP with status {status} proves nothing."),
            )
        }
        (true, Some(PlainHttp::Served(status))) => Finding::new(
            HttpsOnly,
            Problem,
            format!("The distribution has no plain HTTP, but the root of the site answers by HTTP with status {status}."),
        )
        .step("Check that the DNS record of the host leads to this distribution, and look again once a change is deployed.")
        .snippet(show),
        (true, Some(PlainHttp::Redirected)) => Finding::new(
            HttpsOnly,
            Good,
            "Each behavior wants HTTPS, and the root of the site leads from HTTP to HTTPS.",
        ),
        (true, Some(PlainHttp::Refused(status))) => Finding::new(
            HttpsOnly,
            Good,
            format!("Each behavior wants HTTPS. The root of the site answers to HTTP with status {status}."),
        ),
        (true, None) => Finding::new(HttpsOnly, Good, "Each behavior wants HTTPS."),
    }
}

fn patterns(delivery: &DeliverySettings, protocol: Option<ViewerProtocol>) -> Vec<String> {
    let those = delivery.behaviors.iter().filter(|behavior| behavior.viewer_protocol == protocol);
    those.map(|behavior| shown(&behavior.pattern)).collect()
}

pub(super) fn error_pages(facts: &Facts<'_>) -> Finding {
    let Some(delivery) = facts.delivery else {
        return Finding::new(ErrorPages, Unknown, NOT_READ)
            .step(READ_IT)
            .snippet(FilledIn(&facts.filling).show_configuration("CustomErrorResponses"));
    };
    let hiding: Vec<&CustomErrorResponse> =
        delivery.custom_errors.iter().filter(|custom| hides(custom)).collect();
    let Some(first) = hiding.first() else {
        let found = if delivery.custom_errors.is_empty() {
            "None are set: a missing file is answered with the origin's error."
        } else {
            "No error page turns an error into a success, so a missing file stays an error."
        };
        return Finding::new(ErrorPages, Good, found);
    };
    let rows: Vec<String> = hiding.iter().map(|custom| in_words(custom)).collect();
    let is_root_hidden =
        facts.page().is_some_and(|answer| answer.status < 400 && answer.x_cache == Some(XCache::Error));
    let (state, seen) = if is_root_hidden {
        (Problem, " The root of the site itself is served from an error page now.")
    } else {
        (Advice, "")
    };
    Finding::new(
        ErrorPages,
        state,
        format!("Missing files look like a success: {}.{seen}", listed(&rows, PATTERNS_MAX)),
    )
    .step("Remove these rows, or keep the error's own status in them. If an app with paths of its own needs its page for each path, let this CloudFront Function (viewer request) give it for paths without a file name instead: missing scripts and images stay errors.")
    .snippet(app_function(first.page.as_deref()))
}

fn hides(custom: &CustomErrorResponse) -> bool {
    custom.code >= 400 && custom.response_code.is_some_and(|code| code < 400)
}

fn in_words(custom: &CustomErrorResponse) -> String {
    let page = custom.page.as_deref().map(|page| format!(" with {}", shown(page))).unwrap_or_default();
    format!("{} becomes {}{page}", custom.code, custom.response_code.unwrap_or_default())
}

fn app_function(page: Option<&str>) -> String {
    let is_plain = |page: &&str| page.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b));
    let page = page.filter(is_plain).unwrap_or("/index.html");
    format!(
        "function handler(event) {{
    var request = event.request;
    var name = request.uri.split('/').pop();
    if (!name.includes('.')) {{
        request.uri = '{page}';
    }}
    return request;
}}"
    )
}
