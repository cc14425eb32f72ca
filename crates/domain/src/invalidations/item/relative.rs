//! Decides which lines without a leading slash are paths, and why the others are refused.

use super::{ItemError, error::MoreAdvice, host_like::looks_like_a_host};
use crate::distributions::host::without_port;

/// Folders on Windows in which Git Bash and MSYS2 are installed. These shells put the folder before an argument
/// that looks like a Unix path (MSYS2 documentation, filesystem paths).
const SHELLS: [&str; 8] = [
    "/program files/git/",
    "/program files (x86)/git/",
    "/programs/git/",
    "/portablegit/",
    "/apps/git/current/",
    "/tools/git/",
    "/msys64/",
    "/msys32/",
];
/// Characters that mark an item of a list.
const BULLETS: &str = "-*+•‣◦▪·–—>→●○■□◆➤►▶➔➜⇒∙☐☑☒✓✔✗✘✅❌";
/// Characters that look like the slash or the colon of a URL. Some keyboards and documents produce them.
const LOOK_ALIKES: [(char, char); 5] = [('／', '/'), ('∕', '/'), ('⁄', '/'), ('：', ':'), ('∶', ':')];
/// Characters with which a line without a leading slash is refused. Such a line is more often code, markup or a
/// table than a path, or a sentence in Chinese or Japanese, which has no blanks.
const UNUSUAL: [char; 21] = [
    '"', '<', '>', '{', '}', '|', '\\', '^', '`', ',', ';', '=', '“', '”', '。', '，', '！', '？', '、',
    '；', '…',
];

/// The path of a line that begins with `./`, as `find` and shells write it, relative to the root of the
/// distribution. `None` for other lines.
pub(super) fn without_dots(line: &str) -> Option<String> {
    let mut rest = line;
    while let Some(below) = rest.strip_prefix("./") {
        rest = below.trim_start_matches('/');
    }
    (rest.len() < line.len()).then(|| format!("/{rest}"))
}

/// Refuses `../x` and `/../x`.
pub(super) fn check_parent(line: &str) -> Result<(), ItemError> {
    let rest = line.strip_prefix('/').unwrap_or(line).strip_prefix("..");
    let is_parent = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    if is_parent { Err(ItemError::ParentFolder) } else { Ok(()) }
}

/// Refuses a path on a Windows computer after a slash.
pub(super) fn check_slashed(line: &str) -> Result<(), ItemError> {
    let rest = line.strip_prefix('/').unwrap_or_default();
    if is_on_a_drive(rest) && rest.len() > 2 { Err(windows_path(rest)) } else { Ok(()) }
}

/// The checks of a line without a leading slash that need no knowledge of hosts.
pub(super) fn check_beginning(line: &str) -> Result<(), ItemError> {
    if let Some((marker, _)) = line.split_once(' ')
        && is_list_marker(marker)
    {
        return Err(ItemError::ListMarker(marker.to_owned()));
    }
    if is_on_a_drive(line) {
        return Err(windows_path(line));
    }
    if line.starts_with('<') || line.contains("](") {
        return Err(ItemError::Markup);
    }
    let folder = line.split(['/', '?', '#']).next().unwrap_or(line);
    check_mark(line, folder)?;
    let url = folder.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("http"));
    if folder.contains('\\') && !url {
        return Err(ItemError::Backslash);
    }
    // The signs that follow are not ASCII, but for an escape.
    if folder.is_ascii() && (url || !folder.contains('%')) {
        return Ok(());
    }
    let lower = folder.to_ascii_lowercase();
    if !url && (lower.contains("%2f") || lower.contains("%252f")) {
        return Err(ItemError::EncodedSlash);
    }
    let schemed = lower.strip_prefix("https").or_else(|| lower.strip_prefix("http"));
    let found = LOOK_ALIKES.iter().find(|(like, meant)| match meant {
        ':' => schemed.is_some_and(|rest| rest.starts_with(*like)),
        _ => folder.contains(*like),
    });
    found.map_or(Ok(()), |(like, meant)| Err(ItemError::LookAlike(*like, *meant)))
}

/// Refuses a list marker, a `+` or `-` of a diff, or an opening bracket directly before a slash. `*/x` is accepted
/// here, because a later check reports its `*`.
fn check_mark(line: &str, folder: &str) -> Result<(), ItemError> {
    if !line[folder.len()..].starts_with('/') {
        return Ok(());
    }
    match folder.chars().next() {
        Some(bracket @ ('(' | '[' | '{')) if folder.len() == 1 => Err(ItemError::NotAPath(bracket)),
        Some('(' | '[' | '*') | None => Ok(()),
        _ if is_list_marker(folder) => Err(ItemError::ListMarker(folder.to_owned())),
        _ => Ok(()),
    }
}

/// Refuses a line that does not look like a path, after the other checks. Only lines without a leading slash are
/// checked, because a path with one can contain these characters.
pub(super) fn check_path(line: &str) -> Result<(), ItemError> {
    if line.contains(' ') {
        return Err(ItemError::Words);
    }
    let path = line.split('?').next().unwrap_or(line);
    if let Some(odd) = path.chars().find(|c| UNUSUAL.contains(c)) {
        return Err(ItemError::NotAPath(odd));
    }
    // This is a section of a settings file or a list in code.
    if path.starts_with('[') && path.ends_with(']') {
        return Err(ItemError::NotAPath('['));
    }
    // RFC 3986, section 4.2: the first segment of a relative path has no colon, because it would be read as a
    // scheme.
    if path.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(ItemError::NotAPath(':'));
    }
    if path != "*" && !path.is_empty() && !path.chars().any(char::is_alphanumeric) {
        return Err(ItemError::NoName);
    }
    Ok(())
}

/// Whether the line has no slash, tag or scheme at its beginning and is refused as a path in any distribution.
pub(crate) fn is_relative_and_no_path(line: &str) -> bool {
    let relative = !line.starts_with(['/', '#']) && !line.contains("://");
    relative && (check_path(line).is_err() || check_beginning(line).is_err()) && !begins_with_a_host(line)
}

/// Whether the line begins with what looks like a host name, without a scheme.
pub(crate) fn begins_with_a_host(line: &str) -> bool {
    let (authority, tail) = line.split_at(line.find(['/', '?', '#']).unwrap_or(line.len()));
    looks_like_a_host(without_port(authority), tail.starts_with('/'))
}

/// Whether the word marks an item of a list, such as `-`, `*`, `1.`, `2)`, `(3)`, `a)` or `[x]`.
fn is_list_marker(word: &str) -> bool {
    let mut chars = word.chars();
    if let (Some(only), None) = (chars.next(), chars.next())
        && BULLETS.contains(only)
    {
        return true;
    }
    let inner = word.trim_start_matches(['(', '[']).trim_end_matches(['.', ')', ']', ':']);
    let short = inner.len() <= 1 || (inner.len() <= 5 && inner.bytes().all(|byte| byte.is_ascii_digit()));
    inner.len() < word.len() && short && inner.is_ascii()
}

fn is_on_a_drive(line: &str) -> bool {
    let mut bytes = line.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.next() == Some(b':')
        && matches!(bytes.next(), None | Some(b'/' | b'\\'))
}

fn windows_path(line: &str) -> ItemError {
    let slashed = line.replace('\\', "/");
    let lower = slashed.to_ascii_lowercase();
    let Some(at) = SHELLS.iter().find_map(|shell| lower.find(shell).map(|at| at + shell.len() - 1)) else {
        return ItemError::WindowsPath;
    };
    let meant = &slashed[at..];
    let end =
        meant.match_indices([' ', ',', ';']).find(|(end, _)| is_on_a_drive(meant[end + 1..].trim_start()));
    let meant: String = meant[..end.map_or(meant.len(), |(end, _)| end)].chars().take(80).collect();
    let more = match end {
        Some(_) => MoreAdvice::OneEach,
        None if meant.len() > 1 && !meant[1..].contains('/') => MoreAdvice::TwoSlashes,
        None => MoreAdvice::Nothing,
    };
    ItemError::GitBashPath { meant, more }
}
