//! Reads what `s3cmd sync`, `put`, `del`, `cp` and `mv` print (s3cmd 2.3.0).

use super::{
    FileChange, FilePlace, SkipReason, Tool,
    context::Context,
    found::Found,
    two_names::{address, split},
};

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if is_progress(body, context) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    let (act, rest) = body.trim_matches(' ').split_once(": '")?;
    let (names, tail) = names_and_tail(rest)?;
    let found = match act {
        "upload" | "remote copy" | "copy" => of_pair(names, FileChange::Written, false)?,
        "delete" => of_name(names, FileChange::Deleted).filter(|_| names.starts_with("s3://"))?,
        "move" if names.starts_with("s3://") => of_pair(names, FileChange::Written, true)?,
        "download" if names.starts_with("s3://") => Found::skipped(SkipReason::Downloaded),
        _ => return None,
    };
    // A dry run prints no size behind the names.
    let only_said = act == "upload"
        && !tail.contains(" bytes in ")
        && !tail.contains("[part ")
        && !context.s3cmd_shows_progress;
    Some(if context.s3cmd_dry_run || only_said { Found::skipped(SkipReason::DryRun) } else { found })
}

/// Whether the line is one of a dry run's end.
pub(super) fn is_end_of_dry_run(body: &str) -> bool {
    body.trim().starts_with("WARNING: Exiting now because of --dry-run")
}

/// Whether the line is a bar of progress, such as ` 2 of 2   100% in    0s   483.52 B/s  done`.
pub(super) fn is_bar(body: &str) -> bool {
    let text = body.trim();
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains(" of ")
        && text.contains("% in ")
        && text.contains("B/s")
}

pub(super) fn is_certain(body: &str) -> bool {
    body.contains("' -> 's3://") || body.starts_with("delete: 's3://") || body.starts_with("remote copy: '")
}

fn is_progress(body: &str, context: &Context) -> bool {
    is_end_of_dry_run(body)
        || is_bar(body)
        || (body.starts_with("Done. Uploaded ") || body.starts_with("Done. Downloaded "))
        || (context.s3cmd && ["INFO: ", "WARNING: ", "NOTE: "].iter().any(|begin| body.starts_with(begin)))
}

/// What stands within the outermost quotes, and the text behind them. The quotes of a name are not escaped, so the
/// last one that only a size or a count follows is the end.
fn names_and_tail(rest: &str) -> Option<(&str, &str)> {
    if let Some(names) = rest.strip_suffix('\'') {
        return Some((names, ""));
    }
    let size = rest.rfind("'  (").filter(|at| rest[*at..].contains(" bytes in "));
    let count = || rest.rfind("'  [").filter(|_| rest.ends_with(']'));
    let at = size.or_else(count)?;
    Some((&rest[..at], &rest[at + 1..]))
}

fn of_pair(names: &str, change: FileChange, moved: bool) -> Option<Found> {
    let pair = split(names, "' -> 's3://", "s3://".len()).or_else(|| split(names, "' -> '", 0))?;
    let (source, target) = match pair {
        Ok(pair) => pair,
        Err(error) => return Some(Found::refused(error)),
    };
    let written = of_name(target, change)?;
    if moved { Some(Found::renamed(of_name(source, FileChange::Deleted)?, written)) } else { Some(written) }
}

fn of_name(name: &str, change: FileChange) -> Option<Found> {
    if !name.starts_with("s3://") {
        return Some(Found::file(name, FilePlace::Destination, change, Tool::S3cmd));
    }
    let address = address(name)?;
    Some(Found::file(address.key, FilePlace::Bucket(address.bucket.to_owned()), change, Tool::S3cmd))
}
