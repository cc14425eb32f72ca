//! Steps where the pages of another origin may not read an answer.
//!
//! The managed response headers policies and what they add: developer guide, "Using managed response headers policies".
//! The cache key and CORS: developer guide, "`RequestAndResponseBehaviorCustomOrigin`", section CORS.

use super::known::{Known, shown, with_code};

/// What decides about CORS in each behaviour.
const BEHAVIORS: &str = "[DefaultCacheBehavior,CacheBehaviors.Items[]][].[PathPattern,AllowedMethods.Items,CachePolicyId,OriginRequestPolicyId,ResponseHeadersPolicyId]";

pub(super) fn missing(known: &Known<'_>) -> String {
    let origin = origin(known);
    with_code(
        format!(
            "Attach a response headers policy to the behavior of this path: the managed SimpleCORS allows every origin, CORS-With-Preflight also answers with the headers that a preflight needs; for {origin} alone make a policy of your own. For preflights allow OPTIONS in the behavior too."
        ),
        &known.show_configuration(BEHAVIORS),
    )
}

pub(super) fn other_origin(known: &Known<'_>) -> String {
    let answer = known.cors().and_then(|look| look.get.as_ref());
    let came = answer.and_then(|answer| answer.allowed_origin.as_deref()).map(shown).unwrap_or_default();
    with_code(
        format!(
            "Add {} to the origins that the origin or the response headers policy allows. What came back is \"{came}\"; it must be this origin exactly, with scheme and port, once, or *.",
            origin(known)
        ),
        &known.show_configuration(BEHAVIORS),
    )
}

pub(super) fn cached_without_origin(known: &Known<'_>) -> String {
    with_code(
        "Put the header Origin into the cache policy of this behavior, or attach the managed response headers policy CORS-With-Preflight, which adds the headers to each answer. An origin request policy alone, such as CORS-S3Origin, does not change the cache key. Then repeat the invalidation.",
        &known.show_configuration(BEHAVIORS),
    )
}

pub(super) fn credentials_with_any(known: &Known<'_>) -> String {
    format!(
        "Allow {} by its name in place of *, or stop sending Access-Control-Allow-Credentials if pages there need no cookies. The managed CORS policies allow every origin: credentials need a response headers policy of your own.",
        origin(known)
    )
}

pub(super) fn request_refused(known: &Known<'_>) -> String {
    let status = known.cors().and_then(|look| look.get.as_ref()).map_or(0, |answer| answer.status);
    let origin = origin(known);
    with_code(
        format!(
            "Look at the log of the origin for a request with Origin: {origin}, which it answers with {status}. Without that header it answers well: allow this origin there, or let CloudFront not forward Origin and attach the managed response headers policy SimpleCORS."
        ),
        &known.show_configuration(BEHAVIORS),
    )
}

pub(super) fn preflight_refused(known: &Known<'_>) -> String {
    let status = known.cors().and_then(|look| look.preflight.as_ref()).map_or(0, |answer| answer.status);
    let origin = origin(known);
    with_code(
        format!(
            "Let the origin answer OPTIONS with a status of success and allow {origin} in it: it answered {status}. CloudFront must forward Origin, Access-Control-Request-Method and Access-Control-Request-Headers: the managed origin request policy CORS-S3Origin does. A response headers policy adds headers, and cannot change the status."
        ),
        &known.show_configuration(BEHAVIORS),
    )
}

pub(super) fn header_not_allowed(known: &Known<'_>) -> String {
    let refused = known.cors().map(|look| look.refused_headers().join(", ")).unwrap_or_default();
    let refused = if refused.is_empty() { "the request headers".to_owned() } else { refused };
    format!("Add {refused} to Access-Control-Allow-Headers in the answer to OPTIONS.")
}

/// The step with a word about CORS where a browser reports this error as one of CORS.
pub(super) fn beside_error(known: &Known<'_>, step: String) -> String {
    let is_error = known.answer().is_some_and(super::super::Answer::is_error);
    if !(is_error && known.cors().is_some_and(super::super::CorsLook::hides_error)) {
        return step;
    }
    let (words, code) = step.split_once('\n').map_or((step.as_str(), ""), |(words, code)| (words, code));
    let note = format!(
        "Browsers report this error as one of CORS, since it has no CORS headers for {}: that is the symptom and not the cause.",
        origin(known)
    );
    if code.is_empty() { format!("{words} {note}") } else { format!("{words} {note}\n{code}") }
}

/// The origin that is set, or words for it.
fn origin(known: &Known<'_>) -> String {
    known.cors().map_or_else(|| "the origin that is set".to_owned(), |look| shown(&look.origin))
}
