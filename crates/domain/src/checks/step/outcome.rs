//! Steps for looks that got an answer without an error: nothing is proved, the copy is old, or the content is another.

use super::known::{Known, shown, with_code};
use crate::{checks::XCache, invalidations::aws_cli::quoted};

pub(super) const NO_INVALIDATION: &str = "No action needed. To prove a version, set a text that only this version has in the check settings of this distribution.";
pub(super) const TOO_EARLY: &str =
    "No action needed yet: Unstale looks again after CloudFront has completed the invalidation.";
pub(super) const NO_AGE: &str = "Set a text that only the new version has in the check settings of this distribution, then check again. If a response headers policy removes the Age header, keep the header.";
pub(super) const AGE_TOO_NEAR: &str =
    "Check again in some minutes. If the result stays the same, repeat the invalidation.";
pub(super) const NOTHING_TO_COMPARE: &str =
    "Set a text that only the new version has in the check settings of this distribution, then check again.";
pub(super) const ANSWERS_DIFFER: &str = "Check again in some minutes. If the answers still differ, compare the servers of the origin: one of them may have another version.";
pub(super) const NOT_LOOKED: &str = "Check again in some minutes.";
pub(super) const ANSWERS: &str = "No action needed: the pages of the site get the answer of the API.";
pub(super) const SECRET_NOT_READ: &str = "Start Unstale with the key with which the header was saved (UNSTALE_SECRETS_KEY_FILE), or write the value of the header again in the check settings of this distribution. Then check again.";
pub(super) const GUESSED_URL: &str =
    "The wildcard or tag names no URL. Set some URLs to look at in the check settings of this distribution.";
pub(super) const TEXT_MISSING: &str = "Check that the new version is at the origin and has this text, spelled as in the check settings of this distribution. If the origin has it, repeat the invalidation.";
pub(super) const TEXT_FORBIDDEN: &str = "Check that the version at the origin no longer has this text. If the origin is right, repeat the invalidation.";

pub(super) fn contradiction(known: &Known<'_>) -> String {
    with_code(
        "Look at the headers of the answer, and check what is between CloudFront and its viewers.",
        &known.show_headers(),
    )
}

pub(super) fn generated_at_edge(known: &Known<'_>) -> String {
    with_code(
        "Change the code of the function if viewers get the old version: no cache keeps its answers, so an invalidation has no effect on them.",
        &known.show_headers(),
    )
}

pub(super) fn redirect_to_https(known: &Known<'_>) -> String {
    format!("Check the HTTPS address instead: {}", known.https_address())
}

pub(super) fn redirected(known: &Known<'_>) -> String {
    let target = known.answer().and_then(|answer| answer.location.as_deref()).map(shown);
    let target = target.map(|target| format!(": {target}")).unwrap_or_default();
    format!(
        "Check the target of the redirect{target}. If this distribution serves it, invalidate its path too."
    )
}

pub(super) fn error_page_served(known: &Known<'_>) -> String {
    let pages = &known.configuration().custom_errors;
    let own = pages.iter().find(|custom| custom.response_code == Some(known.status()));
    let page = own.and_then(|custom| custom.page.as_deref()).unwrap_or("the error page");
    format!(
        "If this path is a route of a single-page application, invalidate and check {page} instead. If it is a file, check that the file is at the origin."
    )
}

pub(super) fn never_cached(known: &Known<'_>) -> String {
    let why = if known.answer().is_some_and(|answer| answer.forbids_caching) {
        " The origin's Cache-Control forbids to keep a copy."
    } else {
        ""
    };
    format!(
        "If viewers get the old version, look for it at the origin: an invalidation has no effect here. To have copies kept, change Cache-Control at the origin or the cache policy of the behavior.{why}"
    )
}

pub(super) fn revalidated(known: &Known<'_>) -> String {
    let words = "Check that the origin has the new version and does not fail. The new version must have another ETag or a later Last-Modified than the old one.";
    if known.has_s3_origin() { with_code(words, &known.list_object()) } else { words.to_owned() }
}

pub(super) fn cache_behind(known: &Known<'_>) -> String {
    format!("Clear the copy of this URL in {} first, then repeat the invalidation.", other_cache(known))
}

pub(super) fn cache_in_front(known: &Known<'_>) -> String {
    format!(
        "Clear the copy of this URL in {}, or wait until it expires. An invalidation of CloudFront does not reach it.",
        other_cache(known)
    )
}

fn other_cache(known: &Known<'_>) -> String {
    let name = known.answer().and_then(|answer| answer.other_cache.as_deref());
    name.map_or_else(|| "the other cache".to_owned(), shown)
}

pub(super) fn unknown_x_cache(known: &Known<'_>) -> String {
    let value = known.answer().and_then(|answer| answer.x_cache.as_ref()).map(XCache::as_str);
    let value = value.map(|value| format!(" X-Cache is \"{}\".", shown(value))).unwrap_or_default();
    with_code(
        format!("Check which cache writes X-Cache: this value is not one of CloudFront's.{value}"),
        &known.show_headers(),
    )
}

pub(super) fn old_at_edge(known: &Known<'_>) -> String {
    format!(
        "Repeat the invalidation with the item {}. If the old copy stays, compare the item with the URL as viewers spell it.",
        path(known)
    )
}

pub(super) fn compressed_copy_old(known: &Known<'_>) -> String {
    with_code(
        format!(
            "Repeat the invalidation with the item {}. The copy that is not compressed is not old, so that tools without Accept-Encoding do not see this.",
            path(known)
        ),
        &format!("curl -sS -o /dev/null -D - -H 'Accept-Encoding: gzip, br' {}", quoted(known.address())),
    )
}

pub(super) fn not_covered(known: &Known<'_>) -> String {
    format!(
        "Make an invalidation with the item {}*: it covers every query string and every variant of this URL. The item must be spelled as viewers spell the URL, in upper and lower case too.",
        path(known)
    )
}

pub(super) fn origin_unchanged(known: &Known<'_>) -> String {
    if known.has_s3_origin() {
        return with_code(
            "Look at the date of the file in the bucket. If it is old, upload the new version, then repeat the invalidation.",
            &known.list_object(),
        );
    }
    "Check that the new version is at the origin. If it is not, deploy it, then repeat the invalidation."
        .to_owned()
}

pub(super) fn same_as_origin(known: &Known<'_>) -> String {
    let words = "If this is the old version, deploy the new one to the origin, then repeat the invalidation.";
    if known.has_s3_origin() { with_code(words, &known.list_object()) } else { words.to_owned() }
}

pub(super) fn origin_has_other(known: &Known<'_>) -> String {
    format!(
        "Make an invalidation with the item {}: the edge fetched its copy before the origin had this content, or the origin makes another answer for each request.",
        path(known)
    )
}

pub(super) fn other_body(known: &Known<'_>) -> String {
    with_code(
        "Compare the SHA-256 of the file at the origin with the expected one. If the origin has the expected file, repeat the invalidation. The command shows what viewers get.",
        &format!("curl -sS {} | sha256sum", quoted(known.address())),
    )
}

pub(super) fn not_gone(known: &Known<'_>) -> String {
    let words =
        "Check that the file is gone from the origin, and remove it if not. Then repeat the invalidation.";
    if known.has_s3_origin() { with_code(words, &known.list_object()) } else { words.to_owned() }
}

pub(super) fn other_refusal(known: &Known<'_>) -> String {
    let id = known.answer().and_then(|answer| answer.cf_id.as_deref()).map(shown);
    let id =
        id.map(|id| format!(" AWS Support finds the request by its X-Amz-Cf-Id, {id}.")).unwrap_or_default();
    with_code(
        format!("Look at the answer yourself, and at the log of the distribution if it has one.{id}"),
        &format!("curl -sS -i {}", quoted(known.address())),
    )
}

fn path<'a>(known: &'a Known<'_>) -> &'a str {
    if known.url.path.is_empty() { "/YOUR-PATH" } else { &known.url.path }
}
