//! The parts of an invalidation's page, made from its batches and its events.

use std::time::Duration;

use crate::domain::{
    audit::{Action, Chained, Event},
    distributions::distribution::Distribution,
    invalidations::{
        invalidation::{Batch, BatchState, Invalidation, InvalidationState},
        problem::ProblemKind,
        refused::RefusedItems,
        restored::NOT_SENT_AGAIN,
        retry,
    },
    time::{Timestamp, span_in_words},
};

use super::super::view::{ElapsedView, QueueView, StatusView, When};

/// A step of the timeline.
#[derive(Debug, Clone)]
pub struct TimelineStep {
    pub name: &'static str,
    pub words: String,
    pub done: bool,
    pub now: bool,
}

/// The timeline: requested, accepted, completed.
///
/// `is_skipped`: after a restore it was not sent.
pub fn steps(
    invalidation: &Invalidation,
    batches: &[Batch],
    usual: Option<Duration>,
    place: Option<&QueueView>,
    is_skipped: bool,
    now: Timestamp,
) -> Vec<TimelineStep> {
    let requested = invalidation.requested_at;
    // Batches that were never sent from here but have an ID of CloudFront's were made outside.
    let outside = batches.iter().all(|batch| batch.first_sent_at.is_none() && batch.cloudfront_id.is_some());
    let accepted: Option<Timestamp> = all(batches, |batch| batch.accepted_at);
    let completed: Option<Timestamp> = all(batches, |batch| batch.completed_at);
    let ended = invalidation.state == InvalidationState::Completed;
    let after = |at: Timestamp| format!("+{}", span_in_words(at.since(requested)));
    let first = When::new(requested, now);
    let usual = usual.map_or_else(String::new, |span| format!(", usually {}", span_in_words(span)));
    vec![
        TimelineStep {
            name: "Requested",
            words: if outside {
                format!("{}, outside Unstale", first.time)
            } else {
                format!("{}, saved before anything was sent", first.time)
            },
            done: true,
            now: false,
        },
        TimelineStep {
            name: "Accepted by CloudFront",
            words: match accepted {
                Some(at) if !outside => format!("{}{}", after(at), ids(batches)),
                Some(_) => ids(batches).trim_start_matches(", ").to_owned(),
                None if is_skipped => NOT_SENT_AGAIN.to_owned(),
                None => waiting(batches, place),
            },
            done: accepted.is_some(),
            now: accepted.is_none() && !is_over(invalidation.state),
        },
        TimelineStep {
            name: "Completed at the edge",
            words: match completed.filter(|_| ended) {
                Some(at) => format!("{}{usual}", after(at)),
                None if ended => "before Unstale looked".to_owned(),
                None if accepted.is_some() && !is_over(invalidation.state) => {
                    usual.trim_start_matches(", ").to_owned()
                }
                None => String::new(),
            },
            done: ended,
            now: accepted.is_some() && !ended && !is_over(invalidation.state),
        },
    ]
}

/// How long CloudFront has worked on it. `None` if it does not.
pub fn elapsed(
    invalidation: &Invalidation,
    batches: &[Batch],
    usual: Option<Duration>,
    now: Timestamp,
) -> Option<ElapsedView> {
    let accepted: Option<Timestamp> = all(batches, |batch| batch.accepted_at);
    let since = accepted.filter(|_| invalidation.state == InvalidationState::InProgress)?;
    Some(ElapsedView::new(since, usual, now))
}

/// What came of it, in words, once nothing more is awaited. `checked` is the last step, if anybody looks at what viewers
/// get.
pub fn outcome(
    invalidation: &Invalidation,
    status: &StatusView,
    checked: Option<&TimelineStep>,
    is_awaited: bool,
) -> Option<String> {
    let is_done = is_over(invalidation.state) && !is_awaited;
    is_done.then(|| match checked {
        Some(step) => format!("{}. {}: {}", status.words, step.name, step.words),
        None => status.words.clone(),
    })
}

/// Whether nothing more happens by itself at CloudFront.
pub const fn is_over(state: InvalidationState) -> bool {
    !matches!(state, InvalidationState::Queued | InvalidationState::InProgress)
}

/// The batches that the items are in now.
fn uncut(batches: &[Batch]) -> impl Iterator<Item = &Batch> {
    batches.iter().filter(|batch| !batch.is_cut())
}

/// The latest of the times. `None` if a batch that was not cancelled has none yet.
fn all(batches: &[Batch], time: impl Fn(&Batch) -> Option<Timestamp>) -> Option<Timestamp> {
    let counted = uncut(batches).filter(|batch| batch.state != BatchState::Cancelled);
    counted.map(time).collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn ids(batches: &[Batch]) -> String {
    match batches {
        [one] => one.cloudfront_id.as_ref().map_or_else(String::new, |id| format!(", {id}")),
        many => format!(", {} batches", uncut(many).count()),
    }
}

fn waiting(batches: &[Batch], place: Option<&QueueView>) -> String {
    let is = |state: BatchState| uncut(batches).any(|batch| batch.state == state);
    let left = uncut(batches).filter(|batch| batch.accepted_at.is_none());
    if is(BatchState::Failed) {
        let refused = RefusedItems::of(batches).filter(|refused| !refused.is_everything());
        return refused.map_or("refused, see below".to_owned(), |refused| {
            format!("{} of {} items refused, see below", refused.items.len(), refused.of)
        });
    }
    if uncut(batches).all(|batch| batch.state == BatchState::Cancelled) {
        return "cancelled before it was sent".to_owned();
    }
    let (left, number) = (left.count(), uncut(batches).count());
    let of = if number > 1 { format!("{left} of {number} batches ") } else { String::new() };
    match place {
        Some(place) => format!("{of}{} in the queue, {}", place.place, place.starts),
        None if left > 0 => format!("{of}being sent"),
        None => String::new(),
    }
}

/// A problem of a batch, with what a person should do.
#[derive(Debug, Clone)]
pub struct ProblemView {
    pub headline: &'static str,
    pub advice: String,
    pub message: String,
    pub code: String,
    pub request_id: Option<String>,
    pub policy: Option<String>,
    /// Whether it needs a person, because the service does not try again.
    pub lasting: bool,
}

/// The problems of the batches, without those that [`super::batches::RefusedView`] tells. Batches with the same problem
/// and advice share one.
pub fn troubles(batches: &[Batch], distribution: Option<&Distribution>) -> Vec<ProblemView> {
    let arn = distribution.map(Distribution::arn_or_guess).unwrap_or_default();
    let mut told: Vec<(ProblemKind, String)> = Vec::new();
    let mut troubles = Vec::new();
    for batch in batches {
        let told_elsewhere = batch.is_cut() || batch.refused_item().is_some();
        let Some(problem) = batch.problem.as_ref().filter(|_| !told_elsewhere) else { continue };
        let advice = batch.advice().unwrap_or_default();
        let this = (problem.kind, advice.clone());
        if told.contains(&this) || batch.state == BatchState::Cancelled {
            continue;
        }
        told.push(this);
        troubles.push(ProblemView {
            headline: problem.kind.headline(),
            advice,
            message: problem.message.clone(),
            code: problem.code.clone(),
            request_id: batch.aws_request_id.clone().filter(|_| batch.accepted_at.is_none()),
            policy: problem.statement(&arn),
            lasting: !batch.state.is_active(),
        });
    }
    troubles
}

/// An event in the history on this page.
#[derive(Debug, Clone)]
pub struct EventView {
    pub when: When,
    pub precise: String,
    pub action: &'static str,
    pub words: String,
}

/// What an event says about the approval of the request. `None` if it says nothing about it.
pub fn approval(event: &Event) -> Option<String> {
    match event.action {
        Action::ProposalApproved => Some(format!("approved by {}", event.acting.actor.name())),
        Action::ProtectionOverridden => Some("approval skipped (emergency)".to_owned()),
        _ => None,
    }
}

pub fn event_views(events: &[Chained], now: Timestamp) -> Vec<EventView> {
    events
        .iter()
        .map(|chained| {
            let event = &chained.event;
            let actor = &event.acting.actor;
            let from = &event.acting.origin.client_address;
            let who = if crate::domain::audit::is_by_service(event) { "" } else { actor.name() };
            let from = if from.is_empty() { String::new() } else { format!("from {from}") };
            let id = if event.cloudfront_id.is_empty() {
                String::new()
            } else {
                format!("CloudFront {}", event.cloudfront_id)
            };
            let request = if event.aws_request_id.is_empty() {
                String::new()
            } else {
                format!("request {}", event.aws_request_id)
            };
            let remarks = event.remarks();
            let parts = [who, from.as_str(), id.as_str(), request.as_str(), remarks.as_str()];
            let words: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            EventView {
                when: When::new(event.at, now),
                precise: event.at.time_of_day_millis(),
                action: event.action.label(),
                words: words.join(", "),
            }
        })
        .collect()
}

/// Says how long it has been in progress. `None` if that is not unusually long.
pub fn slow(batches: &[Batch], now: Timestamp) -> Option<String> {
    let oldest =
        batches.iter().filter(|batch| batch.is_slow(now)).filter_map(|batch| batch.accepted_at).min()?;
    Some(format!(
        "In progress for {}; most are completed in under {}.",
        span_in_words(now.since(oldest)),
        span_in_words(retry::USUAL)
    ))
}
