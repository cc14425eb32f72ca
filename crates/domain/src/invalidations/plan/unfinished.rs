//! Says which items of a plan an earlier request refreshes too, because it has not ended yet.

use std::collections::HashMap;

use super::{LineVerdict, Plan};
use crate::{
    checks::RefreshedPaths,
    invalidations::item::{Doubt, Item},
    time::Timestamp,
};

/// What the earlier requests of a distribution refresh that have not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnfinishedItems {
    /// Those that were never sent and are merged with others that wait at the same time, with the moment of the request.
    pub joinable: RefreshedItems,
    /// Those that wait otherwise: for another try, or for the time that somebody chose.
    pub waiting: RefreshedItems,
    /// Those that were sent, with the moment at which CloudFront accepted them. Where it has not answered yet: when they
    /// were first sent.
    pub sent: RefreshedItems,
}

/// Paths and tags, each with the last moment at which it was requested or accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefreshedItems {
    pub paths: RefreshedPaths,
    /// In lower case: cache tags are compared without regard to case.
    tags: HashMap<String, Timestamp>,
}

impl RefreshedItems {
    /// Takes in an item of a request.
    pub fn add(&mut self, item: &Item, at: Timestamp) {
        if item.is_tag() {
            let last = self.tags.entry(item.as_str().to_lowercase()).or_insert(at);
            *last = at.max(*last);
        } else {
            self.paths.add(item, at);
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.tags.is_empty()
    }

    /// The last moment of a request that covers all that this item does. `None` if none does. `/*` covers each tag.
    #[must_use]
    pub fn last_of(&self, item: &Item) -> Option<Timestamp> {
        if item.is_tag() {
            self.tags.get(&item.as_str().to_lowercase()).copied().max(self.paths.everything())
        } else {
            self.paths.last_of(item)
        }
    }
}

impl UnfinishedItems {
    fn doubt_of(&self, item: &Item) -> Option<Doubt> {
        if self.joinable.last_of(item).is_some() {
            return Some(Doubt::WaitingTogether);
        }
        if self.waiting.last_of(item).is_some() {
            return Some(Doubt::Waiting);
        }
        self.sent.last_of(item).map(Doubt::InProgress)
    }
}

impl Plan {
    /// Notes at each item that an earlier request refreshes it too. The item is sent all the same: only people know
    /// whether its content has changed since then, and the earlier request may still be cancelled or refused.
    pub fn note_unfinished(&mut self, earlier: &UnfinishedItems) {
        if earlier.joinable.is_empty() && earlier.waiting.is_empty() && earlier.sent.is_empty() {
            return;
        }
        for line in &mut self.lines {
            if let LineVerdict::Send { item, doubts, .. } = &mut line.verdict {
                doubts.extend(earlier.doubt_of(item));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        distributions::distribution::tests::sample,
        invalidations::{batching, plan::Surroundings},
        time::Timestamp,
    };

    fn doubts(typed: &str, earlier: &UnfinishedItems) -> Vec<Option<Doubt>> {
        let mut plan = Plan::work_out(typed, &sample(), Surroundings::unmeasured(batching::OURS));
        let before = plan.items.clone();
        plan.note_unfinished(earlier);
        assert_eq!(plan.items, before, "what is sent stays the same");
        let lines = plan.lines.iter().map(|line| match &line.verdict {
            LineVerdict::Send { doubts, .. } => doubts.last().copied(),
            other => panic!("{other:?}"),
        });
        lines.collect()
    }

    #[test]
    fn a_path_of_an_earlier_request_is_said() {
        let noon = Timestamp::parse("2026-11-29T12:00:30Z").unwrap();
        let mut earlier = UnfinishedItems::default();
        for item in ["/waits.css", "/news/*", "#tag"] {
            earlier.waiting.add(&Item::from_trusted(item), noon);
        }
        for item in ["/joins.css", "/new/*"] {
            earlier.joinable.add(&Item::from_trusted(item), noon);
        }
        for item in ["/sent.css", "/waits.css", "/img/*", "#Price-1"] {
            earlier.sent.add(&Item::from_trusted(item), noon);
        }
        let (waiting, sent) = (Some(Doubt::Waiting), Some(Doubt::InProgress(noon)));
        for (typed, expected) in [
            ("/waits.css", waiting),
            ("/joins.css", Some(Doubt::WaitingTogether)),
            ("/new/a", Some(Doubt::WaitingTogether)),
            ("/sent.css", sent),
            ("/news/today.html", waiting),
            ("/news/a*", waiting),
            ("/news/*", waiting),
            ("/img/logo.svg", sent),
            ("#TAG", waiting),
            ("#price-1", sent),
            ("#price", None),
            // The earlier request covers a part of these only.
            ("/sent.*", None),
            ("/*", None),
            ("/new", None),
            ("/other.css", None),
        ] {
            assert_eq!(doubts(typed, &earlier), [expected], "{typed}");
        }
        assert_eq!(doubts("/waits.css", &UnfinishedItems::default()), [None]);
        earlier.sent.add(&Item::from_trusted("/*"), noon);
        assert_eq!(doubts("#other", &earlier), [sent], "/* refreshes what has any tag");
    }
}
