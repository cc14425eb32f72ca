//! Parses the part of a line before its path: a scheme, a host, or both.

use super::{ItemError, TargetDistribution, host_like::looks_like_a_host};
use crate::distributions::host::{HostName, is_port_sound, without_port};

/// How many characters of a host name an error message repeats.
const HOST_TOLD: usize = 253;

/// The part of the line after the host, if the line is a URL of this distribution. `None` if the line is a path.
/// `Err` if it is any other URL.
pub(super) fn tail<'a>(line: &'a str, target: &TargetDistribution<'_>) -> Result<Option<&'a str>, ItemError> {
    if let Some(rest) = line.strip_prefix("//") {
        check_slashes(rest, target)?;
        return of_url(rest, target).map(Some);
    }
    if let Some(rest) = line.strip_prefix('/') {
        return if is_known_url(rest, target) { Err(ItemError::SlashBeforeUrl) } else { Ok(None) };
    }
    match line.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return Err(ItemError::OtherScheme);
            }
            of_url(rest, target).map(Some)
        }
        _ => without_scheme(line, target),
    }
}

/// Whether the text begins with `http://` or `https://`, in any case.
pub(super) fn starts_with_http(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

/// Whether the text begins with `http`, in any case. Most lines do not, so nothing more has to be looked at.
fn begins_like_http(text: &str) -> bool {
    text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("http"))
}

/// Whether the text is a URL of a known host, even with a missing slash or a percent-encoded scheme. A URL of
/// another host can be a valid path, for example of a service that fetches other URLs.
fn is_known_url(text: &str, target: &TargetDistribution<'_>) -> bool {
    if !begins_like_http(text) {
        return false;
    }
    let lower: String = text.chars().take(16 + HOST_TOLD).collect::<String>().to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https").or_else(|| lower.strip_prefix("http")) else { return false };
    let mut rest = rest.replace("%25", "%").replace("%3a", ":").replace("%2f", "/");
    if !rest.starts_with(":/") {
        return false;
    }
    rest.drain(..1);
    let host = rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
    HostName::of_authority(host).is_some_and(|host| target.knows(&host))
}

/// Checks a line that begins with two slashes. A host follows them in a URL without a scheme. If no host follows,
/// the line may be a path that begins with two slashes, so it is refused as ambiguous.
fn check_slashes(rest: &str, target: &TargetDistribution<'_>) -> Result<(), ItemError> {
    let (authority, tail) = split(rest);
    let no_host = match HostName::of_authority(authority) {
        Some(host) => {
            !target.knows(&host) && !looks_like_a_host(without_port(authority), tail.starts_with('/'))
        }
        None => authority.is_empty() && !tail.is_empty(),
    };
    if no_host && !authority.contains('@') {
        let host = target.distribution.names().find(|name| !name.contains('*')).unwrap_or("HOST").to_owned();
        return Err(ItemError::TwoSlashes { host });
    }
    Ok(())
}

pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// Splits a text into the authority and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()))
}

fn of_url<'a>(rest: &'a str, target: &TargetDistribution<'_>) -> Result<&'a str, ItemError> {
    let (authority, tail) = split(rest);
    if authority.contains('@') {
        return Err(ItemError::Credentials);
    }
    if authority.contains('\\') {
        return Err(ItemError::Backslash);
    }
    if !is_port_sound(authority) {
        return Err(ItemError::BadPort);
    }
    let host = HostName::of_authority(authority).ok_or(ItemError::NoHost)?;
    if target.is_served(&host) { Ok(tail) } else { Err(other(&host, target)) }
}

/// Parses a line without a scheme. Its first part is a host if a known distribution serves it or if it looks like a
/// host; otherwise the line is a path.
fn without_scheme<'a>(line: &'a str, target: &TargetDistribution<'_>) -> Result<Option<&'a str>, ItemError> {
    check_scheme(line)?;
    let (authority, tail) = split(line);
    if let Some((user, host)) = authority.rsplit_once('@') {
        // `@scope/package` and `package@1.2.3/index.js` are paths.
        let secret = user.contains(':') || is_a_host(host, tail, target);
        return if secret && !user.is_empty() { Err(ItemError::Credentials) } else { Ok(None) };
    }
    let name = without_port(authority);
    if name.contains("..") && is_a_host(&without_empty_labels(name), tail, target) {
        return Err(ItemError::NoHost);
    }
    let Some(host) = HostName::parse(name) else { return Ok(None) };
    if target.knows(&host) && !is_port_sound(authority) {
        return Err(ItemError::BadPort);
    }
    if target.is_served(&host) {
        return Ok(Some(tail));
    }
    if target.hosts.knows(&host) {
        return Err(other(&host, target));
    }
    // With a port, even a name that does not look like a host is one.
    let ported = name.len() < authority.len() && (name.contains('.') || host.as_str() == "localhost");
    if ported || looks_like_a_host(name, tail.starts_with('/')) {
        return Err(ItemError::UnknownHost { host: told(&host), serves: target.distribution.hosts() });
    }
    Ok(None)
}

/// Refuses `https:/x`, `https:\\x`, `http:x` and `https%3A//x`, which are damaged URLs and not paths.
fn check_scheme(line: &str) -> Result<(), ItemError> {
    if !begins_like_http(line) {
        return Ok(());
    }
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

fn without_empty_labels(name: &str) -> String {
    name.split('.').filter(|label| !label.is_empty()).collect::<Vec<_>>().join(".")
}

fn is_a_host(authority: &str, tail: &str, target: &TargetDistribution<'_>) -> bool {
    let name = without_port(authority);
    looks_like_a_host(name, tail.starts_with('/'))
        || HostName::parse(name).is_some_and(|host| target.knows(&host))
}

fn other(host: &HostName, target: &TargetDistribution<'_>) -> ItemError {
    if target.has_name_for(host) {
        ItemError::MoreSpecificDistribution { host: told(host) }
    } else {
        ItemError::OtherDistribution { host: told(host), serves: target.distribution.hosts() }
    }
}

fn told(host: &HostName) -> String {
    host.as_str().chars().take(HOST_TOLD).collect()
}
