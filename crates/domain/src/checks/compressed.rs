//! The compressed copy of a URL, which most viewers get.
//!
//! CloudFront keeps a copy for each encoding that it offers (developer guide, "Serving compressed files"). A look asks
//! for the copy that is not compressed, whose content can be read and compared; a compressed one may be older.

use serde::{Deserialize, Serialize};

use super::{Answer, CheckCause, Judgement, Verdict};

/// What a viewer that accepts compressed answers got.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CompressedAnswer {
    pub status: u16,
    /// `Content-Encoding`, such as `br`. `None` if the answer is not compressed.
    pub encoding: Option<String>,
    /// `X-Cache` as it is shown.
    pub x_cache: Option<String>,
    /// In seconds.
    pub age: Option<u64>,
    pub etag: Option<String>,
}

impl CompressedAnswer {
    /// What is kept of an answer.
    #[must_use]
    pub fn of(answer: &Answer, encoding: Option<&str>) -> Self {
        Self {
            status: answer.status,
            encoding: encoding.map(|encoding| encoding.chars().take(ENCODING_MAX).collect()),
            x_cache: answer.x_cache.as_ref().map(|value| value.as_str().to_owned()),
            age: answer.age,
            etag: answer.etag.clone(),
        }
    }
}

/// The longest name of an encoding that is kept, in characters.
const ENCODING_MAX: usize = 40;

/// Whether a look at the compressed copy may add to a judgement: where the plain copy is already bad, it may not.
#[must_use]
pub fn needs_compressed(judgement: Judgement, answer: &Answer) -> bool {
    match judgement.verdict {
        Verdict::Fresh | Verdict::Unchanged | Verdict::Unclear => !answer.is_redirect() && !answer.is_error(),
        Verdict::Stale | Verdict::Broken => false,
    }
}

/// Takes into a judgement the one of the compressed copy by itself. Only what is proved of that copy counts: that it is
/// old, or an error.
#[must_use]
pub fn judge_compressed(plain: Judgement, compressed: Judgement) -> Judgement {
    match compressed.verdict {
        Verdict::Stale => Judgement { verdict: Verdict::Stale, cause: Some(CheckCause::CompressedCopyOld) },
        Verdict::Broken => compressed,
        Verdict::Fresh | Verdict::Unchanged | Verdict::Unclear => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(verdict: Verdict, cause: CheckCause) -> Judgement {
        Judgement { verdict, cause: Some(cause) }
    }

    #[test]
    fn only_what_is_proved_of_the_compressed_copy_counts() {
        use CheckCause as C;
        let fresh = Judgement { verdict: Verdict::Fresh, cause: None };
        let old = judgement(Verdict::Stale, C::OldAtEdge);
        assert_eq!(judge_compressed(fresh, old), judgement(Verdict::Stale, C::CompressedCopyOld));
        let failing = judgement(Verdict::Broken, C::OriginFailed);
        assert_eq!(judge_compressed(fresh, failing), failing);
        for other in
            [judgement(Verdict::Unclear, C::NoAge), judgement(Verdict::Unchanged, C::OriginUnchanged)]
        {
            assert_eq!(judge_compressed(fresh, other), fresh);
        }
    }

    #[test]
    fn where_the_plain_copy_is_bad_the_other_one_is_not_asked_for() {
        let good = Answer { status: 200, ..Answer::default() };
        let fresh = Judgement { verdict: Verdict::Fresh, cause: None };
        assert!(needs_compressed(fresh, &good));
        assert!(!needs_compressed(fresh, &Answer { status: 404, ..Answer::default() }));
        assert!(!needs_compressed(judgement(Verdict::Stale, CheckCause::OldAtEdge), &good));
        assert!(!needs_compressed(
            judgement(Verdict::Unclear, CheckCause::Redirected),
            &Answer { status: 301, ..Answer::default() }
        ));
    }
}
