//! Whether two answers have the same content.

use super::Answer;

/// What a comparison proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Same,
    Other,
    /// Nothing that both answers have tells.
    Unknown,
}

/// Compares two answers by the strongest that both have: the body, then the version ID of S3, then the `ETag`.
///
/// Status and `Location` are the content of a redirect. Bodies of different encodings cannot be compared as they came.
/// `Last-Modified` is not compared: it has a resolution of a
/// second, and a deployment may keep it.
pub(super) fn compare(before: &Answer, after: &Answer) -> Comparison {
    if before.status != after.status {
        return Comparison::Other;
    }
    if after.is_redirect() {
        return known(Some((&before.location, &after.location)));
    }
    let same_encoding = before.encoding == after.encoding;
    match (before.body, after.body) {
        _ if !same_encoding => {}
        (Some(a), Some(b)) if a.whole && b.whole => return known(Some((a.sha256, b.sha256))),
        // Two bodies whose beginnings differ are different. Equal beginnings prove nothing.
        (Some(a), Some(b)) if a.hashed == b.hashed && a.sha256 != b.sha256 => return Comparison::Other,
        _ => {}
    }
    let versions = before.version_id.as_ref().zip(after.version_id.as_ref());
    if versions.is_some() {
        return known(versions);
    }
    match known(before.opaque_tag().zip(after.opaque_tag())) {
        // The same content has another strong tag in another encoding (RFC 9110, section 8.8.3.3).
        Comparison::Other if !same_encoding => Comparison::Unknown,
        comparison => comparison,
    }
}

fn known<T: PartialEq>(pair: Option<(T, T)>) -> Comparison {
    match pair {
        Some((a, b)) if a == b => Comparison::Same,
        Some(_) => Comparison::Other,
        None => Comparison::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::BodyDigest, *};

    fn answer(body: Option<BodyDigest>, version: Option<&str>, etag: Option<&str>) -> Answer {
        let [version_id, etag] = [version, etag].map(|text| text.map(str::to_owned));
        Answer { status: 200, body, version_id, etag, ..Answer::default() }
    }

    #[test]
    fn the_strongest_evidence_that_both_have_decides() {
        let whole = |text: &str| Some(BodyDigest::of(text.as_bytes(), true));
        let cut = |text: &str| Some(BodyDigest::of(text.as_bytes(), false));
        let cases = [
            (
                answer(whole("a"), Some("1"), Some("x")),
                answer(whole("a"), Some("2"), Some("y")),
                Comparison::Same,
            ),
            (
                answer(whole("a"), Some("1"), Some("x")),
                answer(whole("b"), Some("1"), Some("x")),
                Comparison::Other,
            ),
            (answer(cut("a"), None, Some("x")), answer(cut("b"), None, Some("x")), Comparison::Other),
            (answer(cut("a"), None, None), answer(cut("a"), None, None), Comparison::Unknown),
            (answer(cut("a"), Some("1"), None), answer(cut("a"), Some("2"), None), Comparison::Other),
            (answer(cut("a"), None, Some("W/\"x\"")), answer(None, None, Some("\"x\"")), Comparison::Same),
            (answer(None, Some("1"), Some("x")), answer(None, None, Some("y")), Comparison::Other),
            (answer(None, None, Some("x")), answer(None, Some("1"), None), Comparison::Unknown),
        ];
        for (before, after, expected) in cases {
            assert_eq!(compare(&before, &after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn in_another_encoding_only_what_is_the_same_tells() {
        let whole = |text: &str| Some(BodyDigest::of(text.as_bytes(), true));
        let packed = |answer: Answer| Answer { encoding: Some("gzip".to_owned()), ..answer };
        let before = || answer(whole("a"), None, Some("\"x\""));
        for (after, expected) in [
            (packed(answer(whole("\x1f\x0b"), None, Some("W/\"x\""))), Comparison::Same),
            (packed(answer(whole("\x1f\x0b"), None, Some("\"x-gzip\""))), Comparison::Unknown),
            (packed(answer(whole("\x1f\x0b"), None, None)), Comparison::Unknown),
        ] {
            assert_eq!(compare(&before(), &after), expected, "{after:?}");
            assert_eq!(compare(&packed(before()), &after), Comparison::Other, "{after:?}");
        }
        let version = |id| answer(whole("a"), Some(id), None);
        assert_eq!(compare(&version("1"), &packed(version("1"))), Comparison::Same);
        assert_eq!(compare(&version("1"), &packed(version("2"))), Comparison::Other);
    }

    #[test]
    fn a_redirect_is_its_status_and_target() {
        let redirect = |status, to: &str| Answer {
            status,
            location: Some(to.to_owned()),
            body: Some(BodyDigest::of(to.as_bytes(), true)),
            ..Answer::default()
        };
        assert_eq!(compare(&redirect(301, "/a"), &redirect(301, "/a")), Comparison::Same);
        assert_eq!(compare(&redirect(301, "/a"), &redirect(301, "/b")), Comparison::Other);
        assert_eq!(compare(&redirect(301, "/a"), &redirect(302, "/a")), Comparison::Other);
    }
}
