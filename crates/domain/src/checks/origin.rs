//! What the origin itself has of a URL, and what that says about the copy that viewers get.

use serde::{Deserialize, Serialize};

use super::{
    Answer, BodyDigest, CheckCause, Judgement, Verdict,
    content::{Comparison, compare},
    url_parts::percent_decoded,
};
use crate::time::Timestamp;

/// What the origin answered when it was asked past CloudFront.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OriginAnswer {
    /// The status code. 403 where Unstale may not read the object, so that nothing follows.
    pub status: u16,
    /// `ETag` as it was sent.
    pub etag: Option<String>,
    pub last_modified: Option<Timestamp>,
    /// In bytes.
    pub length: Option<u64>,
    /// `x-amz-version-id` of S3.
    pub version_id: Option<String>,
    pub body: Option<BodyDigest>,
}

/// How the content of an origin stands to the one that viewers get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtOrigin {
    Same,
    Other,
    Missing,
    /// It is there, and nothing tells whether its content is another.
    There,
    /// The origin did not say.
    Unknown,
}

impl OriginAnswer {
    /// What is kept of an answer.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            etag: answer.etag.clone(),
            last_modified: answer.last_modified,
            length: answer.length,
            version_id: answer.version_id.clone(),
            body: answer.body,
        }
    }

    /// Compares it with the answer that viewers get.
    #[must_use]
    pub fn against(&self, viewers: &Answer) -> AtOrigin {
        match self.status {
            404 | 410 => AtOrigin::Missing,
            200..=299 if viewers.is_error() => AtOrigin::There,
            200..=299 => {
                let own = Answer {
                    status: viewers.status,
                    etag: self.etag.clone(),
                    version_id: self.version_id.clone(),
                    body: self.body,
                    ..Answer::default()
                };
                match compare(&own, viewers) {
                    Comparison::Same => AtOrigin::Same,
                    Comparison::Other => AtOrigin::Other,
                    Comparison::Unknown => AtOrigin::There,
                }
            }
            _ => AtOrigin::Unknown,
        }
    }
}

/// Whether the origin's own answer may add to a judgement: it tells an origin that is old from a copy that is, and a
/// file that is missing from one that CloudFront may not read.
#[must_use]
pub fn needs_origin(judgement: Judgement, answer: &Answer) -> bool {
    if answer.is_redirect() {
        return false;
    }
    match judgement.verdict {
        Verdict::Fresh => false,
        Verdict::Unchanged | Verdict::Stale => true,
        Verdict::Unclear => judgement.cause.is_some_and(is_about_the_copy),
        Verdict::Broken => judgement.cause == Some(CheckCause::ObjectMissingOrDenied),
    }
}

/// Takes into a judgement what the origin has. The verdict stays: it is about what viewers get.
#[must_use]
pub fn judge_origin(judgement: Judgement, viewers: &Answer, origin: &OriginAnswer) -> Judgement {
    use CheckCause as C;
    let cause = match (judgement.verdict, origin.against(viewers)) {
        (Verdict::Unchanged | Verdict::Stale, AtOrigin::Same) => C::SameAsOrigin,
        // Without an invalidation, the same content is what everybody hopes for.
        (Verdict::Unclear, AtOrigin::Same) if judgement.cause != Some(C::NoInvalidation) => C::SameAsOrigin,
        (Verdict::Unchanged | Verdict::Unclear, AtOrigin::Other) => C::OriginHasOther,
        (Verdict::Broken, AtOrigin::Missing) => C::ObjectMissing,
        (Verdict::Broken, AtOrigin::There) => C::BucketDenied,
        _ => return judgement,
    };
    Judgement { cause: Some(cause), ..judgement }
}

/// Whether the cause says that the answer is good, and only nothing is proved about its age.
const fn is_about_the_copy(cause: CheckCause) -> bool {
    matches!(
        cause,
        CheckCause::NoInvalidation
            | CheckCause::NoAge
            | CheckCause::AgeTooNear
            | CheckCause::NothingToCompare
            | CheckCause::Revalidated
            | CheckCause::CacheBehind
            | CheckCause::NeverCached
            | CheckCause::UnknownXCache
            | CheckCause::OtherBody
    )
}

/// The key of the object that S3 is asked for: the path as viewers spell it, decoded, behind the origin's path. The
/// root has the default root object. `None` if the path names no object.
#[must_use]
pub fn object_key(origin_path: &str, path: &str, root_object: Option<&str>) -> Option<String> {
    let path = match (path, root_object) {
        ("/", Some(object)) => format!("/{}", object.trim_start_matches('/')),
        _ => percent_decoded(path),
    };
    let key = format!("{}{path}", origin_path.trim_end_matches('/'));
    let key = key.strip_prefix('/').unwrap_or(&key);
    // Bytes that are no text are in no key that can be asked for.
    let is_object = !key.is_empty() && !key.ends_with('/') && !key.contains(char::REPLACEMENT_CHARACTER);
    is_object.then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(status: u16, etag: &str) -> Answer {
        Answer { status, etag: Some(etag.to_owned()), ..Answer::default() }
    }

    fn judged(verdict: Verdict, cause: CheckCause, viewers: &Answer, origin: &Answer) -> Judgement {
        judge_origin(Judgement { verdict, cause: Some(cause) }, viewers, &OriginAnswer::of(origin))
    }

    #[test]
    fn the_origins_own_content_names_the_cause() {
        use CheckCause as C;
        use Verdict::{Broken, Stale, Unchanged, Unclear};
        let (a, weak, b) = (tagged(200, "\"a\""), tagged(200, "W/\"a\""), tagged(200, "\"b\""));
        let (gone, denied) = (tagged(404, "\"x\""), tagged(403, "\"x\""));
        for (verdict, before, viewers, origin, after) in [
            (Unchanged, C::OriginUnchanged, &a, &a, C::SameAsOrigin),
            (Unchanged, C::OriginUnchanged, &weak, &a, C::SameAsOrigin),
            (Unchanged, C::OriginUnchanged, &a, &b, C::OriginHasOther),
            (Stale, C::OldAtEdge, &a, &a, C::SameAsOrigin),
            (Stale, C::OldAtEdge, &a, &b, C::OldAtEdge),
            (Unclear, C::NothingToCompare, &a, &a, C::SameAsOrigin),
            (Unclear, C::NothingToCompare, &a, &b, C::OriginHasOther),
            (Unclear, C::NoInvalidation, &a, &a, C::NoInvalidation),
            (Unclear, C::NoInvalidation, &a, &b, C::OriginHasOther),
            (Unchanged, C::OriginUnchanged, &a, &denied, C::OriginUnchanged),
            (Broken, C::ObjectMissingOrDenied, &denied, &gone, C::ObjectMissing),
            (Broken, C::ObjectMissingOrDenied, &denied, &a, C::BucketDenied),
            (Broken, C::ObjectMissingOrDenied, &denied, &denied, C::ObjectMissingOrDenied),
        ] {
            let judgement = judged(verdict, before, viewers, origin);
            assert_eq!(judgement, Judgement { verdict, cause: Some(after) }, "{verdict:?} {before:?}");
        }
    }

    #[test]
    fn the_origin_is_asked_only_where_that_may_tell_something() {
        use CheckCause as C;
        let needs = |verdict, cause, status| {
            let answer = Answer { status, ..Answer::default() };
            needs_origin(Judgement { verdict, cause }, &answer)
        };
        assert!(needs(Verdict::Stale, Some(C::OldAtEdge), 200));
        assert!(needs(Verdict::Unclear, Some(C::NoAge), 200));
        assert!(needs(Verdict::Broken, Some(C::ObjectMissingOrDenied), 403));
        assert!(!needs(Verdict::Fresh, None, 200));
        assert!(!needs(Verdict::Stale, Some(C::OldAtEdge), 301));
        assert!(!needs(Verdict::Unclear, Some(C::TooEarly), 200));
        assert!(!needs(Verdict::Broken, Some(C::BucketMissing), 404));
    }

    #[test]
    fn a_path_is_the_key_of_one_object() {
        for (origin_path, path, root, key) in [
            ("", "/a.html", None, Some("a.html")),
            ("", "/a%20b/%C3%BC.html", None, Some("a b/ü.html")),
            ("/site", "/a.html", None, Some("site/a.html")),
            ("/site/", "/", Some("index.html"), Some("site/index.html")),
            ("", "/", Some("/start/home.html"), Some("start/home.html")),
            ("", "//a", None, Some("/a")),
            ("", "/", None, None),
            ("", "/docs/", Some("index.html"), None),
            ("", "/%FF", None, None),
        ] {
            assert_eq!(object_key(origin_path, path, root).as_deref(), key, "{origin_path} {path}");
        }
    }
}
