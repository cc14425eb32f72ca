//! An event as a row of the history.

use crate::domain::{
    actor::Actor,
    audit::{
        self as history, Action, Chained, Event, Outcome,
        search::{AuditQuery, What},
    },
    checks::Freshness,
    distributions::distribution::Distribution,
    invalidations::ticket::{Piece, Tickets, pieces},
    time::Timestamp,
};

use super::super::view::When;

/// A row of the history.
pub struct EventRow {
    pub sequence: i64,
    pub when: When,
    pub who: String,
    pub quiet: bool,
    pub action: &'static str,
    pub place: String,
    pub items: String,
    /// How the items match what was searched for.
    pub touch: &'static str,
    pub note: String,
    pub reason: Vec<Piece>,
    pub link: Option<String>,
    pub outcome: &'static str,
    pub state: &'static str,
    /// Whether the row is highlighted: a protection was overridden.
    pub stands_out: bool,
}

/// What all rows of a page are made with.
pub struct HistoryRowContext<'a> {
    pub distributions: &'a [Distribution],
    pub search: Option<&'a AuditQuery>,
    pub tickets: Option<&'a Tickets>,
    pub now: Timestamp,
}

pub fn row(chained: &Chained, around: &HistoryRowContext<'_>) -> EventRow {
    let event = &chained.event;
    let place = place(event, around.distributions);
    let (outcome, state) = result(event);
    let (items, touch) = items(event, around.search);
    EventRow {
        sequence: chained.sequence,
        when: When::new(event.at, around.now),
        who: who(&event.acting.actor),
        quiet: history::is_by_service(event),
        action: event.action.label(),
        items,
        touch,
        note: note(event, &place),
        place,
        reason: pieces(around.tickets, &event.reason),
        link: event.invalidation.as_ref().map(|id| format!("/invalidations/{id}")),
        outcome,
        state,
        stands_out: stands_out(event),
    }
}

/// The event in one line, for the person who caused it.
pub fn describe(event: &Event) -> String {
    let (label, details) = (event.action.label(), details(event, ""));
    if details.is_empty() { format!("{label}.") } else { format!("{label}: {details}.") }
}

/// Whether a protection was overridden.
pub fn stands_out(event: &Event) -> bool {
    event.action == Action::ProtectionOverridden
}

/// The name of the actor. A name that a stranger only claims is marked, because it may belong to a real person.
fn who(actor: &Actor) -> String {
    match actor {
        Actor::Nobody { claimed } if !claimed.is_empty() => format!("somebody as {claimed}"),
        _ => actor.name().to_owned(),
    }
}

/// The name of the event's distribution, or its ID if it is unknown.
pub fn place(event: &Event, distributions: &[Distribution]) -> String {
    let Some(id) = &event.distribution else { return String::new() };
    distributions
        .iter()
        .find(|distribution| distribution.id == *id)
        .map_or_else(|| id.to_string(), Distribution::shown_name)
}

pub const fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Done => ("Done", "completed"),
        Outcome::Refused => ("Refused", "failed"),
        Outcome::Failed => ("Not yet", "needs_a_look"),
    }
}

/// What an event came to, in a word. "Done" is only what needs nothing more: a request that was stored is not.
fn result(event: &Event) -> (&'static str, &'static str) {
    match (event.outcome, event.action) {
        (Outcome::Refused | Outcome::Failed, _) => outcome(event.outcome),
        (Outcome::Done, action) => match action {
            Action::BatchAccepted => ("In progress", "in_progress"),
            Action::BatchCompleted => ("Completed", "completed"),
            Action::InvalidationRequested
            | Action::InvalidationRetried
            | Action::ProposalApproved
            | Action::ProtectionOverridden
            | Action::CheckRequested
            | Action::CheckUpRequested
            | Action::ChangesRequested
            | Action::DistributionsRefreshRequested => ("Requested", "queued"),
            Action::ProposalMade => ("Waits for approval", "queued"),
            Action::InvalidationPutOff | Action::BatchPostponed | Action::BatchSeparated => {
                ("Waits", "queued")
            }
            Action::BatchMerged => ("Sent together", "queued"),
            Action::InvalidationCancelled => ("Cancelled", "cancelled"),
            Action::ProposalDeclined => ("Declined", "cancelled"),
            Action::RepeatHeldBack | Action::BatchSkipped => ("Not sent", "cancelled"),
            Action::InvalidationSeen => ("Seen", "unknown"),
            Action::BatchNeedsALook | Action::BatchLost | Action::BatchUnknown => {
                ("Needs a look", "needs_a_look")
            }
            Action::BatchFailed | Action::BatchCutInTwo => ("Refused", "failed"),
            Action::CheckFinished => came_to(event),
            _ => outcome(event.outcome),
        },
    }
}

/// What a check came to.
fn came_to(event: &Event) -> (&'static str, &'static str) {
    Freshness::parse(&event.new).map_or_else(|| outcome(event.outcome), |one| (one.label(), one.as_str()))
}

/// The first item that matches the search, and how it matches. Without one, the first item or the number of items.
fn items(event: &Event, search: Option<&AuditQuery>) -> (String, &'static str) {
    let shown = &event.items.shown;
    let touching = search.and_then(|search| {
        let place = event.distribution.as_ref();
        let found = shown.iter().find_map(|item| search.touch(item, place).map(|touch| (item, touch)))?;
        Some((found.0.to_string(), found.1.label()))
    });
    let about_items = search.is_some_and(|search| matches!(search.what, What::Path { .. } | What::Tag(_)));
    match (touching, shown.first(), event.items.count) {
        (Some(found), ..) => found,
        (None, _, 0) => (String::new(), ""),
        (None, Some(first), 1) => (first.to_string(), ""),
        (None, Some(first), count) => (format!("{first} and {} more", count - 1), ""),
        (None, None, count) if about_items => (format!("{count} items"), "one of them covers it"),
        (None, None, count) => (format!("{count} items"), ""),
    }
}

/// The rest of the row: the remarks, CloudFront's ID, what changed, and where it came from.
fn note(event: &Event, place: &str) -> String {
    let from = &event.acting.origin.client_address;
    let from = if from.is_empty() { String::new() } else { format!("from {from}") };
    let parts = [details(event, place), from];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A stored word as people read it. Names stay as they are, also with an underscore.
fn in_words(action: Action, new: &str) -> String {
    match action {
        Action::InvalidationSeen
        | Action::InvalidationRetried
        | Action::WarmingFinished
        | Action::SearchSaved => new.replace('_', " "),
        _ => new.to_owned(),
    }
}

/// The remarks, CloudFront's ID and what changed.
fn details(event: &Event, place: &str) -> String {
    let change = match (event.old.as_str(), event.new.as_str()) {
        // What was removed.
        (old, "") => old.to_owned(),
        ("", new) => in_words(event.action, new),
        (old, new) => format!("{old} → {}", in_words(event.action, new)),
    };
    let said = event.remarks();
    let said = if place == said { "" } else { said.as_str() };
    let parts = [said, event.cloudfront_id.as_str(), change.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
