//! Reads `tar tv` of GNU tar 1.34 and of bsdtar, whose lines are also those of `ls -l`.

use super::{FileChange, FilePlace, SkipReason, Tool, found::Found, quoting::unescaped};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn read(body: &str) -> Option<Found> {
    let body = body.trim_end_matches(' ');
    let (mode, rest) = body.split_once(' ')?;
    let kind = kind_of(mode)?;
    let (name, is_gnu) =
        gnu_name(rest).map(|name| (name, true)).or_else(|| bsd_name(rest).map(|name| (name, false)))?;
    let name = match kind {
        'd' => return Some(Found::skipped(SkipReason::Folder)),
        'l' => name.split_once(" -> ").map_or(name, |(name, _)| name),
        'h' => name.split_once(" link to ").map_or(name, |(name, _)| name),
        _ => name,
    };
    let name = if is_gnu { unescaped(name) } else { Ok(name.to_owned()) };
    Some(Found::decoded(name, FilePlace::Local, FileChange::Listed, Tool::Tar))
}

/// The first letter of `-rw-r--r--`.
fn kind_of(mode: &str) -> Option<char> {
    let kind = mode.chars().next().filter(|kind| "-dlhbcps".contains(*kind))?;
    let rights = mode.get(1..10)?;
    let rest = mode.get(10..)?;
    let sound =
        rights.bytes().all(|byte| matches!(byte, b'r' | b'w' | b'x' | b's' | b'S' | b't' | b'T' | b'-'));
    (sound && matches!(rest, "" | "." | "+" | "@")).then_some(kind)
}

/// Behind `root/root         2 2026-11-28 06:26 `.
fn gnu_name(rest: &str) -> Option<&str> {
    let (owner, rest) = field(rest)?;
    let (size, rest) = field(rest)?;
    let (date, rest) = field(rest)?;
    let (time, name) = rest.split_once(' ')?;
    let dated = date.len() == 10 && date.matches('-').count() == 2 && is_made_of(date, b"-");
    let sound = owner.contains('/') && is_made_of(size, b",") && dated && is_made_of(time, b":.");
    sound.then_some(name)
}

/// Behind ` 0 root   wheel       2 Nov 28 06:26 `.
fn bsd_name(rest: &str) -> Option<&str> {
    let (links, rest) = field(rest)?;
    let (_owner, rest) = field(rest)?;
    let (_group, rest) = field(rest)?;
    let (size, rest) = field(rest)?;
    let (month, rest) = field(rest)?;
    let (day, rest) = field(rest)?;
    let (time, name) = rest.trim_start_matches(' ').split_once(' ')?;
    let sound = is_made_of(links, b"") && is_made_of(size, b"") && MONTHS.contains(&month);
    (sound && is_made_of(day, b"") && is_made_of(time, b":")).then_some(name)
}

/// The next word and what stands behind the blank after it.
fn field(text: &str) -> Option<(&str, &str)> {
    text.trim_start_matches(' ').split_once(' ')
}

/// Whether the text has only digits and these marks.
fn is_made_of(text: &str, marks: &[u8]) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || marks.contains(&byte))
}
