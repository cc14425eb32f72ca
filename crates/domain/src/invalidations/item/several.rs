//! More than one path on a line.

use super::{ItemError, TargetDistribution, address::starts_with_http, host_like::looks_like_a_host};
use crate::distributions::host::{HostName, without_port};

/// What stands between the items of a list on one line, and its name.
const SEPARATORS: [(char, &str); 3] = [(',', "comma"), (';', "semicolon"), ('|', "vertical bar")];
/// Line ends and tabs as source code writes them.
const ESCAPES: [&str; 3] = ["\\n", "\\r", "\\t"];

/// Refuses a line of which a further part begins as an item does. A path may have blanks and commas in it, so only what
/// can be read in no other way counts: a part that begins with a slash, a `#`, a scheme or a host, or a list of which
/// each part ends as a file's name does.
pub(super) fn check(line: &str, target: &TargetDistribution<'_>) -> Result<(), ItemError> {
    let parts = || line.split(' ').filter(|part| !part.is_empty());
    let begins = parts().skip(1).any(|part| begins_an_item(part, target));
    if begins || (parts().count() > 1 && parts().all(is_file)) {
        return Err(ItemError::SeveralByBlanks);
    }
    if let Some(escape) = ESCAPES.into_iter().find(|escape| separates(line, escape)) {
        return Err(ItemError::SeveralByEscape(escape));
    }
    if is_glued(line, target) {
        return Err(ItemError::SeveralGlued);
    }
    for (separator, name) in SEPARATORS {
        if has_several(line, separator, target) {
            return Err(ItemError::SeveralBy(name));
        }
        if line.ends_with(separator) {
            return Err(ItemError::Closing(name));
        }
    }
    Ok(())
}

/// Refuses a tag with a further one behind it.
pub(super) fn check_tags(tag: &str) -> Result<(), ItemError> {
    let several = tag.split([',', ';', '|', ' ']).skip(1).any(|part| part.starts_with('#'));
    if several { Err(ItemError::SeveralTags) } else { Ok(()) }
}

/// A separator before a further item. In a query string it may be part of a list, unless a further query string follows.
fn has_several(line: &str, separator: char, target: &TargetDistribution<'_>) -> bool {
    let (first, last) = (line.find('?').unwrap_or(line.len()), line.rfind('?').unwrap_or(0));
    let begins = line.match_indices(separator).any(|(at, _)| {
        (at < first || at < last) && begins_an_item(line[at + 1..].trim_start_matches(' '), target)
    });
    let path = &line[..first];
    begins
        || (path.contains(separator) && path.split(separator).map(|part| part.trim_matches(' ')).all(is_file))
}

/// Does it stand before a slash or a scheme, or at the end?
fn separates(line: &str, escape: &str) -> bool {
    line.match_indices(escape).any(|(at, _)| {
        let rest = &line[at + escape.len()..];
        rest.is_empty() || rest.starts_with('/') || starts_with_http(rest)
    })
}

/// A URL of a known host right behind a letter or a digit. Behind a slash or `=` it is part of a path, as those of
/// services that fetch other URLs.
fn is_glued(line: &str, target: &TargetDistribution<'_>) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.match_indices("http").any(|(at, _)| {
        let rest = &line[at..];
        if !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) || !starts_with_http(rest) {
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
    // No further than the next separator: a line may have very many.
    let end = part.find(['/', ',', ';', '|', ' ']).filter(|end| part[*end..].starts_with('/'));
    let host = end.map_or("", |end| without_port(&part[..end]));
    host.contains('.')
        && !host.contains('=')
        && (looks_like_a_host(host, true) || HostName::parse(host).is_some_and(|host| target.knows(&host)))
}

/// Does it end as a file's name does, such as `.html`? A number behind a dot is most often a version, and `a=b.html` a
/// parameter.
fn is_file(part: &str) -> bool {
    let Some((name, ending)) = part.rsplit_once('.') else { return false };
    !name.is_empty()
        && !name.contains('=')
        && (2..=5).contains(&ending.len())
        && ending.starts_with(|c: char| c.is_ascii_alphabetic())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
