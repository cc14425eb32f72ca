//! Picks the URLs that are looked at for an invalidation: a bounded sample of what it clears.

use std::collections::HashSet;

use url::Url;

use super::{
    CheckSettings, CheckSettingsError,
    settings::{path_at, url_at},
};
use crate::{
    distributions::distribution::Distribution,
    id::BatchId,
    invalidations::{invalidation::Batch, item::Item},
};

/// The newest runs of a distribution from which known URLs and earlier looks are taken.
pub const KNOWN_RUNS: usize = 20;
/// The most URLs that are looked at for one invalidation.
pub const SAMPLE_MAX: usize = 30;
/// So many plain paths are looked at from the beginning, and then so many spread over the rest.
const FIRST: usize = 20;
const SPREAD: usize = 5;
/// The most URLs below one wildcard, or for one tag, which earlier looks know.
const KNOWN: usize = 5;

/// One URL of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleUrl {
    pub url: String,
    /// The batch that clears it. Its acceptance by CloudFront is what `Age` is compared with.
    /// `None` for a check without an invalidation.
    pub batch: Option<BatchId>,
    /// Whether nobody named this URL: it is what a wildcard covers if anything. A missing page then says nothing.
    pub guessed: bool,
}

/// Picks the sample. `known` are URLs that earlier looks of the distribution found, the newest first.
#[must_use]
pub fn sample(
    distribution: &Distribution,
    settings: &CheckSettings,
    batches: &[Batch],
    known: &[String],
) -> Vec<SampleUrl> {
    let Some(host) = settings.primary_host(distribution) else { return Vec::new() };
    let set = settings.urls.iter().filter_map(|text| url_at(distribution, &host, text));
    let known = known.iter().filter_map(|text| url_at(distribution, &host, text));
    let mut picker = Picker {
        host: &host,
        set: set.collect(),
        known: known.collect(),
        seen: HashSet::new(),
        picked: Vec::new(),
    };
    let items: Vec<(&Item, &BatchId)> =
        batches.iter().flat_map(|batch| batch.items.iter().map(move |item| (item, &batch.id))).collect();
    let (broad, plain): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|(item, _)| item.is_wildcard() || item.is_tag());
    // What people set comes first: there may be more items than a sample has room for.
    for (item, batch) in &broad {
        picker.pick_set(item, batch);
    }
    for (item, batch) in spread(&plain) {
        let url = path_at(&host, item.as_str());
        picker.pick(url, batch, false);
    }
    for (item, batch) in &broad {
        picker.pick_known(item, batch);
    }
    picker.picked
}

/// Picks the URLs of a check without an invalidation: the given ones, else those that people set, else what earlier
/// looks know, else the root. `Err` names a URL that is not one of the distribution's.
pub fn sample_of_distribution(
    distribution: &Distribution,
    settings: &CheckSettings,
    given: &[String],
    known: &[String],
) -> Result<Vec<SampleUrl>, CheckSettingsError> {
    if distribution.staging {
        return Err(CheckSettingsError::Staging);
    }
    let Some(host) = settings.primary_host(distribution) else { return Ok(Vec::new()) };
    let root = ["/".to_owned()];
    let lists = [given, &settings.urls, known, &root];
    let texts = lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default();
    if given.len() > SAMPLE_MAX {
        return Err(CheckSettingsError::TooManyUrls(SAMPLE_MAX));
    }
    let mut picked: Vec<SampleUrl> = Vec::new();
    for text in texts.iter().take(SAMPLE_MAX) {
        let url = url_at(distribution, &host, text).map(String::from);
        match url {
            Some(url) if picked.iter().all(|one| one.url != url) => {
                picked.push(SampleUrl {
                    url,
                    batch: None,
                    guessed: given.is_empty() && settings.urls.is_empty(),
                });
            }
            // Hosts may have been taken from the distribution since.
            None if !given.is_empty() => return Err(CheckSettingsError::Url(text.clone())),
            _ => {}
        }
    }
    Ok(picked)
}

/// The first ones, and some at equal distances in the rest.
fn spread<T: Copy>(all: &[T]) -> Vec<T> {
    let (first, rest) = all.split_at(all.len().min(FIRST));
    let step = rest.len().div_ceil(SPREAD).max(1);
    first.iter().chain(rest.iter().step_by(step)).copied().collect()
}

struct Picker<'a> {
    host: &'a str,
    set: Vec<Url>,
    known: Vec<Url>,
    seen: HashSet<String>,
    picked: Vec<SampleUrl>,
}

impl Picker<'_> {
    fn pick(&mut self, url: Option<Url>, batch: &BatchId, guessed: bool) {
        let Some(url) = url else { return };
        let url = String::from(url);
        if self.picked.len() < SAMPLE_MAX && self.seen.insert(url.clone()) {
            self.picked.push(SampleUrl { url, batch: Some(batch.clone()), guessed });
        }
    }

    fn pick_set(&mut self, item: &Item, batch: &BatchId) {
        for url in self.set.clone().into_iter().filter(|url| may_cover(item, url)) {
            self.pick(Some(url), batch, false);
        }
    }

    /// What earlier looks know below the item. If there is nothing, and people set nothing, the folder itself.
    fn pick_known(&mut self, item: &Item, batch: &BatchId) {
        if self.set.iter().any(|url| may_cover(item, url)) {
            return;
        }
        let below: Vec<Url> =
            self.known.iter().filter(|url| may_cover(item, url)).take(KNOWN).cloned().collect();
        let is_empty = below.is_empty();
        for url in below {
            self.pick(Some(url), batch, true);
        }
        if is_empty {
            let folder = item.prefix().filter(|prefix| prefix.ends_with('/')).unwrap_or("/");
            let is_covered = item.is_tag() || item.prefix().is_some_and(|prefix| folder.starts_with(prefix));
            self.pick(path_at(self.host, folder).filter(|_| is_covered), batch, true);
        }
    }
}

/// Whether the item may clear this URL. Nobody can know that of a tag: only the origin's answer has it.
pub(super) fn may_cover(item: &Item, url: &Url) -> bool {
    match item.prefix() {
        Some(prefix) => url[url::Position::BeforePath..].starts_with(prefix),
        None => item.is_tag(),
    }
}

#[cfg(test)]
mod tests;
