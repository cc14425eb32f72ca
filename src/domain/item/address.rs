//! The part of a line before its path: a scheme, a host, or both.

use super::{ItemError, Site, host_like::looks_like_a_host};
use crate::domain::host::{HostName, without_port};

/// The longest name of a host that is told again.
const HOST_TOLD: usize = 253;

/// What follows the host, where the line is a URL of this distribution; `None` where it is a path.
pub(super) fn tail<'a>(line: &'a str, site: &Site<'_>) -> Result<Option<&'a str>, ItemError> {
    if let Some(rest) = line.strip_prefix("//") {
        return of_url(rest, site).map(Some);
    }
    if line.starts_with('/') {
        return Ok(None);
    }
    match line.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return Err(ItemError::OtherScheme);
            }
            of_url(rest, site).map(Some)
        }
        _ => without_scheme(line, site),
    }
}

pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// The authority and what follows it.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()))
}

fn of_url<'a>(rest: &'a str, site: &Site<'_>) -> Result<&'a str, ItemError> {
    let (authority, tail) = split(rest);
    if authority.contains('@') {
        return Err(ItemError::Credentials);
    }
    if authority.contains('\\') {
        return Err(ItemError::Backslash);
    }
    let host = HostName::of_authority(authority).ok_or(ItemError::NoHost)?;
    if site.is_served(&host) { Ok(tail) } else { Err(other(&host, site)) }
}

/// A line may leave the scheme out: then its first part is a host where somebody is known to serve it, and else only
/// where it looks like one.
fn without_scheme<'a>(line: &'a str, site: &Site<'_>) -> Result<Option<&'a str>, ItemError> {
    check_scheme(line)?;
    let (authority, tail) = split(line);
    if let Some((user, host)) = authority.rsplit_once('@') {
        // `@scope/package` and `package@1.2.3/index.js` are paths.
        let secret = user.contains(':') || is_a_host(host, tail, site);
        return if secret && !user.is_empty() { Err(ItemError::Credentials) } else { Ok(None) };
    }
    let name = without_port(authority);
    let Some(host) = HostName::parse(name) else { return Ok(None) };
    if site.is_served(&host) {
        return Ok(Some(tail));
    }
    if site.hosts.knows(&host) {
        return Err(other(&host, site));
    }
    let ported = name.len() < authority.len() && (name.contains('.') || host.as_str() == "localhost");
    if ported || looks_like_a_host(name, tail.starts_with('/')) {
        return Err(ItemError::UnknownHost { host: told(&host), serves: site.distribution.hosts() });
    }
    Ok(None)
}

/// `https:/x`, `https:\\x`, `http:x` and `https%3A//x` are no paths.
fn check_scheme(line: &str) -> Result<(), ItemError> {
    let lower: String = line.chars().take(16).collect::<String>().to_ascii_lowercase();
    for scheme in ["https", "http"] {
        let Some(rest) = lower.strip_prefix(scheme) else { continue };
        if rest.starts_with(':') || rest.starts_with("//") || rest.starts_with(";//") {
            return Err(ItemError::DamagedScheme);
        }
        if rest.starts_with("%3a") || rest.starts_with("%253a") {
            return Err(ItemError::EncodedScheme);
        }
    }
    Ok(())
}

fn is_a_host(authority: &str, tail: &str, site: &Site<'_>) -> bool {
    let name = without_port(authority);
    looks_like_a_host(name, tail.starts_with('/'))
        || HostName::parse(name).is_some_and(|host| site.knows(&host))
}

fn other(host: &HostName, site: &Site<'_>) -> ItemError {
    if site.has_name_for(host) {
        ItemError::MoreSpecificSite { host: told(host) }
    } else {
        ItemError::OtherSite { host: told(host), serves: site.distribution.hosts() }
    }
}

fn told(host: &HostName) -> String {
    host.as_str().chars().take(HOST_TOLD).collect()
}
