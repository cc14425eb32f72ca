//! Reads the list of names that `rsync -v` prints between its first line and its sums (rsync 3.2.7).

use super::{
    Entry, FileChange, IntakeError, Reading, SkipReason,
    context::Context,
    found::Found,
    lines::Line,
    rsync::{is_end_of_dry_run, is_last, is_sum, of_name, read as item},
};

/// What begins the lines that name no file.
const MESSAGES: [&str; 20] = [
    "created directory ",
    "skipping ",
    "rsync: ",
    "rsync error: ",
    "rsync warning: ",
    "IO error ",
    "Number of ",
    "Total ",
    "Literal data: ",
    "Matched data: ",
    "File list ",
    "cannot delete ",
    "delta-transmission ",
    "total: matches=",
    "opening connection ",
    "file has vanished: ",
    "backed up ",
    "[sender] ",
    "[receiver] ",
    "[generator] ",
];
/// What ends the lines about files that were not transferred.
const UNCHANGED: [&str; 3] = [" is uptodate", " is newer", " exists"];

/// Reads the block that begins at this line. The number of the line behind it.
pub(super) fn read(lines: &[Line<'_>], at: usize, entries: &mut Vec<Entry>) -> Option<usize> {
    let first = lines.get(at)?;
    if !is_header(first.text) {
        return None;
    }
    let end = end_of(lines, at);
    let block = &lines[at..end];
    let is_whole = block.iter().any(|line| is_sum(line.text));
    let is_dry = block.iter().any(|line| is_end_of_dry_run(line.text));
    let context = Context { rsync_dry_run: is_dry, ..Context::default() };
    Found::skipped(SkipReason::Progress).add_to(first, entries);
    for line in &block[1..] {
        let found = if line.is_plain {
            Found::One(Reading::Typed(line.text.to_owned()))
        } else {
            of_line(&line.body(), is_whole, &context)
        };
        found.add_to(line, entries);
    }
    Some(end)
}

fn is_header(text: &str) -> bool {
    matches!(
        text,
        "sending incremental file list"
            | "receiving incremental file list"
            | "building file list ... done"
            | "receiving file list ... done"
    )
}

/// The index behind the last line of the block. A blank line ends it unless the sums follow.
fn end_of(lines: &[Line<'_>], at: usize) -> usize {
    let mut before = lines[at].number;
    for (index, line) in lines.iter().enumerate().skip(at + 1) {
        let text = line.text;
        let gap = line.number > before + 1;
        if is_header(text) || (gap && !is_sum(text) && !is_message(text)) {
            return index;
        }
        if is_last(text) {
            return index + 1;
        }
        before = line.number;
    }
    lines.len()
}

fn of_line(body: &str, is_whole: bool, context: &Context) -> Found {
    if let Some(found) = item(body, context) {
        return found;
    }
    if is_message(body) || is_bar(body) {
        return Found::skipped(SkipReason::Progress);
    }
    if UNCHANGED.iter().any(|end| body.ends_with(end)) {
        return Found::skipped(SkipReason::Unchanged);
    }
    let name = body.split_once(" -> ").map_or(body, |(name, _)| name);
    let found = match name.strip_prefix("deleting ") {
        Some(name) => of_name(name, FileChange::Deleted),
        None => of_name(name, FileChange::Written),
    };
    // Where the end is missing, words may follow that are no names.
    if !is_whole && !body.trim_end().ends_with('/') && (body.contains(' ') || !body.contains(['.', '/'])) {
        return Found::refused(IntakeError::UnknownOutput);
    }
    match found {
        Found::One(Reading::File(_)) if context.rsync_dry_run => Found::skipped(SkipReason::DryRun),
        found => found,
    }
}

fn is_message(body: &str) -> bool {
    MESSAGES.iter().any(|begin| body.starts_with(begin))
}

/// `          2 100%    0.00kB/s    0:00:00 (xfr#1, to-chk=3/5)`
fn is_bar(body: &str) -> bool {
    body.starts_with(' ') && body.contains("% ") && body.contains("B/s")
}
