//! Refuses lines with more than one path.

use super::{
    ItemError, TargetDistribution, address::starts_with_http, characters::are_plain,
    host_like::looks_like_a_host,
};
use crate::distributions::host::{HostName, without_port};

/// The separators between items of a list on one line, with their names.
const SEPARATORS: [(char, &str); 3] = [(',', "comma"), (';', "semicolon"), ('|', "vertical bar")];
/// The escape sequences of line ends and tabs in source code.
const ESCAPES: [&str; 3] = ["\\n", "\\r", "\\t"];

/// Refuses a line in which a second item begins. A path can contain spaces and commas, so only a part that cannot
/// be read in another way counts: one that begins with a slash, a `#`, a scheme or a host, or a list in which each
/// part ends with a file extension.
pub(super) fn check(line: &str, target: &TargetDistribution<'_>) -> Result<(), ItemError> {
    if are_plain(line) {
        return Ok(());
    }
    if line.contains(' ') {
        let parts = || line.split(' ').filter(|part| !part.is_empty());
        let begins = parts().skip(1).any(|part| begins_an_item(part, target));
        if begins || (parts().count() > 1 && parts().all(is_file)) {
            return Err(ItemError::SeveralByBlanks);
        }
    }
    if line.contains('\\')
        && let Some(escape) = ESCAPES.into_iter().find(|escape| separates(line, escape))
    {
        return Err(ItemError::SeveralByEscape(escape));
    }
    if is_glued(line, target) {
        return Err(ItemError::SeveralGlued);
    }
    for (separator, name) in SEPARATORS.into_iter().filter(|(separator, _)| line.contains(*separator)) {
        if has_several(line, separator, target) {
            return Err(ItemError::SeveralBy(name));
        }
        if line.ends_with(separator) {
            return Err(ItemError::Closing(name));
        }
    }
    Ok(())
}

/// Refuses a tag that is followed by another tag.
pub(super) fn check_tags(tag: &str) -> Result<(), ItemError> {
    let several = tag.split([',', ';', '|', ' ']).skip(1).any(|part| part.starts_with('#'));
    if several { Err(ItemError::SeveralTags) } else { Ok(()) }
}

/// Whether the separator is followed by another item. A separator in a query string can be part of a value, so it
/// counts there only if another `?` follows.
fn has_several(line: &str, separator: char, target: &TargetDistribution<'_>) -> bool {
    let (first, last) = (line.find('?').unwrap_or(line.len()), line.rfind('?').unwrap_or(0));
    let begins = line.match_indices(separator).any(|(at, _)| {
        (at < first || at < last) && begins_an_item(line[at + 1..].trim_start_matches(' '), target)
    });
    let path = &line[..first];
    begins
        || (path.contains(separator) && path.split(separator).map(|part| part.trim_matches(' ')).all(is_file))
}

/// Whether the escape sequence is followed by a slash, a scheme or the end of the line.
fn separates(line: &str, escape: &str) -> bool {
    line.match_indices(escape).any(|(at, _)| {
        let rest = &line[at + escape.len()..];
        rest.is_empty() || rest.starts_with('/') || starts_with_http(rest)
    })
}

/// Whether a URL of a known host stands in the line behind something else. After a slash or `=`, a URL is part of a
/// path, for example of a service that fetches other URLs; in a query string, only a letter or digit before it shows that
/// it is not.
fn is_glued(line: &str, target: &TargetDistribution<'_>) -> bool {
    let behind_scheme = line.split_once("://").filter(|_| starts_with_http(line));
    if !behind_scheme.map_or(line, |(_, rest)| rest).contains("://") {
        return false;
    }
    let lower = line.to_ascii_lowercase();
    lower.match_indices("http").any(|(at, _)| {
        let rest = &line[at..];
        let (before, in_query) = (&line[..at], at > line.find('?').unwrap_or(line.len()));
        let is_behind = match before.chars().next_back() {
            // These separators are named below.
            None | Some('/' | '=' | ':' | ',' | ';' | '|' | ' ') => false,
            Some(c) => !in_query || c.is_ascii_alphanumeric(),
        };
        if !is_behind || !starts_with_http(rest) {
            return false;
        }
        let authority = rest.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().and_then(HostName::of_authority);
        host.is_some_and(|host| target.knows(&host))
    })
}

fn begins_an_item(part: &str, target: &TargetDistribution<'_>) -> bool {
    let part = part.trim_start_matches(['"', '\'', '`', '<', '(', '[']);
    if part.starts_with('/') || starts_with_http(part) {
        return true;
    }
    if part.strip_prefix('#').is_some_and(|tag| !tag.is_empty()) {
        return true;
    }
    // The search ends at the next separator. A line can have very many, and without this end the work would grow
    // with the square of its length.
    let end = part.find(['/', ',', ';', '|', ' ']).filter(|end| part[*end..].starts_with('/'));
    let host = end.map_or("", |end| without_port(&part[..end]));
    host.contains('.')
        && !host.contains('=')
        && (looks_like_a_host(host, true) || HostName::parse(host).is_some_and(|host| target.knows(&host)))
}

/// Whether the text ends with a file extension, such as `.html`. A number after a dot is usually a version, and
/// `a=b.html` is a parameter, so neither counts.
pub(super) fn is_file(part: &str) -> bool {
    let Some((name, ending)) = part.rsplit_once('.') else { return false };
    !name.is_empty()
        && !name.contains('=')
        && (2..=5).contains(&ending.len())
        && ending.starts_with(|c: char| c.is_ascii_alphabetic())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
