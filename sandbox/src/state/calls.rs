//! Owns the log of what was called: the last of it, in bounded memory.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// Calls that are kept; older ones go first.
const MOST_CALLS: usize = 50_000;
/// Items that are kept over all calls: a call can have thousands.
const MOST_ITEMS: usize = 2_000_000;

/// One call to the API and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Counts up from 1.
    pub n: u64,
    /// When it arrived.
    #[serde(serialize_with = "microseconds")]
    pub at: Timestamp,
    /// `CreateInvalidation`, … or `Unknown`.
    pub operation: String,
    /// The distribution it names.
    pub distribution: Option<String>,
    /// For `CreateInvalidation`.
    pub caller_reference: Option<String>,
    /// For `CreateInvalidation`, as sent.
    pub items: Vec<String>,
    /// Who signed it.
    pub access_key: Option<String>,
    /// The HTTP status that was sent; none when the connection broke.
    pub status: Option<u16>,
    /// CloudFront's error code, if it was refused.
    pub code: Option<String>,
    /// The kind of the fault that it met.
    pub fault: Option<String>,
    /// The invalidation that it made, found or asked for.
    pub invalidation: Option<String>,
    /// Whether it made a new invalidation.
    pub created: bool,
}

fn microseconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.6}"))
}

/// The calls, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    kept: VecDeque<Call>,
    items: usize,
    last: u64,
}

impl Calls {
    /// Numbers the call and keeps it.
    pub fn add(&mut self, mut call: Call) -> &Call {
        call.n = self.last + 1;
        self.restore(call);
        &self.kept[self.kept.len() - 1]
    }

    /// Keeps a call that already has its number.
    pub fn restore(&mut self, call: Call) {
        self.last = call.n;
        self.items += call.items.len();
        self.kept.push_back(call);
        while self.kept.len() > 1 && (self.kept.len() > MOST_CALLS || self.items > MOST_ITEMS) {
            self.items -= self.kept.pop_front().map_or(0, |call| call.items.len());
        }
    }

    pub fn after(&self, n: u64) -> Vec<Call> {
        self.kept.iter().filter(|call| call.n > n).cloned().collect()
    }

    /// Forgets them; the numbers go on.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.items = 0;
    }
}
