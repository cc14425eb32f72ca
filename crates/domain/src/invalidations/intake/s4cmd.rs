//! Reads what `s4cmd` prints (s4cmd 2.1.0): `dist/a.html => s3://bucket/a.html`.

use super::{FileChange, FilePlace, SkipReason, Tool, found::Found, two_names};

pub(super) fn read(body: &str) -> Option<Found> {
    let body = body.trim_matches(' ');
    let Some(pair) = two_names::split(body, " => s3://", "s3://".len()) else {
        let downloaded = body.starts_with("s3://") && body.contains(" => ");
        return downloaded.then(|| Found::skipped(SkipReason::Downloaded));
    };
    let target = match pair {
        Ok((_, target)) => two_names::address(target)?,
        Err(error) => return Some(Found::refused(error)),
    };
    let place = FilePlace::Bucket(target.bucket.to_owned());
    Some(Found::file(target.key, place, FileChange::Written, Tool::S4cmd))
}
