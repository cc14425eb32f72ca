//! Parses a typed line into an item.

use std::borrow::Cow;

use super::{
    Doubt, Item, ItemError, Mending, PATH_MAX, TAG_MAX, address, characters, other_text, relative, several,
    shell, wrapped,
};
use crate::{
    distributions::{
        distribution::Distribution, host::HostName, host_table::HostTable, path_mapping::PathMapping,
    },
    encoding::{encode_path, has_star, has_tilde, is_contested},
    id::DistributionId,
};

/// The byte-order mark of UTF-8, and the same bytes decoded as Windows-1252.
const BYTE_ORDER_MARKS: [&str; 2] = ["\u{feff}", "ï»¿"];

/// The longest line that is parsed, in bytes. It is longer than a path, because a URL also has a host and perhaps a
/// signature.
const LINE_MAX: usize = 8 * PATH_MAX;

/// The distribution for which lines are parsed.
#[derive(Debug)]
pub struct TargetDistribution<'a> {
    pub(super) distribution: &'a Distribution,
    /// Which distribution serves which host.
    pub(super) hosts: &'a HostTable,
    /// The distribution's own hosts. They are used for a host that `hosts` does not contain, because `hosts` has no
    /// distribution that is gone.
    own: HostTable,
    mappings: &'a [PathMapping],
}

impl<'a> TargetDistribution<'a> {
    /// `hosts` may be empty if no line names a host; see [`may_name_a_host`].
    #[must_use]
    pub fn new(distribution: &'a Distribution, hosts: &'a HostTable) -> Self {
        Self { distribution, hosts, own: HostTable::of([distribution]), mappings: &[] }
    }

    /// With what says where the files that tools name are found.
    #[must_use]
    pub fn with_mappings(mut self, mappings: &'a [PathMapping]) -> Self {
        self.mappings = mappings;
        self
    }

    #[must_use]
    pub const fn mappings(&self) -> &'a [PathMapping] {
        self.mappings
    }

    #[must_use]
    pub const fn distribution(&self) -> &'a Distribution {
        self.distribution
    }

    /// Whether this distribution serves this host.
    pub(super) fn is_served(&self, host: &HostName) -> bool {
        match self.hosts.served_by(host) {
            [] => self.has_name_for(host),
            owners => owners.contains(&self.distribution.id),
        }
    }

    /// Whether a name of this distribution matches this host. Another distribution may still have a more specific
    /// name.
    pub(super) fn has_name_for(&self, host: &HostName) -> bool {
        self.own.knows(host)
    }

    /// Whether another distribution with this ID is known.
    pub(in crate::invalidations) fn knows_distribution(&self, id: &DistributionId) -> bool {
        self.hosts.has_distribution(id)
    }

    /// Whether this distribution or another known one has a name for this host.
    pub(super) fn knows(&self, host: &HostName) -> bool {
        self.hosts.knows(host) || self.has_name_for(host)
    }
}

/// The result of parsing a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub item: Item,
    pub mendings: Vec<Mending>,
    pub doubts: Vec<Doubt>,
}

/// The line without white space around it and without a byte-order mark.
#[must_use]
pub fn trimmed(line: &str) -> &str {
    let line = line.trim();
    let bare = BYTE_ORDER_MARKS.iter().find_map(|mark| line.strip_prefix(mark));
    bare.map_or(line, str::trim)
}

/// Whether one of these lines may name a host. If not, the caller need not read the hosts of all distributions.
#[must_use]
pub fn may_name_a_host(typed: &str) -> bool {
    typed.lines().map(trimmed).any(|line| {
        let plain = line.is_empty() || line.starts_with(['/', '#']);
        let separated = line.contains([' ', ',', ';', '|']);
        !plain || line.starts_with("//") || separated || line.to_ascii_lowercase().contains("http")
    })
}

/// Parses one line for this distribution. The line must be [`trimmed`] and not empty.
pub fn parse_line(line: &str, target: &TargetDistribution<'_>) -> Result<Parsed, ItemError> {
    if line.len() > LINE_MAX {
        return Err(ItemError::TooLong(line.chars().count()));
    }
    characters::check(line)?;
    let (line, unwrapped) = wrapped::unwrapped(line)?;
    if unwrapped && !line.contains(['/', '.', '*', '?', '#']) {
        return Err(ItemError::PlainWord);
    }
    let mut parsed = match line.strip_prefix('#') {
        Some(tag) => parse_tag(tag, target.distribution),
        None => parse_path(line, target),
    }?;
    if unwrapped {
        parsed.mendings.insert(0, Mending::Unwrapped);
    }
    Ok(parsed)
}

fn parse_tag(tag: &str, target: &Distribution) -> Result<Parsed, ItemError> {
    let item = checked_tag(tag)?;
    Ok(Parsed { item, mendings: Vec::new(), doubts: doubts_of_tag(target) })
}

/// The item of a tag, which is given without its `#`.
pub(super) fn checked_tag(tag: &str) -> Result<Item, ItemError> {
    let length = tag.chars().count();
    if length == 0 {
        return Err(ItemError::EmptyTag);
    }
    if length > TAG_MAX {
        return Err(ItemError::TagTooLong(length));
    }
    several::check_tags(tag)?;
    if tag.bytes().any(|b| !(33..=126).contains(&b) || b == b',') {
        return Err(ItemError::TagCharacter);
    }
    other_text::check_tag(tag)?;
    if tag.ends_with('*') {
        return Err(ItemError::TagWildcard);
    }
    Ok(Item(format!("#{tag}")))
}

fn parse_path(line: &str, target: &TargetDistribution<'_>) -> Result<Parsed, ItemError> {
    let mut mendings = Vec::new();
    let undotted = relative::without_dots(line);
    if undotted.is_some() {
        // `./assets:` of `ls -R`
        if line.ends_with(':') {
            return Err(ItemError::NotAPath(':'));
        }
        mendings.push(Mending::DotsTaken);
    }
    let path = find_path(undotted.as_deref().unwrap_or(line), target, &mut mendings)?;
    let is_contested = is_contested(without_signature(&path).unwrap_or(&path));
    let path = encoded(path, &mut mendings)?;
    let doubts = doubts_of_path(&path, is_contested, target.distribution);
    Ok(Parsed { item: Item(path), mendings, doubts })
}

/// The path as it is sent. What is changed for that is added to `mendings`.
pub(super) fn encoded(mut path: String, mendings: &mut Vec<Mending>) -> Result<String, ItemError> {
    // A fragment of a URL was cut before, so this `#` is part of a typed path.
    if path.contains('#') {
        return Err(ItemError::InnerHash);
    }
    characters::check_encoded(&path)?;
    if let Some(bare) = without_signature(&path).map(str::len) {
        path.truncate(bare);
        mendings.push(Mending::SignatureCut);
    }
    check_stars(&path)?;
    if let Cow::Owned(encoded) = encode_path(&path).ok_or(ItemError::BrokenEscape)? {
        // The encoding may have changed one of two quotation marks, so that the other has no partner now.
        wrapped::check_quotes(&encoded)?;
        mendings.push(Mending::Encoded);
        path = encoded;
    }
    let length = path.chars().count();
    if length > PATH_MAX {
        return Err(ItemError::TooLong(length));
    }
    Ok(path)
}

/// The path that the line names, with a slash at the beginning.
fn find_path(
    line: &str,
    target: &TargetDistribution<'_>,
    mendings: &mut Vec<Mending>,
) -> Result<String, ItemError> {
    let slashed = line.starts_with('/');
    relative::check_parent(line)?;
    shell::check_variables(line)?;
    if slashed {
        relative::check_slashed(line)?;
    } else {
        relative::check_beginning(line)?;
    }
    let tail = address::tail(line, target)?;
    if slashed || tail.is_some() {
        shell::check_words(line)?;
        several::check(line, target)?;
        other_text::check(line, tail.is_some())?;
    }
    let Some(tail) = tail else {
        if slashed {
            return Ok(line.to_owned());
        }
        relative::check_path(line)?;
        other_text::check_relative(line)?;
        // The result must also be accepted if it is typed with its slash, so the checks for such lines follow.
        let with_slash = format!("/{line}");
        shell::check_words(&with_slash)?;
        several::check(&with_slash, target)?;
        other_text::check(&with_slash, false)?;
        mendings.push(Mending::SlashAdded);
        return Ok(with_slash);
    };
    mendings.push(Mending::TakenFromUrl);
    let (path, fragment) = tail.split_once('#').map_or((tail, None), |(path, rest)| (path, Some(rest)));
    if fragment.is_some() {
        mendings.push(Mending::FragmentCut);
    }
    Ok(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

/// `*` is a wildcard only as the last character (developer guide).
fn check_stars(path: &str) -> Result<(), ItemError> {
    let inner = path.strip_suffix('*').unwrap_or(path);
    if inner.contains('*') { Err(ItemError::InnerWildcard) } else { Ok(()) }
}

/// The path without the query string, if it is that of a signed URL; otherwise `None`. For a signed URL, CloudFront
/// invalidates the part before `?` (developer guide).
pub(crate) fn without_signature(path: &str) -> Option<&str> {
    let (bare, query) = path.split_once('?')?;
    let signed = query.split('&').any(|pair| pair.starts_with("Key-Pair-Id="));
    signed.then_some(bare)
}

pub(super) fn doubts_of_tag(target: &Distribution) -> Vec<Doubt> {
    let off = target.config.as_ref().is_some_and(|config| config.tag_header.is_none());
    if off { vec![Doubt::TagsAreOff] } else { Vec::new() }
}

/// What a person should know about the path of a file that was named. It has neither a query string nor dot segments.
pub(crate) fn doubts_of_name(path: &str) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if has_tilde(path) {
        doubts.push(Doubt::Tilde);
    }
    if has_star(path) {
        doubts.push(Doubt::Star);
    }
    doubts
}

pub(super) fn doubts_of_path(path: &str, is_contested: bool, target: &Distribution) -> Vec<Doubt> {
    let mut doubts = doubts_of_name(path);
    if is_contested {
        doubts.push(Doubt::ContestedCharacter);
    }
    let may_have_dots = path.contains("/.") || path.contains("?.");
    if may_have_dots && path.split(['/', '?']).any(|segment| segment == "." || segment == "..") {
        doubts.push(Doubt::DotSegments);
    }
    let config = target.config.as_ref().filter(|_| path.contains('?'));
    if config.is_some_and(|config| config.keys_query_strings(path) == Some(false)) {
        doubts.push(Doubt::QueryNotInKey);
    }
    doubts
}
