//! Finds what else has to be refreshed with an item, because viewers get the same content under another path.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

use super::{LineSource, LineVerdict, PlanLine, coverage::covering, input::PlanChoice, spellings};
use crate::{
    access::Access,
    checks::OriginKind,
    distributions::distribution::{Distribution, DistributionConfig},
    invalidations::item::{Item, PATH_MAX},
    parallel,
};

/// Why another item belongs to one that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Companion {
    /// The default root object has two paths.
    RootObject,
    /// The website endpoint of a bucket answers the path of a folder with the folder's index.
    FolderIndex,
    /// The origin may answer both paths with the same page.
    FolderTwin,
    /// The path of a folder names one page, not the files below it.
    BelowFolder,
    /// The cache key has the query string, so there may be copies of other queries.
    EveryQuery,
    /// The escapes with capital digits, as browsers write them.
    CapitalEscapes,
    /// The escapes with small digits, as some versions of curl write them.
    SmallEscapes,
    /// More characters percent-encoded, as Python and other clients do.
    MoreEncoded,
    /// Fewer characters percent-encoded, as browsers do.
    LessEncoded,
    /// Percent-encoded by `encodeURIComponent` of a page's script.
    ScriptEncoded,
    /// Its square brackets percent-encoded, as the `requests` of Python do.
    BracketsEncoded,
    /// What begins as it does before its star: clients send that plain, and a path has it percent-encoded.
    PlainStar,
    /// The same letters composed of other characters.
    OtherLetters,
    /// Without the second encoding of its percent signs.
    EncodedOnce,
    /// A compressed file beside it, which the history knows.
    CompressedCopy,
    /// The same image in another format, which the history knows.
    OtherFormat,
}

impl Companion {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::RootObject => "the same page under another path (default root object)",
            Self::FolderIndex => "the same page under another path (index of the folder)",
            Self::FolderTwin => "perhaps the same page under another path",
            Self::BelowFolder => "every file below it; the path alone is only the page of the folder",
            Self::EveryQuery => {
                "with every query string, because the cache key contains it; also everything else that begins like this"
            }
            Self::CapitalEscapes => "as browsers spell it",
            Self::SmallEscapes => "as some versions of curl spell it",
            Self::MoreEncoded => "as Python and some other clients spell it",
            Self::LessEncoded => "as browsers request it from a page that links to the unencoded name",
            Self::ScriptEncoded => "as a script with encodeURIComponent requests it",
            Self::BracketsEncoded => "as the requests library of Python spells it",
            Self::PlainStar => {
                "with the star as it is, as browsers request it; also everything else that begins like this"
            }
            Self::OtherLetters => {
                "the same letters in another Unicode form, as another operating system names files"
            }
            Self::EncodedOnce => "if the percent signs were encoded twice by mistake",
            Self::CompressedCopy => "its compressed copy, which an earlier request named",
            Self::OtherFormat => "the same image in another format, which an earlier request named",
        }
    }

    /// Whether it is certain that viewers who ask for it get the same content, so that it is sent too.
    const fn is_certain(self) -> bool {
        matches!(self, Self::RootObject | Self::FolderIndex | Self::CapitalEscapes)
    }
}

/// Adds what is certain to belong to the lines that are sent, and offers what may belong to them. `widest` are the
/// prefixes of the widest wildcards.
pub(super) fn add(
    lines: &mut Vec<PlanLine>,
    widest: &BTreeSet<String>,
    distribution: &Distribution,
    access: &Access,
    choice: &PlanChoice,
) {
    let companions = |line: &PlanLine| {
        let mut found = line.item_to_send().map(|item| companions_of(item, distribution)).unwrap_or_default();
        found.retain(|(item, _)| may_stand(item, widest, distribution, access));
        found
    };
    let mut found: Vec<Vec<(Item, Companion)>> = parallel::map(lines.iter().collect(), companions);
    if found.iter().all(Vec::is_empty) {
        return;
    }
    let whole = std::mem::take(lines);
    let mut known: HashSet<Cow<'_, str>> = HashSet::with_capacity(whole.len());
    known.extend(whole.iter().filter_map(|line| Some(line.item()?.identity())));
    // What is certain comes first, so that what another line only offers does not take its place.
    for certain in [true, false] {
        for more in &mut found {
            more.retain(|(item, why)| {
                why.is_certain() != certain || known.insert(Cow::Owned(item.identity().into_owned()))
            });
        }
    }
    lines.reserve(whole.len());
    for (line, more) in whole.into_iter().zip(found) {
        let added: Vec<PlanLine> =
            more.into_iter().map(|(item, why)| line_of(&line, item, why, choice)).collect();
        lines.push(line);
        lines.extend(added);
    }
}

/// The line of a companion, with the number of the line that it belongs to.
fn line_of(line: &PlanLine, item: Item, why: Companion, choice: &PlanChoice) -> PlanLine {
    let is_added = why.is_certain() && !choice.exact && !choice.left_out.contains(item.identity().as_ref());
    let verdict =
        if is_added { LineVerdict::Added { item, why } } else { LineVerdict::Offered { item, why } };
    PlanLine { number: line.number, typed: line.typed.clone(), source: LineSource::Plan, verdict }
}

pub(super) fn may_stand(
    item: &Item,
    widest: &BTreeSet<String>,
    distribution: &Distribution,
    access: &Access,
) -> bool {
    item.as_str().len() <= PATH_MAX
        && covering(item, widest).is_none()
        && access.covers(&distribution.id, item)
}

fn companions_of(item: &Item, distribution: &Distribution) -> Vec<(Item, Companion)> {
    if item.is_tag() || item.is_wildcard() {
        return Vec::new();
    }
    let path = item.as_str();
    let spelled = spellings::spellings(path);
    // Browsers ask for the index of a folder with capital digits too.
    let capital =
        spelled.iter().find(|(_, why)| *why == Companion::CapitalEscapes).map(|(path, _)| path.as_str());
    let mut found = Vec::new();
    if path.len() > 1 && path.ends_with('/') {
        found.push((format!("{path}*"), Companion::BelowFolder));
    }
    for path in [Some(path), capital].into_iter().flatten() {
        let Some(config) = &distribution.config else { break };
        found.extend(root_object(path, config));
        found.extend(folder(path, config));
        found.extend(every_query(path, config));
    }
    found.extend(spelled);
    found.into_iter().map(|(path, why)| (Item::of_checked(path), why)).collect()
}

/// `/` and the root object are two objects in the cache (developer guide, "Specify a default root object").
fn root_object(path: &str, config: &DistributionConfig) -> Option<(String, Companion)> {
    let root = config.root_object.as_deref().filter(|root| !root.is_empty())?;
    let other = match path.strip_prefix('/')? {
        "" => format!("/{root}"),
        name if name == root => "/".to_owned(),
        _ => return None,
    };
    Some((other, Companion::RootObject))
}

/// The path of a folder and that of its index. A bucket's API has no index of a folder, so nothing is found there unless
/// a function rewrites the path.
fn folder(path: &str, config: &DistributionConfig) -> Option<(String, Companion)> {
    const INDEX: &str = "index.html";
    if path.contains('?') {
        return None;
    }
    let twin = match path.strip_suffix(INDEX) {
        Some("/") => return None,
        Some(folder) if folder.ends_with('/') => folder.to_owned(),
        _ if path.ends_with('/') && path.len() > 1 => format!("{path}{INDEX}"),
        _ => return None,
    };
    let behavior = config.delivery.behavior_of(path)?;
    let kind = behavior.origin.as_deref().map_or(OriginKind::Custom, OriginKind::of);
    let why = match kind {
        OriginKind::S3Website => Companion::FolderIndex,
        OriginKind::S3 if !behavior.rewrites_requests => return None,
        OriginKind::S3 | OriginKind::CloudFront | OriginKind::Custom => Companion::FolderTwin,
    };
    Some((twin, why))
}

fn every_query(path: &str, config: &DistributionConfig) -> Option<(String, Companion)> {
    let bare = path.split('?').next().unwrap_or(path);
    let is_keyed = config.keys_query_strings(bare) == Some(true);
    // Every path begins with `/`, so for the root this would be everything.
    (is_keyed && bare != "/").then(|| (format!("{bare}*"), Companion::EveryQuery))
}
