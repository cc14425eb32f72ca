//! Owns the log of what viewers asked the edge for: the last of it, in bounded memory.

use std::collections::{BTreeMap, VecDeque};

use hyper::http::request::Parts;
use jiff::Timestamp;
use serde::Serialize;

/// Views that are kept; older ones go first.
const MOST_VIEWS: usize = 20_000;
/// Headers of one request that are kept, and characters of each.
const MOST_HEADERS: usize = 32;
const LONGEST_VALUE: usize = 256;

/// One request to the edge and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// Counts up from 1.
    pub n: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// The distribution that it was for.
    pub distribution: String,
    /// `GET`, `HEAD`, …
    pub method: String,
    /// The host as it was asked for, with its port.
    pub host: String,
    /// Path and query string.
    pub target: String,
    /// The request's headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The HTTP status that was sent; none while there is no answer.
    pub status: Option<u16>,
    /// `X-Cache` of the answer.
    pub x_cache: Option<String>,
}

impl View {
    pub(crate) fn of(request: &Parts, distribution: &str, host: &str, target: &str, at: Timestamp) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).chars().take(LONGEST_VALUE).collect();
        let headers = request.headers.iter().take(MOST_HEADERS);
        Self {
            n: 0,
            at,
            distribution: distribution.to_owned(),
            method: request.method.to_string(),
            host: host.to_owned(),
            target: target.to_owned(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
            status: None,
            x_cache: None,
        }
    }
}

/// The views, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Views {
    kept: VecDeque<View>,
    last: u64,
}

impl Views {
    /// Numbers the view and keeps it.
    pub fn add(&mut self, mut view: View) -> u64 {
        self.last += 1;
        view.n = self.last;
        self.kept.push_back(view);
        if self.kept.len() > MOST_VIEWS {
            self.kept.pop_front();
        }
        self.last
    }

    /// Notes how the view of that number was answered.
    pub fn answered(&mut self, n: u64, status: u16, x_cache: Option<String>) {
        let place = self.kept.binary_search_by_key(&n, |view| view.n);
        if let Some(view) = place.ok().and_then(|place| self.kept.get_mut(place)) {
            view.status = Some(status);
            view.x_cache = x_cache;
        }
    }

    pub fn after(&self, n: u64) -> Vec<View> {
        self.kept.iter().filter(|view| view.n > n).cloned().collect()
    }

    /// Forgets them; the numbers go on.
    pub fn clear(&mut self) {
        self.kept.clear();
    }
}
