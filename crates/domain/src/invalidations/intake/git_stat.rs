//! Reads `git diff --stat` and `--summary`.

use super::{
    FileChange, FilePlace, IntakeError, SkipReason, Tool,
    context::Context,
    found::Found,
    quoting::{git_name, whole_git_name},
};

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if is_sum(body) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    if let Some(found) = of_summary(body.trim()) {
        return Some(found);
    }
    if is_certain(body) || (context.git_stat && has_a_count(body)) {
        let (name, _) = at_the_bar(body)?;
        return Some(of_name(without_mark(name.trim_matches(' ')), Tool::GitStat));
    }
    None
}

/// The name without what `--compact-summary` puts behind it, such as `(new)` and `(mode +x)`.
fn without_mark(name: &str) -> &str {
    const MARKS: [&str; 10] = [
        "new", "gone", "new +x", "new +l", "mode +x", "mode -x", "mode +l", "mode -l", "mode +xl", "mode -xl",
    ];
    let mark = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    mark.filter(|(_, mark)| MARKS.contains(mark)).map_or(name, |(name, _)| name)
}

/// Whether only git prints this line.
pub(super) fn is_certain(body: &str) -> bool {
    let Some((name, count)) = at_the_bar(body) else { return false };
    let count = count.trim();
    let changes = count.split_once(' ').is_some_and(|(number, marks)| {
        number.bytes().all(|byte| byte.is_ascii_digit())
            && !marks.is_empty()
            && marks.bytes().all(|byte| matches!(byte, b'+' | b'-'))
    });
    let binary = count.strip_prefix("Bin ").is_some_and(|sizes| sizes.ends_with(" bytes"));
    !name.trim().is_empty() && !name.contains('|') && (changes || binary)
}

/// What stands before and behind the last bar. Most lines have none, which is found out soonest by one letter.
fn at_the_bar(body: &str) -> Option<(&str, &str)> {
    if body.contains('|') { body.rsplit_once(" | ") } else { None }
}

fn has_a_count(body: &str) -> bool {
    at_the_bar(body).is_some_and(|(_, count)| {
        let count = count.trim();
        count == "Bin" || (!count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// ` 4 files changed, 3 insertions(+)`
pub(super) fn is_sum(body: &str) -> bool {
    let text = body.trim();
    let Some((number, rest)) = text.split_once(' ') else { return false };
    number.bytes().all(|byte| byte.is_ascii_digit())
        && ["file changed", "files changed"].iter().any(|words| {
            rest.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
        })
}

/// ` create mode 100644 dist/a.html`, ` rename dist/{a => b}.html (100%)`
fn of_summary(text: &str) -> Option<Found> {
    let named =
        |name: &str, change| Found::decoded(whole_git_name(name), FilePlace::Local, change, Tool::GitStat);
    let after_mode = |rest: &str| {
        let (mode, name) = rest.split_once(' ')?;
        (mode.len() == 6 && mode.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.to_owned())
    };
    if let Some(name) = text.strip_prefix("create mode ").and_then(after_mode) {
        return Some(named(&name, FileChange::Written));
    }
    if let Some(name) = text.strip_prefix("delete mode ").and_then(after_mode) {
        return Some(named(&name, FileChange::Deleted));
    }
    if text.strip_prefix("mode change ").and_then(after_mode).is_some_and(|rest| rest.starts_with("=> ")) {
        return Some(Found::skipped(SkipReason::TimeChanged));
    }
    let (act, rest) = text.split_once(' ')?;
    let (name, share) = rest.strip_suffix("%)")?.rsplit_once(" (")?;
    if !share.bytes().all(|byte| byte.is_ascii_digit()) || !name.contains(" => ") {
        return None;
    }
    let found = of_name(name, Tool::GitStat);
    match (act, found) {
        ("rename", found) => Some(found),
        ("copy", Found::Two(_, new)) => Some(Found::One(new)),
        _ => None,
    }
}

/// A name, or an old and a new one: `dist/{plain.html => new name.html}`, `a => b`, `"a" => "b"`.
pub(super) fn of_name(name: &str, tool: Tool) -> Found {
    let named = |name, change| Found::decoded(name, FilePlace::Local, change, tool);
    if name.starts_with("...") {
        return Found::refused(IntakeError::Shortened);
    }
    if !name.contains(" => ") {
        return named(whole_git_name(name), FileChange::Listed);
    }
    let (old, new) = match old_and_new(name) {
        Ok((old, new)) => (named(Ok(old), FileChange::Deleted), named(Ok(new), FileChange::Written)),
        Err(error) => return Found::refused(error),
    };
    Found::renamed(old, new)
}

fn old_and_new(name: &str) -> Result<(String, String), IntakeError> {
    if name.starts_with('"') {
        let (old, rest) = git_name(name)?;
        let new = rest.strip_prefix(" => ").ok_or(IntakeError::UndecodableName)?;
        return Ok((old, whole_git_name(new)?));
    }
    if name.matches(" => ").take(2).count() != 1 {
        return Err(IntakeError::AmbiguousNames);
    }
    let (left, right) = name.split_once(" => ").unwrap_or((name, ""));
    let (Some((before, old)), Some((new, after))) = (left.rsplit_once('{'), right.split_once('}')) else {
        return Ok((left.to_owned(), right.to_owned()));
    };
    let joined = |middle: &str| {
        let after = if middle.is_empty() && (before.is_empty() || before.ends_with('/')) {
            after.strip_prefix('/').unwrap_or(after)
        } else {
            after
        };
        format!("{before}{middle}{after}")
    };
    Ok((joined(old), joined(new)))
}
