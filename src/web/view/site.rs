//! The address at which viewers get a site, for links that open it.

use crate::{
    domain::{checks::CheckSettings, distributions::distribution::Distribution, invalidations::item::Item},
    http::state::{AppState, Demo},
    store::{Conn, StoreError, checks::settings},
};

/// A scheme and a host, such as `https://www.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAddress(String);

impl SiteAddress {
    /// The host that people set for the checks, else the first alias, else the distribution's own domain. The names of the
    /// demo's sites lead nowhere, so there it is the local edge. `None` if no host is known.
    pub async fn read(
        conn: &mut Conn,
        app: &AppState,
        distribution: &Distribution,
    ) -> Result<Option<Self>, StoreError> {
        let settings = settings::find(conn, &distribution.id).await?;
        Ok(Self::of(app, distribution, &settings))
    }

    fn of(app: &AppState, distribution: &Distribution, settings: &CheckSettings) -> Option<Self> {
        let is_shown = |demo: &&Demo| demo.distribution == distribution.id.as_str();
        if let Some(demo) = app.options.demo.as_ref().filter(is_shown) {
            return Some(Self(demo.edge_url.trim_end_matches('/').to_owned()));
        }
        // Viewers cannot ask for a staging distribution by its name.
        if distribution.staging {
            return None;
        }
        Some(Self(format!("https://{}", settings.primary_host(distribution)?)))
    }

    /// The root of the site.
    pub fn root(&self) -> String {
        format!("{}/", self.0)
    }

    /// The page of a path, or the folder of a wildcard. `None` if the item names no single page.
    pub fn page_of(&self, item: &Item) -> Option<String> {
        if item.is_tag() {
            return None;
        }
        let path = item.prefix().unwrap_or(item.as_str());
        (!item.is_wildcard() || path.ends_with('/')).then(|| format!("{}{path}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_leads_to_the_page_that_viewers_get() {
        let site = SiteAddress("https://www.example.com".to_owned());
        let page = |item: &str| site.page_of(&Item::from_trusted(item));
        assert_eq!(page("/a%20b.html?v=1").as_deref(), Some("https://www.example.com/a%20b.html?v=1"));
        assert_eq!(page("/images/*").as_deref(), Some("https://www.example.com/images/"));
        assert_eq!(page("/*").as_deref(), Some("https://www.example.com/"));
        assert_eq!(page("/images/hero*"), None, "no page has this name");
        assert_eq!(page("#product-1"), None);
        assert_eq!(site.root(), "https://www.example.com/");
    }
}
