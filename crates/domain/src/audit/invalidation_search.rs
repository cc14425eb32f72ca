//! A query of the history whose answer is invalidations: each one once, with its present state.

use super::search::{AuditQuery, What};
use crate::{
    actor::ActorKind,
    checks::Freshness,
    id::InvalidationId,
    invalidations::invalidation::{Invalidation, InvalidationState},
};

/// What is asked for. The search text is looked for in all events of an invalidation; the filters are about the
/// request: where, by whom, when, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvalidationSearch {
    pub events: AuditQuery,
    /// Only those that are in this state now.
    pub state: Option<StateFilter>,
    /// Where the previous page ended.
    pub after: Option<PageEnd>,
}

/// The states that a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFilter {
    Is(InvalidationState),
    /// Refused, in need of a look, or with viewers who get an old or a broken version.
    Problem,
}

impl StateFilter {
    /// The word of [`Self::Problem`] in addresses, and its label.
    pub const PROBLEM: (&str, &str) = ("problem", "Any problem (refused, needs a look, stale, broken)");

    /// `freshness` is what the checks say now.
    #[must_use]
    pub fn admits(self, state: InvalidationState, freshness: Option<Freshness>) -> bool {
        match self {
            Self::Is(wanted) => state == wanted,
            Self::Problem => {
                matches!(state, InvalidationState::Failed | InvalidationState::NeedsALook)
                    || matches!(freshness, Some(Freshness::Stale | Freshness::Broken))
            }
        }
    }
}

/// Where a page of invalidations ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageEnd {
    /// Before this event, for a query that events answer.
    Event(i64),
    /// After this invalidation in the order of time, for a query that the table of invalidations answers.
    Invalidation(InvalidationId),
}

impl InvalidationSearch {
    /// Whether the events have to be searched. Otherwise the invalidations themselves say all that is asked.
    #[must_use]
    pub fn is_about_events(&self) -> bool {
        self.events.what != What::Everything || self.events.freshness.is_some()
    }

    /// The search of events. It has no filter that only the first event of an invalidation passes: a later event may
    /// have the words that are looked for.
    #[must_use]
    pub fn search(&self) -> AuditQuery {
        AuditQuery {
            who: None,
            action: None,
            about_access: false,
            outcome: None,
            until: None,
            outside: None,
            // Only events of checks have one, and they have no items and few words.
            freshness: self.events.freshness.filter(|_| self.events.what == What::Everything),
            ..self.events.clone()
        }
    }

    /// Whether an invalidation passes the filters. `freshness` is what its checks say now.
    #[must_use]
    pub fn admits(&self, row: &Invalidation, freshness: Option<Freshness>) -> bool {
        let asked = &self.events;
        let outside = row.requested_by.kind() == ActorKind::Outside;
        self.sees(row)
            && asked.distribution.as_ref().is_none_or(|wanted| row.distribution == *wanted)
            && asked.who.as_ref().is_none_or(|who| row.requested_by.name() == *who)
            && asked.from.is_none_or(|from| row.requested_at >= from)
            && asked.until.is_none_or(|until| row.requested_at < until)
            && asked.outside.is_none_or(|wanted| wanted == outside)
            && asked.freshness.is_none_or(|wanted| freshness == Some(wanted))
            && self.state.is_none_or(|wanted| wanted.admits(row.state, freshness))
    }

    /// Whether the person who asks may see the invalidation.
    #[must_use]
    pub fn sees(&self, row: &Invalidation) -> bool {
        let visibility = self.events.visibility.as_ref();
        visibility.is_none_or(|seen| seen.distributions.contains(&row.distribution))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actor::Actor, audit::visibility::Visibility, checks::ExpectedContent, id::DistributionId,
        invalidations::item::Item, time::Timestamp,
    };

    fn row() -> Invalidation {
        Invalidation {
            id: InvalidationId::from_trusted("i1"),
            distribution: DistributionId::from_trusted("E1"),
            requested_by: Actor::from_trusted("person", "p1".to_owned(), "ada".to_owned()).unwrap(),
            requested_at: Timestamp::from_micros(10),
            reason: String::new(),
            expected: ExpectedContent::NewVersion,
            warm: false,
            state: InvalidationState::Failed,
            item_count: 1,
            first_item: Item::from_trusted("/a"),
            ended_at: None,
        }
    }

    #[test]
    fn the_filters_are_about_the_request_and_its_present_state() {
        let row = row();
        let at = Timestamp::from_micros;
        let admits = |events: AuditQuery, state| {
            InvalidationSearch { events, state, after: None }.admits(&row, Some(Freshness::Stale))
        };
        let all = AuditQuery::default;
        let here = |id: &str| Some(DistributionId::from_trusted(id));
        let seeing = |id: &str| {
            let distributions = [DistributionId::from_trusted(id)].into();
            Some(Visibility { kind: ActorKind::Person, id: "p9".to_owned(), distributions })
        };
        for (events, state, passes) in [
            (all(), None, true),
            (all(), Some(StateFilter::Is(InvalidationState::Failed)), true),
            (all(), Some(StateFilter::Is(InvalidationState::Completed)), false),
            (AuditQuery { distribution: here("E1"), ..all() }, None, true),
            (AuditQuery { distribution: here("E2"), ..all() }, None, false),
            (AuditQuery { who: Some("ada".to_owned()), ..all() }, None, true),
            (AuditQuery { who: Some("bob".to_owned()), ..all() }, None, false),
            (AuditQuery { from: Some(at(10)), until: Some(at(11)), ..all() }, None, true),
            (AuditQuery { from: Some(at(11)), ..all() }, None, false),
            (AuditQuery { until: Some(at(10)), ..all() }, None, false),
            (AuditQuery { outside: Some(false), ..all() }, None, true),
            (AuditQuery { outside: Some(true), ..all() }, None, false),
            (AuditQuery { freshness: Some(Freshness::Stale), ..all() }, None, true),
            (AuditQuery { freshness: Some(Freshness::Fresh), ..all() }, None, false),
            (AuditQuery { visibility: seeing("E1"), ..all() }, None, true),
            (AuditQuery { visibility: seeing("E2"), ..all() }, None, false),
        ] {
            assert_eq!(admits(events.clone(), state), passes, "{events:?} {state:?}");
        }
    }

    #[test]
    fn a_problem_is_what_was_refused_or_is_not_fresh() {
        use InvalidationState as S;
        let is_one = |state, freshness| StateFilter::Problem.admits(state, freshness);
        assert!(is_one(S::Failed, None) && is_one(S::NeedsALook, Some(Freshness::Pending)));
        assert!(
            is_one(S::Completed, Some(Freshness::Stale)) && is_one(S::Completed, Some(Freshness::Broken))
        );
        for good in [None, Some(Freshness::Fresh), Some(Freshness::Unchanged), Some(Freshness::Unclear)] {
            assert!(!is_one(S::Completed, good) && !is_one(S::Queued, good), "{good:?}");
        }
    }

    #[test]
    fn the_search_of_events_leaves_the_filters_of_the_request_out() {
        let events = AuditQuery {
            what: What::read("words"),
            who: Some("ada".to_owned()),
            until: Some(Timestamp::from_micros(1)),
            from: Some(Timestamp::from_micros(0)),
            outside: Some(false),
            ..AuditQuery::default()
        };
        let query = InvalidationSearch { events: events.clone(), ..InvalidationSearch::default() };
        assert!(query.is_about_events());
        let search = AuditQuery { who: None, until: None, outside: None, ..events };
        assert_eq!(query.search(), search);
        assert!(!InvalidationSearch::default().is_about_events());
    }
}
