//! Splits a line that names two files with a text between them that may also be part of a name.

use super::{FileNote, IntakeError};

/// The most places at which a line may be split. A line with more is refused, so that the work stays bounded.
const PLACES_MAX: usize = 16;

/// The name of a bucket and the key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
}

/// `s3://bucket/key` or `gs://bucket/key`.
pub(super) fn address(text: &str) -> Option<Address<'_>> {
    let rest = text.strip_prefix("s3://").or_else(|| text.strip_prefix("gs://"))?;
    let (bucket, key) = rest.split_once('/')?;
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (!bucket.is_empty() && bucket.bytes().all(sound)).then_some(Address { bucket, key })
}

/// Splits `SOURCE between DESTINATION`. `between` includes the beginning of the destination that is certain, of which
/// `kept` bytes belong to the destination. Where there are several places, the destination that ends with the
/// source's file name counts.
pub(super) fn split<'a>(
    text: &'a str,
    between: &str,
    kept: usize,
) -> Option<Result<(&'a str, &'a str), IntakeError>> {
    let at = |at: usize| (&text[..at], &text[at + between.len() - kept..]);
    let mut places = text.match_indices(between).map(|(place, _)| at(place)).take(PLACES_MAX + 1);
    let first = places.next()?;
    let others: Vec<_> = places.collect();
    if others.is_empty() {
        return Some(Ok(first));
    }
    if others.len() == PLACES_MAX {
        return Some(Err(IntakeError::AmbiguousNames));
    }
    let mut fitting = std::iter::once(first).chain(others).filter(|(source, target)| {
        let target = target.trim_end_matches(' ');
        let name = file_name(source).trim_end_matches(' ');
        !name.is_empty()
            && target.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    });
    Some(match (fitting.next(), fitting.next()) {
        (Some(pair), None) => Ok(pair),
        _ => Err(IntakeError::AmbiguousNames),
    })
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The name without the padding at its end. If the source has the same name, its closing blanks are known; otherwise
/// a note says that they are not.
pub(super) fn without_padding<'a>(padded: &'a str, source: Option<&str>) -> (&'a str, Option<FileNote>) {
    let bare = padded.trim_end_matches(' ');
    if bare.len() == padded.len() {
        return (padded, None);
    }
    let name = source.map(file_name).unwrap_or_default();
    let bare_name = name.trim_end_matches(' ');
    if !bare_name.is_empty() && file_name(bare) == bare_name {
        let blanks = name.len() - bare_name.len();
        if bare.len() + blanks <= padded.len() {
            return (&padded[..bare.len() + blanks], None);
        }
    }
    (bare, Some(FileNote::PaddingCut))
}
