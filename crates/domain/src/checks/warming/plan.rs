//! Which URLs a warming fetches: the paths of the invalidation, and what is known of what its wildcards and tags cover.

use std::collections::HashSet;

use url::Url;

use super::WarmingRemark;
use crate::{
    checks::{
        CheckSettings,
        sample::may_cover,
        settings::{path_at, url_at},
    },
    distributions::distribution::Distribution,
    invalidations::{
        invalidation::{Batch, BatchState},
        item::Item,
    },
};

/// The most URLs that are fetched for one invalidation.
pub const WARMING_MAX: usize = 500;
/// The most files of sitemaps that are read for one invalidation.
pub const SITEMAPS_MAX: usize = 10;
/// The longest URL that is fetched, in bytes. Sitemaps have none longer (sitemaps.org).
const URL_MAX: usize = 2_048;

/// The URLs of a warming, as viewers spell them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarmingPlan {
    pub urls: Vec<String>,
    /// How many more there are.
    pub left_out: usize,
    pub remarks: Vec<WarmingRemark>,
}

/// Chooses the URLs.
#[derive(Debug)]
pub struct WarmingPlanner<'a> {
    distribution: &'a Distribution,
    host: String,
    wildcards: Vec<&'a Item>,
    seen: HashSet<String>,
    plan: WarmingPlan,
}

impl<'a> WarmingPlanner<'a> {
    /// Takes the plain paths of the batches that were completed, and what people set below their wildcards and tags.
    /// `None` if no host of the distribution is known.
    #[must_use]
    pub fn new(
        distribution: &'a Distribution,
        settings: &CheckSettings,
        batches: &'a [Batch],
    ) -> Option<Self> {
        let host = settings.primary_host(distribution)?;
        let completed = batches.iter().filter(|batch| batch.state == BatchState::Completed);
        let items: Vec<&Item> = completed.flat_map(|batch| &batch.items).collect();
        let (broad, plain): (Vec<&Item>, Vec<&Item>) =
            items.into_iter().partition(|item| item.is_wildcard() || item.is_tag());
        let mut planner = Self {
            distribution,
            host,
            wildcards: broad.iter().copied().filter(|item| item.is_wildcard()).collect(),
            seen: HashSet::new(),
            plan: WarmingPlan::default(),
        };
        for item in plain {
            match path_at(&planner.host, item.as_str()) {
                Some(url) => planner.take(url),
                // No viewer can ask for it.
                None => planner.plan.left_out += 1,
            }
        }
        let set = settings.urls.iter().filter_map(|text| url_at(distribution, &planner.host, text));
        let covered: Vec<Url> = set.filter(|url| broad.iter().any(|item| may_cover(item, url))).collect();
        for url in covered {
            planner.take(url);
        }
        if broad.iter().any(|item| item.is_tag()) {
            planner.remark(WarmingRemark::Tags);
        }
        Some(planner)
    }

    /// The sitemap that says what the wildcards cover. `None` if there are no wildcards.
    #[must_use]
    pub fn sitemap(&self) -> Option<Url> {
        if self.wildcards.is_empty() { None } else { path_at(&self.host, "/sitemap.xml") }
    }

    /// Takes the locations of a sitemap that the wildcards cover, if the distribution serves them.
    pub fn add_locations(&mut self, locations: &[String]) {
        for location in locations {
            let url = Url::parse(location).ok().map(|mut url| {
                url.set_fragment(None);
                url
            });
            let url = url.and_then(|url| url_at(self.distribution, &self.host, url.as_str()));
            let covered = url.filter(|url| self.wildcards.iter().any(|item| may_cover(item, url)));
            if let Some(url) = covered {
                self.take(url);
            }
        }
    }

    pub fn remark(&mut self, remark: WarmingRemark) {
        if !self.plan.remarks.contains(&remark) {
            self.plan.remarks.push(remark);
        }
    }

    #[must_use]
    pub fn finish(self) -> WarmingPlan {
        self.plan
    }

    fn take(&mut self, url: Url) {
        let url = String::from(url);
        if !self.seen.insert(url.clone()) {
            return;
        }
        if self.plan.urls.len() < WARMING_MAX && url.len() <= URL_MAX {
            self.plan.urls.push(url);
        } else {
            self.plan.left_out += 1;
        }
    }
}
