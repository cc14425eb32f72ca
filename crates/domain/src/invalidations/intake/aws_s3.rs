//! Reads what `aws s3 sync`, `cp`, `mv` and `rm` print (AWS CLI 1.46.3).

use super::{
    FileChange, FilePlace, SkipReason, Tool,
    found::{Found, file},
    two_names,
};

pub(super) fn read(body: &str) -> Option<Found> {
    if body.starts_with("Completed ") && body.contains("file(s)") {
        return Some(Found::skipped(SkipReason::Progress));
    }
    match body.trim_start_matches(' ').strip_prefix("(dryrun) ") {
        Some(rest) => of_act(rest).map(|_| Found::skipped(SkipReason::DryRun)),
        None => of_act(body),
    }
}

fn of_act(text: &str) -> Option<Found> {
    let (act, rest) = text.split_once(": ")?;
    match act {
        "upload" => of_pair(rest, false),
        "copy" if rest.starts_with("s3://") => of_pair(rest, false),
        "move" if rest.starts_with("s3://") && !rest.contains(" to s3://") => {
            let pair = two_names::split(rest, " to ", 0)?;
            Some(
                pair.map_or_else(Found::refused, |(source, _)| of_address(source, None, FileChange::Deleted)),
            )
        }
        "move" => of_pair(rest, rest.starts_with("s3://")),
        "delete" if rest.starts_with("s3://") => {
            two_names::address(rest)?;
            Some(of_address(rest, None, FileChange::Deleted))
        }
        "download" if rest.starts_with("s3://") && rest.contains(" to ") => {
            Some(Found::skipped(SkipReason::Downloaded))
        }
        "upload failed" | "copy failed" | "move failed" | "delete failed" | "download failed"
            if rest.contains("s3://") =>
        {
            Some(Found::skipped(SkipReason::Failed))
        }
        "warning" if rest.starts_with("Skipping file ") => Some(Found::skipped(SkipReason::Failed)),
        _ => None,
    }
}

/// `SOURCE to s3://BUCKET/KEY`. The source is gone afterwards if it was moved.
fn of_pair(rest: &str, moved: bool) -> Option<Found> {
    let (source, target) = match two_names::split(rest, " to s3://", "s3://".len())? {
        Ok(pair) => pair,
        Err(error) => return Some(Found::refused(error)),
    };
    two_names::address(target)?;
    let written = of_address(target, Some(source), FileChange::Written);
    if !moved {
        return Some(written);
    }
    Some(Found::renamed(of_address(source, Some(source), FileChange::Deleted), written))
}

fn of_address(padded: &str, source: Option<&str>, change: FileChange) -> Found {
    let (name, note) = two_names::without_padding(padded, source);
    match two_names::address(name) {
        Some(address) => {
            let place = FilePlace::Bucket(address.bucket.to_owned());
            Found::One(file(address.key, place, change, Tool::AwsS3, note))
        }
        None => Found::refused(super::IntakeError::UnknownOutput),
    }
}
