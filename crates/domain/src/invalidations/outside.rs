//! The position up to which Unstale has read CloudFront's list of a distribution's invalidations. It reads the list
//! to find invalidations that were made outside Unstale.
//!
//! The newest invalidation is first in the list. A page begins after a marker, the last ID of the page before it. A
//! marker therefore stays valid when new invalidations appear at the front.

use crate::{
    id::{CloudFrontInvalidationId, DistributionId},
    time::Timestamp,
};

/// The next page is read when fewer than this many IDs are unread. It is more than zero, so that a few
/// invalidations that can never be read do not stop the reading of pages.
const FEW: usize = 20;

/// A position in the list, and the invalidations that were listed but not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillPosition {
    pub distribution: DistributionId,
    /// The first ID when the first page was last read.
    pub newest: Option<CloudFrontInvalidationId>,
    /// IDs from the list whose invalidations were not read yet. The next one to read is first.
    pub unread: Vec<CloudFrontInvalidationId>,
    /// Whether there are older pages to read.
    pub older: bool,
    /// The marker after which the next page begins. `None` means the first page.
    pub marker: Option<String>,
    /// Older pages are read up to the one with this ID. `None` means that they are read up to the oldest
    /// invalidation.
    pub until: Option<CloudFrontInvalidationId>,
    /// When to continue.
    pub due_at: Timestamp,
    /// When the oldest invalidation of the list was first reached.
    pub whole_at: Option<Timestamp>,
}

/// A page of the list.
#[derive(Debug, Clone, Copy)]
pub struct PageSeen<'a> {
    pub ids: &'a [CloudFrontInvalidationId],
    /// The part of `ids` that Unstale does not have.
    pub unknown: &'a [CloudFrontInvalidationId],
    pub next: Option<&'a str>,
}

impl BackfillPosition {
    /// The position before anything was read.
    #[must_use]
    pub const fn new(distribution: DistributionId, due_at: Timestamp) -> Self {
        Self {
            distribution,
            newest: None,
            unread: Vec::new(),
            older: false,
            marker: None,
            until: None,
            due_at,
            whole_at: None,
        }
    }

    /// Whether the next call must read a page. Otherwise it reads an invalidation.
    #[must_use]
    pub const fn wants_a_page(&self) -> bool {
        self.older && self.unread.len() < FEW
    }

    /// Adds the first page of the list. If it does not contain [`Self::newest`], invalidations are missing between
    /// the two, so the older pages must be read too. The first time, that is the whole list.
    pub fn front(&mut self, page: PageSeen<'_>, now: Timestamp) {
        let reaches = self.newest.as_ref().is_some_and(|newest| page.ids.contains(newest));
        if !reaches {
            // If older pages are being read already, the reading starts again from the first page and keeps its
            // end. Otherwise it ends at the ID that was the newest before.
            if !self.older && self.whole_at.is_some() {
                self.until.clone_from(&self.newest);
            }
            self.go_on_behind(page.next, now);
        }
        // New invalidations are read before older ones.
        let old = std::mem::take(&mut self.unread);
        self.add(page.unknown);
        let fresh: Vec<_> = old.into_iter().filter(|id| !self.unread.contains(id)).collect();
        self.unread.extend(fresh);
        if let Some(first) = page.ids.first() {
            self.newest = Some(first.clone());
        }
    }

    /// Adds an older page. Does nothing if the position was changed while the page was being read.
    pub fn page(&mut self, marker: Option<&str>, page: PageSeen<'_>, now: Timestamp) {
        if !self.older || self.marker.as_deref() != marker {
            return;
        }
        let fresh: Vec<_> = page.unknown.iter().filter(|id| !self.unread.contains(id)).cloned().collect();
        self.add(&fresh);
        let reaches = self.until.as_ref().is_some_and(|until| page.ids.contains(until));
        self.go_on_behind(page.next.filter(|_| !reaches), now);
    }

    /// Removes the invalidations that were read, and moves those that could not be read to the end.
    pub fn asked(&mut self, done: &[CloudFrontInvalidationId], unreadable: &[CloudFrontInvalidationId]) {
        self.unread.retain(|id| !done.contains(id) && !unreadable.contains(id));
        self.unread.extend_from_slice(unreadable);
    }

    /// Starts again from the first page, because CloudFront no longer accepts the marker.
    pub fn lose_place(&mut self) {
        self.marker = None;
    }

    /// Adds the IDs with the oldest first, so that the history has them in the order in which they were made.
    fn add(&mut self, newest_first: &[CloudFrontInvalidationId]) {
        self.unread.extend(newest_first.iter().rev().cloned());
    }

    fn go_on_behind(&mut self, next: Option<&str>, now: Timestamp) {
        self.older = next.is_some();
        self.marker = next.map(str::to_owned);
        if !self.older {
            if self.until.is_none() && self.whole_at.is_none() {
                self.whole_at = Some(now);
            }
            self.until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<CloudFrontInvalidationId> {
        names.iter().map(|name| CloudFrontInvalidationId::from_trusted(*name)).collect()
    }

    fn now() -> Timestamp {
        Timestamp::from_micros(7)
    }

    fn new() -> BackfillPosition {
        BackfillPosition::new(DistributionId::from_trusted("E1"), Timestamp::from_micros(0))
    }

    fn front(reading: &mut BackfillPosition, names: &[&str], next: Option<&str>) {
        let ids = ids(names);
        reading.front(PageSeen { ids: &ids, unknown: &ids, next }, now());
    }

    fn page(reading: &mut BackfillPosition, names: &[&str], next: Option<&str>) {
        let (ids, marker) = (ids(names), reading.marker.clone());
        reading.page(marker.as_deref(), PageSeen { ids: &ids, unknown: &ids, next }, now());
    }

    #[test]
    fn the_first_time_the_whole_list_is_read() {
        let mut reading = new();
        front(&mut reading, &["i6", "i5"], Some("i5"));
        assert_eq!((reading.older, reading.marker.as_deref(), reading.whole_at), (true, Some("i5"), None));
        page(&mut reading, &["i4", "i3"], Some("i3"));
        page(&mut reading, &["i2", "i1"], None);
        assert_eq!((reading.older, reading.whole_at), (false, Some(now())));
        assert_eq!(reading.unread, ids(&["i5", "i6", "i3", "i4", "i1", "i2"]));
        reading.asked(&ids(&["i5", "i3"]), &ids(&["i6"]));
        assert_eq!(reading.unread, ids(&["i4", "i1", "i2", "i6"]));
    }

    #[test]
    fn later_only_a_gap_is_read() {
        let mut reading = new();
        front(&mut reading, &["i2", "i1"], None);
        reading.asked(&ids(&["i1", "i2"]), &[]);
        front(&mut reading, &["i3", "i2"], Some("i2"));
        assert!(!reading.older, "the page reaches back to what is known");
        front(&mut reading, &["i7", "i6"], Some("i6"));
        assert_eq!((reading.older, &reading.until), (true, &Some(ids(&["i3"]).remove(0))));
        page(&mut reading, &["i5", "i4"], Some("i4"));
        page(&mut reading, &["i3", "i2"], Some("i2"));
        assert_eq!((reading.older, &reading.until), (false, &None));
    }

    #[test]
    fn a_gap_while_the_whole_list_is_read_leaves_nothing_out() {
        let mut reading = new();
        front(&mut reading, &["i4", "i3"], Some("i3"));
        front(&mut reading, &["i8", "i7"], Some("i7"));
        assert_eq!((reading.marker.as_deref(), &reading.until), (Some("i7"), &None));
        let before = reading.clone();
        let late = ids(&["i2", "i1"]);
        reading.page(Some("i3"), PageSeen { ids: &late, unknown: &late, next: None }, now());
        assert_eq!(reading, before, "a page of a place that was moved meanwhile");
        assert_eq!(reading.unread, ids(&["i7", "i8", "i3", "i4"]));
        page(&mut reading, &["i6", "i5"], Some("i5"));
        page(&mut reading, &["i4", "i3"], Some("i3"));
        page(&mut reading, &["i2", "i1"], None);
        assert_eq!(reading.whole_at, Some(now()));
    }

    #[test]
    fn a_few_that_cannot_be_read_hold_up_no_page() {
        let mut reading = new();
        front(&mut reading, &["i2", "i1"], Some("i1"));
        assert!(reading.wants_a_page());
        reading.unread = (0..FEW).map(|n| CloudFrontInvalidationId::from_trusted(format!("i{n}"))).collect();
        assert!(!reading.wants_a_page());
    }

    #[test]
    fn a_list_that_is_empty_is_whole() {
        let mut reading = new();
        front(&mut reading, &[], None);
        assert_eq!((reading.newest.clone(), reading.older, reading.whole_at), (None, false, Some(now())));
        front(&mut reading, &["i2", "i1"], Some("i1"));
        assert!(reading.older);
    }
}
