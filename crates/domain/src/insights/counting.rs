//! What each event of the history adds to the sums.

use std::collections::BTreeMap;

use super::{CountKind, DailySum, Day, range_of};
use crate::{
    actor::{Actor, ActorKind},
    audit::{Action, Event},
    checks::Freshness,
    id::DistributionId,
    invalidations::{item::Item, plan::wildcard_savings},
    time::Timestamp,
};

/// From so many single paths on, an invalidation counts for what a tag would have saved. A plan names wildcards from the
/// same number on.
pub const MANY: usize = 5;
/// The items of a larger invalidation are not counted by name: a list of thousands would displace what is frequent.
pub const NAMED_MAX: usize = 100;

/// What the store knows of the batch that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedBatch {
    /// The items that were sent to CloudFront for it.
    pub paths: u64,
    pub accepted_at: Option<Timestamp>,
    /// Whether its invalidation was made outside.
    pub is_outside: bool,
    /// Whether it stands for what was sent: of batches that were sent together only the first one does.
    pub is_first: bool,
}

/// One more time that something occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    pub kind: CountKind,
    pub distribution: DistributionId,
    pub on: Day,
    pub name: String,
    pub paths: u64,
}

/// What some events add to the sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    pub daily: BTreeMap<(Day, DistributionId), DailySum>,
    /// How many invalidations completed on a day within a range of time.
    pub completed: BTreeMap<(Day, DistributionId, usize), u64>,
    /// In the order of the events, which decides what is kept of them.
    pub occurrences: Vec<Occurrence>,
}

/// Whether the items of such an event count, so that they have to be read.
#[must_use]
pub const fn needs_items(action: Action) -> bool {
    matches!(
        action,
        Action::InvalidationRequested
            | Action::ProtectionOverridden
            | Action::ProposalApproved
            | Action::InvalidationSeen
    )
}

/// Whether such an event is about a batch that has to be read.
#[must_use]
pub const fn needs_batch(action: Action) -> bool {
    matches!(action, Action::BatchAccepted | Action::BatchResolved | Action::BatchCompleted)
}

impl Sums {
    /// Adds what an event says. `items` are those of an event for which [`needs_items`], `batch` is that of one for which
    /// [`needs_batch`].
    pub fn add(&mut self, event: &Event, items: &[Item], batch: Option<CountedBatch>) {
        let Some(distribution) = &event.distribution else { return };
        match event.action {
            Action::InvalidationRequested | Action::ProtectionOverridden | Action::ProposalApproved => {
                self.add_request(event, distribution, items);
            }
            Action::InvalidationSeen => self.add_outside(event, distribution, items),
            Action::InvalidationTraced => {
                let paths = number(event.items.count);
                let name = event.acting.actor.name();
                self.occurred(CountKind::Outside, distribution, Day::of(event.done_at()), name, paths);
            }
            Action::BatchAccepted | Action::BatchResolved => {
                // A person may also have said that CloudFront does not have it.
                let is_sent = !event.cloudfront_id.is_empty();
                if let Some(batch) = batch.filter(|batch| batch.is_first && is_sent) {
                    let day = Day::of(batch.accepted_at.unwrap_or(event.at));
                    self.of(day, distribution).paths += batch.paths;
                }
            }
            Action::BatchCompleted => self.add_completed(event, distribution, batch),
            Action::BatchFailed
            | Action::BatchLost
            | Action::BatchNeedsALook
            | Action::BatchPostponed
            | Action::BatchUnknown => {
                let name = format!("{} {}", event.action.as_str(), event.note);
                self.occurred(CountKind::Failure, distribution, Day::of(event.at), &name, 1);
            }
            Action::CheckFinished => self.add_look(event, distribution),
            _ => {}
        }
    }

    fn of(&mut self, day: Day, distribution: &DistributionId) -> &mut DailySum {
        self.daily.entry((day, distribution.clone())).or_default()
    }

    fn occurred(&mut self, kind: CountKind, distribution: &DistributionId, on: Day, name: &str, paths: u64) {
        let (distribution, name) = (distribution.clone(), name.to_owned());
        self.occurrences.push(Occurrence { kind, distribution, on, name, paths });
    }

    fn add_request(&mut self, event: &Event, distribution: &DistributionId, items: &[Item]) {
        let day = Day::of(event.at);
        self.of(day, distribution).requested += 1;
        self.add_items(event, distribution, day, items);
        // A second person approved it; who asked counts.
        let actor: &Actor = event.requested_by.as_ref().unwrap_or(&event.acting.actor);
        let kind = match actor.kind() {
            ActorKind::Person => CountKind::Person,
            ActorKind::Token => CountKind::Token,
            ActorKind::Service | ActorKind::Outside | ActorKind::Nobody => return,
        };
        self.occurred(kind, distribution, day, actor.name(), number(event.items.count));
    }

    fn add_outside(&mut self, event: &Event, distribution: &DistributionId, items: &[Item]) {
        let day = Day::of(event.done_at());
        let sum = self.of(day, distribution);
        sum.outside += 1;
        sum.paths_outside += number(event.items.count);
        self.add_items(event, distribution, day, items);
    }

    fn add_items(&mut self, event: &Event, distribution: &DistributionId, day: Day, items: &[Item]) {
        let single = items.iter().filter(|item| !item.is_tag() && !item.is_wildcard()).count();
        let sum = self.of(day, distribution);
        sum.items += number(event.items.count);
        if single >= MANY {
            sum.many += 1;
            sum.many_paths += number(single);
        }
        // CloudFront names the items of an invalidation from outside in any order.
        let mut sorted = items.to_vec();
        sorted.sort();
        for saving in wildcard_savings(&sorted) {
            let replaces = number(saving.replaces);
            self.of(day, distribution).wildcards_save += replaces.saturating_sub(1);
            self.occurred(CountKind::Wildcard, distribution, day, saving.wildcard.as_str(), replaces);
        }
        if items.len() <= NAMED_MAX {
            for item in items {
                self.occurred(CountKind::Item, distribution, day, &item.identity(), 1);
            }
        }
    }

    /// Only what Unstale sent: of the others it is not known to the second when they completed.
    fn add_completed(&mut self, event: &Event, distribution: &DistributionId, batch: Option<CountedBatch>) {
        let Some(batch) = batch.filter(|batch| batch.is_first && !batch.is_outside) else { return };
        let Some(accepted_at) = batch.accepted_at else { return };
        let range = range_of(event.at.since(accepted_at));
        *self.completed.entry((Day::of(event.at), distribution.clone(), range)).or_default() += 1;
    }

    /// The first verdict on an invalidation. Later ones change it.
    fn add_look(&mut self, event: &Event, distribution: &DistributionId) {
        if event.invalidation.is_none() || event.old != Freshness::Pending.as_str() {
            return;
        }
        let sum = self.of(Day::of(event.at), distribution);
        match Freshness::parse(&event.new) {
            Some(Freshness::Fresh) => sum.fresh += 1,
            Some(Freshness::Unchanged) => sum.unchanged += 1,
            Some(Freshness::Stale) => sum.stale += 1,
            Some(Freshness::Broken) => sum.broken += 1,
            Some(Freshness::Unclear) => sum.unclear += 1,
            Some(Freshness::Off | Freshness::Pending) | None => {}
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
