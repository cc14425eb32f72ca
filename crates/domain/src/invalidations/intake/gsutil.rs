//! Reads what `gsutil` and `gcloud storage` print while they copy and remove.

use super::{FileChange, FilePlace, IntakeError, SkipReason, Tool, found::Found, two_names};

pub(super) fn read(body: &str) -> Option<Found> {
    let body = body.trim_matches(' ');
    if is_progress(body) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    if let Some(rest) = body.strip_prefix("Would ") {
        let planned = ["copy ", "remove ", "rsync "].iter().any(|act| rest.starts_with(act));
        return (planned && rest.contains("gs://")).then(|| Found::skipped(SkipReason::DryRun));
    }
    if let Some(rest) = body.strip_prefix("Removing gs://") {
        let name = rest.strip_suffix("...").unwrap_or(rest);
        return of_address(&format!("gs://{}", without_generation(name)), FileChange::Deleted);
    }
    let rest = body.strip_prefix("Copying ")?;
    if !rest.starts_with("file://") && !rest.starts_with("gs://") {
        return None;
    }
    if let Some(pair) = two_names::split(rest, " to gs://", "gs://".len()) {
        return match pair {
            Ok((_, target)) => of_address(target, FileChange::Written),
            Err(error) => Some(Found::refused(error)),
        };
    }
    if rest.contains(" to file://") {
        return Some(Found::skipped(SkipReason::Downloaded));
    }
    let name = rest.strip_suffix("...")?;
    let name = name.rsplit_once(" [Content-Type=").map_or(name, |(name, _)| name);
    Some(match name.strip_prefix("file://") {
        Some(local) => Found::file(local, FilePlace::Local, FileChange::Written, Tool::Gsutil),
        // Where an object was copied to is not told.
        None => Found::refused(IntakeError::UnknownOutput),
    })
}

fn of_address(name: &str, change: FileChange) -> Option<Found> {
    let address = two_names::address(name)?;
    Some(Found::file(address.key, FilePlace::Bucket(address.bucket.to_owned()), change, Tool::Gsutil))
}

/// The name without the number of a version: `old.js#1560468815691234`.
fn without_generation(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((bare, number)) if number.len() >= 13 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            bare
        }
        _ => name,
    }
}

/// `/ [3 files][  2.9 MiB/  2.9 MiB]`, whose first letter turns.
pub(super) fn is_bar(text: &str) -> bool {
    text.get(1..3) == Some(" [") && text.starts_with(['/', '-', '\\', '|']) && text.contains(" files][")
}

fn is_progress(body: &str) -> bool {
    let begins =
        ["Building synchronization state...", "Starting synchronization...", "Operation completed over "];
    is_bar(body)
        || begins.iter().any(|begin| body.starts_with(begin))
        || (body.starts_with("Completed files ") && body.contains(" | "))
        || (body.starts_with("Average throughput: ") && body.ends_with("B/s"))
}
