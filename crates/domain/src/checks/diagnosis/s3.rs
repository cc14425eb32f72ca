//! Errors of S3.

use super::{Answer, Author, BodyHint, CheckCause, Facts, edge};
use crate::checks::OriginKind;

/// The cause if S3 answered with an error, or a page of the site stands for it.
pub(super) fn cause(facts: &Facts<'_>) -> Option<CheckCause> {
    if !is_s3(facts) {
        return None;
    }
    match facts.answer.body_hint {
        BodyHint::S3NoSuchBucket => Some(CheckCause::BucketMissing),
        BodyHint::S3NoSuchKey | BodyHint::S3AccessDenied => Some(own_answer(facts)),
        BodyHint::None if facts.author() != Author::CloudFront => page_of_the_site(facts),
        _ => None,
    }
}

/// Whether S3 answered. Other stores write errors in S3's form, so the form alone is no proof where the origin is
/// known to be another server.
fn is_s3(facts: &Facts<'_>) -> bool {
    let is_named = facts.answer.server.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("AmazonS3"));
    match facts.configuration().origin {
        Some(OriginKind::S3 | OriginKind::S3Website) => true,
        Some(OriginKind::Custom | OriginKind::CloudFront) => is_named,
        None => is_named || (facts.author() == Author::Unknown && has_s3_body(facts.answer)),
    }
}

const fn has_s3_body(answer: &Answer) -> bool {
    matches!(answer.body_hint, BodyHint::S3AccessDenied | BodyHint::S3NoSuchKey | BodyHint::S3NoSuchBucket)
}

/// The cause of S3's own error body, which names no page of the site.
fn own_answer(facts: &Facts<'_>) -> CheckCause {
    let configuration = facts.configuration();
    // With a custom error page for this status, viewers would get the page. They get the error of the page's origin
    // if it is missing (developer guide, custom-error-pages).
    let has_page = |code| configuration.custom_errors.iter().any(|c| c.code == code && c.page.is_some());
    if has_page(facts.answer.status) && configuration.deploying != Some(true) {
        return CheckCause::ErrorPageMissing;
    }
    if let Some(cause) = no_file_named(facts) {
        return cause;
    }
    if facts.answer.body_hint == BodyHint::S3NoSuchKey {
        return CheckCause::ObjectMissing;
    }
    // S3 says `NoSuchKey` only to those who may list the bucket (API reference, GetObject, permissions). Whoever gets
    // `AccessDenied` after that is refused an object that exists, or has lost the permission.
    let could_list = facts.before.is_some_and(|before| before.body_hint == BodyHint::S3NoSuchKey);
    if could_list { CheckCause::BucketDenied } else { CheckCause::ObjectMissingOrDenied }
}

/// The cause if the URL names no file: S3's API has no index of a folder, and only the distribution has one of the
/// root. Website endpoints have both.
fn no_file_named(facts: &Facts<'_>) -> Option<CheckCause> {
    let is_api = match facts.configuration().origin {
        Some(kind) => kind == OriginKind::S3,
        // A website endpoint answers in HTML.
        None => has_s3_body(facts.answer) && !facts.answer.is_html,
    };
    let url = &facts.site.url;
    if is_api && url.is_root() {
        let has_none = facts.configuration().default_root_object.as_deref() == Some("");
        return has_none.then_some(CheckCause::NoDefaultRootObject);
    }
    // If the same URL had content before, then a function or an object of this name made it so.
    let had_content = facts.before.is_some_and(|before| matches!(before.status, 200..=299 | 304));
    (is_api && url.is_folder() && !had_content).then_some(CheckCause::NoFolderIndex)
}

/// The cause if the error has a page of the site as its body.
fn page_of_the_site(facts: &Facts<'_>) -> Option<CheckCause> {
    let (denied, missing) = (facts.has_error_page_for(403), facts.has_error_page_for(404));
    match facts.answer.status {
        403 | 404 if !denied && !missing => plain(facts),
        403 | 404 if denied && facts.edge_may_refuse() => None,
        403 | 404 => Some(no_file_named(facts).unwrap_or(if denied {
            CheckCause::ObjectMissingOrDenied
        } else {
            CheckCause::ObjectMissing
        })),
        _ => None,
    }
}

/// The cause if S3 answered, without a body that is known and without a page of the site that could have replaced it.
fn plain(facts: &Facts<'_>) -> Option<CheckCause> {
    let is_page = facts.answer.is_html || facts.author() != Author::Origin;
    match facts.answer.status {
        404 => Some(no_file_named(facts).unwrap_or(CheckCause::ObjectMissing)),
        403 if !is_page => Some(no_file_named(facts).unwrap_or(CheckCause::ObjectMissingOrDenied)),
        // S3's API answers in XML, so this page stands for a refusal of anybody.
        403 if facts.configuration().origin != Some(OriginKind::S3Website) => Some(edge::refused(facts)),
        _ => None,
    }
}
