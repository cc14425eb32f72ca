//! Finds out what to fetch: the paths of the invalidation, and what sitemaps name below its wildcards.

use std::time::Instant;

use url::Url;

use crate::domain::checks::{
    SITEMAPS_MAX, Sitemap, SitemapKind, WarmingFailure, WarmingPlan, WarmingPlanner, WarmingRemark,
};

use super::{Shared, edges::Site, run::PAUSE};

impl Shared {
    /// The URLs to fetch. Files of sitemaps are read one after the other.
    pub(super) async fn plan(&self, site: Site<'_>, mut planner: WarmingPlanner<'_>) -> WarmingPlan {
        let Some(root) = planner.sitemap() else { return planner.finish() };
        let named = if let Ok(Some(read)) = self.read_sitemap(site, &root).await {
            take(&mut planner, read)
        } else {
            planner.remark(WarmingRemark::NoSitemap);
            Vec::new()
        };
        if named.len() > SITEMAPS_MAX {
            planner.remark(WarmingRemark::SitemapCut);
        }
        for url in named.iter().take(SITEMAPS_MAX).filter_map(|text| Url::parse(text).ok()) {
            let begun = Instant::now();
            match self.read_sitemap(site, &url).await {
                Ok(Some(read)) if read.kind == SitemapKind::Urls => {
                    take(&mut planner, read);
                }
                // An index within an index is none that sitemaps.org knows.
                Ok(_) => planner.remark(WarmingRemark::SitemapCut),
                Err(failure) => {
                    planner.remark(WarmingRemark::SitemapCut);
                    if failure.hung() {
                        break;
                    }
                }
            }
            tokio::time::sleep(PAUSE.saturating_sub(begun.elapsed())).await;
        }
        planner.finish()
    }

    /// `Ok(None)` if there is none that can be read.
    async fn read_sitemap(&self, site: Site<'_>, url: &Url) -> Result<Option<Sitemap>, WarmingFailure> {
        if self.budget.take(self.context.clock.now()) {
            self.edges.sitemap(site, url).await
        } else {
            Ok(None)
        }
    }
}

/// Takes the URLs of a file, or returns the files that it names.
fn take(planner: &mut WarmingPlanner<'_>, read: Sitemap) -> Vec<String> {
    if read.is_cut {
        planner.remark(WarmingRemark::SitemapCut);
    }
    match read.kind {
        SitemapKind::Urls => {
            planner.add_locations(&read.locations);
            Vec::new()
        }
        SitemapKind::Index => read.locations,
    }
}
