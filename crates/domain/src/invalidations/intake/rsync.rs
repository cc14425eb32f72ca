//! Reads the lines of `rsync -i` (rsync 3.2.7): `>f.s....... index.html`.

use super::{FileChange, FilePlace, SkipReason, Tool, context::Context, found::Found, quoting::rsync_name};

/// How many letters say what rsync changed.
const CHANGES: usize = 11;

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if is_sum(body) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    let found = of_item(body)?;
    Some(if context.rsync_dry_run { Found::skipped(SkipReason::DryRun) } else { found })
}

/// `sent 230 bytes  received 54 bytes  568.00 bytes/sec` and `total size is 4  speedup is 0.02`
pub(super) fn is_sum(body: &str) -> bool {
    (body.starts_with("sent ") && body.contains(" bytes  received ")) || is_last(body)
}

pub(super) fn is_last(body: &str) -> bool {
    body.starts_with("total size is ") && body.contains("speedup is ")
}

/// Whether the end says that nothing was changed.
pub(super) fn is_end_of_dry_run(body: &str) -> bool {
    is_last(body) && body.trim_end().ends_with("(DRY RUN)")
}

pub(super) fn of_name(name: &str, change: FileChange) -> Found {
    let name = name.trim_end_matches(' ');
    Found::decoded(rsync_name(name), FilePlace::Destination, change, Tool::Rsync)
}

fn of_item(body: &str) -> Option<Found> {
    if let Some(name) = body.strip_prefix("*deleting ") {
        return Some(of_name(name.strip_prefix("  ")?, FileChange::Deleted));
    }
    let (changes, name) = (body.get(..CHANGES)?, body.get(CHANGES..)?.strip_prefix(' ')?);
    let mut letters = changes.chars();
    let (update, kind, attributes) = (letters.next()?, letters.next()?, letters.as_str());
    if !"<>ch.".contains(update) || !"fdLDS".contains(kind) || !are_attributes(attributes) {
        return None;
    }
    if kind == 'd' {
        return Some(Found::skipped(SkipReason::Folder));
    }
    let name = if kind == 'L' { name.split_once(" -> ").map_or(name, |(name, _)| name) } else { name };
    let is_new = attributes.starts_with("++");
    let has_new_content = attributes.starts_with('c') || attributes[1..].starts_with('s');
    if !is_new && !has_new_content && !matches!(update, 'c' | 'h') {
        // `>f..t......` is printed for a file that was transferred because its time differs, whether or not its content
        // does where the size is the same (seen with rsync 3.2.7 and 3.5.0). A point says that nothing was transferred.
        let reason = if update == '.' { SkipReason::TimeChanged } else { SkipReason::PerhapsChanged };
        return Some(Found::skipped(reason));
    }
    let name = if update == 'h' { name.split_once(" => ").map_or(name, |(name, _)| name) } else { name };
    Some(of_name(name, FileChange::Written))
}

/// Each place has its letter, or a sign for nothing, not known and new.
fn are_attributes(attributes: &str) -> bool {
    let places: [&[u8]; 9] = [b"c", b"s", b"tT", b"p", b"o", b"g", b"unb", b"a", b"x"];
    attributes.len() == places.len()
        && attributes
            .bytes()
            .zip(places)
            .all(|(byte, letters)| b".+? ".contains(&byte) || letters.contains(&byte))
}
