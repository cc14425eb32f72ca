//! The clients that fetch URLs and sitemaps, with bounds of their own.

use std::time::Duration;

use hyper::header::{self, HeaderName, HeaderValue};
use url::Url;

use crate::{
    clock::Clock,
    domain::{
        checks::{CheckSettings, LookFailure, Sitemap, WarmingFailure, settings::serves},
        distributions::distribution::Distribution,
    },
    edge::{Bounds, EdgeClient, EdgeClientError, EdgeMethod, EdgeRequest, Fetched, Place},
};

use super::super::checker::{BROWSER_ENCODINGS, OpenedHeaders, failure, site_headers};

/// The bytes that are read of one body. An edge keeps only what was read whole.
const BODY_MAX: u64 = 32 << 20;
/// The bytes that are read of one sitemap.
const SITEMAP_MAX: usize = 1 << 20;

/// The clients.
#[derive(Debug)]
pub struct WarmerEdges {
    pub urls: EdgeClient,
    pub sitemaps: EdgeClient,
}

/// A site that is fetched from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub distribution: &'a Distribution,
    pub settings: &'a CheckSettings,
    /// The secret headers for its hosts. `None` if they cannot be decrypted: then nothing is fetched.
    pub secrets: Option<&'a OpenedHeaders>,
}

impl WarmerEdges {
    /// Clients at this place.
    pub fn at(place: Place, clock: &Clock) -> Result<Self, EdgeClientError> {
        Ok(Self {
            urls: EdgeClient::new(place, clock.clone(), Self::url_bounds())?,
            sitemaps: EdgeClient::new(place, clock.clone(), Self::sitemap_bounds())?,
        })
    }

    /// How much one URL may take. Nothing of its body is kept.
    #[must_use]
    pub fn url_bounds() -> Bounds {
        Bounds {
            whole: Duration::from_mins(1),
            body: BODY_MAX,
            beginning: 0,
            looks: 8,
            looks_of_host: 2,
            ..Bounds::default()
        }
    }

    /// How much one file of a sitemap may take.
    #[must_use]
    pub fn sitemap_bounds() -> Bounds {
        Bounds {
            body: SITEMAP_MAX as u64,
            beginning: SITEMAP_MAX,
            looks: 2,
            looks_of_host: 1,
            ..Bounds::default()
        }
    }

    /// Fetches a URL as a browser does, and reads its body to the end. Returns how many bytes it had.
    pub(super) async fn fetch(&self, site: Site<'_>, url: &str) -> Result<u64, WarmingFailure> {
        let url = Url::parse(url).map_err(|_| WarmingFailure::NotAllowed)?;
        if !site.is_own(&url) {
            return Err(WarmingFailure::NotAllowed);
        }
        let headers = site.headers(&url)?;
        // A redirect is what viewers get: its target is another URL.
        let request = EdgeRequest {
            method: EdgeMethod::Get,
            url: &url,
            headers: &headers,
            needles: &[],
            resolved_name: None,
            may_follow: None,
        };
        let fetched = self.urls.get(&request).await.map_err(|error| failure(&error))?;
        let status = fetched.status.as_u16();
        if status >= 400 {
            return Err(WarmingFailure::Status(status));
        }
        if fetched.cut { Err(WarmingFailure::TooLarge) } else { Ok(fetched.length) }
    }

    /// Reads a sitemap. `Ok(None)` if there is none that can be read.
    pub(super) async fn sitemap(&self, site: Site<'_>, url: &Url) -> Result<Option<Sitemap>, WarmingFailure> {
        if !site.is_own(url) {
            return Ok(None);
        }
        let headers = site.own_headers(url)?;
        let may_follow = |to: &Url| site.is_own(to);
        let request = EdgeRequest {
            method: EdgeMethod::Get,
            url,
            headers: &headers,
            needles: &[],
            resolved_name: None,
            may_follow: Some(&may_follow),
        };
        let fetched = self.sitemaps.get(&request).await;
        Ok(read(&fetched.map_err(|error| failure(&error))?))
    }
}

fn read(fetched: &Fetched) -> Option<Sitemap> {
    let is_readable = fetched.status.is_success() && !fetched.is_encoded();
    if is_readable { Sitemap::read(&fetched.beginning, fetched.cut) } else { None }
}

impl Site<'_> {
    /// The distribution may have lost the host since the URL was chosen.
    fn is_own(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| serves(self.distribution, host))
    }

    fn own_headers(&self, url: &Url) -> Result<Vec<(HeaderName, HeaderValue)>, WarmingFailure> {
        Ok(site_headers(self.settings, self.secrets, url).ok_or(LookFailure::SecretNotRead)?)
    }

    fn headers(&self, url: &Url) -> Result<Vec<(HeaderName, HeaderValue)>, WarmingFailure> {
        let mut all = self.own_headers(url)?;
        // The copies for who accepts nothing of it are objects of their own.
        all.push((header::ACCEPT_ENCODING, BROWSER_ENCODINGS));
        Ok(all)
    }
}
