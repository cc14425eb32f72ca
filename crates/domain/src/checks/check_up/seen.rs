//! What the looks of a check-up saw, and the form in which it is stored.

use serde::{Deserialize, Serialize};

use super::{super::stored_look::json_without_empty, KeyPlace};
use crate::{actor::Actor, checks::Look, id::DistributionId, time::Timestamp};

/// The looks of a distribution's check-up: the last ones, and whether somebody waits for new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckUp {
    pub distribution: DistributionId,
    pub asked_at: Timestamp,
    pub asked_by: Actor,
    /// Whether the looks that were asked for are still to be made.
    pub is_open: bool,
    /// The last looks with the time at which they were made. `None` if none were made yet.
    pub seen: Option<(Timestamp, CheckUpLooks)>,
}

impl CheckUp {
    #[must_use]
    pub fn looks(&self) -> Option<&CheckUpLooks> {
        self.seen.as_ref().map(|(_, looks)| looks)
    }
}

/// What one set of looks saw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckUpLooks {
    /// The host that was looked at. Empty if the distribution has none that can be looked at.
    pub host: String,
    /// The root by HTTPS, after redirects within the site.
    pub page: Option<Look>,
    /// The root by HTTP, without following a redirect.
    pub plain_http: Option<Look>,
    /// The buckets by their own addresses.
    pub buckets: Vec<BucketSeen>,
    /// Whether all looks go to one address in place of DNS, so that no bucket can be asked by its own.
    pub is_dns_replaced: bool,
    /// `None` if the root is no page that could be read.
    pub scripts: Option<ScriptsSeen>,
}

/// A look at a bucket past CloudFront, without a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSeen {
    /// The domain name of the origin.
    pub origin: String,
    pub url: String,
    pub look: Look,
}

/// What the scripts of the root page have in them. No value of a key is in here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScriptsSeen {
    /// The files that were read, the page itself not counted.
    pub read: usize,
    /// Those that gave no script: an error, or no answer.
    pub not_read: usize,
    /// Of the files that were read, and of the page, those that were longer than what is read.
    pub cut: usize,
    /// Where a key is written, at most [`ScriptsSeen::PLACES_MAX`].
    pub places: Vec<KeyPlace>,
}

impl ScriptsSeen {
    /// The scripts that are read.
    pub const FILES_MAX: usize = 30;
    /// The bytes that are read of each.
    pub const BYTES_MAX: u64 = 256 * 1024;
    /// The places that are kept.
    pub const PLACES_MAX: usize = 10;

    /// Takes in the keys of one more file.
    pub fn add_places(&mut self, places: impl IntoIterator<Item = KeyPlace>) {
        let room = Self::PLACES_MAX.saturating_sub(self.places.len());
        self.places.extend(places.into_iter().take(room));
    }
}

impl CheckUpLooks {
    /// The text to store.
    #[must_use]
    pub fn to_json(&self) -> String {
        json_without_empty(self)
    }

    /// Reads what [`CheckUpLooks::to_json`] wrote. `None` if it is something else.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
