//! More than one path on a line.

use super::{ItemError, Site, host_like::looks_like_a_host};
use crate::domain::host::{HostName, without_port};

/// Refuses a line of which a further part begins as an item does. A path may have blanks and commas in it, so only what
/// can be read in no other way counts: a part that begins with a slash, a `#`, a scheme or a host, or a list of which
/// each part ends as a file's name does.
pub(super) fn check(line: &str, site: &Site<'_>) -> Result<(), ItemError> {
    let parts = || line.split(' ').filter(|part| !part.is_empty());
    let begins = parts().skip(1).any(|part| begins_an_item(part, site));
    if begins || (parts().count() > 1 && parts().all(is_file)) {
        return Err(ItemError::SeveralByBlanks);
    }
    if line.contains(',') {
        if has_several_by_commas(line, site) {
            return Err(ItemError::SeveralByCommas);
        }
        if line.ends_with(',') {
            return Err(ItemError::ClosingComma);
        }
    }
    Ok(())
}

/// A comma before a further item. In a query string it may be part of a list, unless a further query string follows.
fn has_several_by_commas(line: &str, site: &Site<'_>) -> bool {
    let (first, last) = (line.find('?').unwrap_or(line.len()), line.rfind('?').unwrap_or(0));
    line.match_indices(',').any(|(at, _)| {
        (at < first || at < last) && begins_an_item(line[at + 1..].trim_start_matches(' '), site)
    })
}

fn begins_an_item(part: &str, site: &Site<'_>) -> bool {
    let part = part.trim_start_matches(['"', '\'', '`', '<', '(', '[']);
    if part.starts_with('/') {
        return true;
    }
    if part.strip_prefix('#').is_some_and(|tag| !tag.is_empty()) {
        return true;
    }
    let scheme = part.get(..8).unwrap_or(part).to_ascii_lowercase();
    if scheme.starts_with("http://") || scheme.starts_with("https://") {
        return true;
    }
    // No further than the next comma: a line may have very many.
    let Some(end) = part.find(['/', ',', ' ']).filter(|end| part[*end..].starts_with('/')) else {
        return false;
    };
    let authority = &part[..end];
    let host = without_port(authority);
    host.contains('.')
        && (looks_like_a_host(host, true) || HostName::parse(host).is_some_and(|host| site.knows(&host)))
}

/// Does it end as a file's name does, such as `.html`? A number behind a dot is most often a version.
fn is_file(part: &str) -> bool {
    let Some((name, ending)) = part.rsplit_once('.') else { return false };
    !name.is_empty()
        && (2..=5).contains(&ending.len())
        && ending.starts_with(|c: char| c.is_ascii_alphabetic())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
