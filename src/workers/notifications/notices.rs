//! What an event of the history means for people, as a notice.

use crate::{
    domain::{
        actor::Actor,
        audit::{Action, Chained, Event, Outcome, facts},
        checks::Freshness,
        invalidations::{
            invalidation::{Invalidation, InvalidationState},
            item::Item,
        },
        notifications::{Notice, NoticeDistribution, NoticeSubject, NotificationTopic},
    },
    store::{Conn, StoreError, access::groups, invalidations, notifications::messages::NewNotice},
};

use super::collector::Happening;

/// The most items that a notice names.
const ITEMS: usize = 5;

/// What people can be told of this event. `None` if it is nothing that a rule can name.
pub(super) fn topic_of(event: &Event) -> Option<NotificationTopic> {
    match event.action {
        Action::InvalidationSeen => None,
        Action::BatchCompleted if event.new == InvalidationState::Completed.as_str() => {
            Some(NotificationTopic::Completed)
        }
        Action::BatchFailed => Some(NotificationTopic::Failed),
        Action::BatchNeedsALook | Action::BatchLost => Some(NotificationTopic::NeedsAttention),
        Action::ProposalMade => Some(NotificationTopic::ApprovalRequested),
        Action::CheckFinished => topic_of_verdict(&event.new),
        _ if facts::begins(event) && event.outcome == Outcome::Done => Some(NotificationTopic::Requested),
        _ => None,
    }
}

fn topic_of_verdict(word: &str) -> Option<NotificationTopic> {
    match Freshness::ALL.into_iter().find(|freshness| freshness.as_str() == word)? {
        Freshness::Fresh => Some(NotificationTopic::Fresh),
        Freshness::Stale | Freshness::Broken => Some(NotificationTopic::StaleOrBroken),
        Freshness::Unchanged | Freshness::Unclear => Some(NotificationTopic::OtherVerdict),
        Freshness::Off | Freshness::Pending => None,
    }
}

/// The event as a notice, with what its invalidation says.
pub(super) async fn happening(
    conn: &mut Conn,
    chained: &Chained,
    topic: NotificationTopic,
    distribution: Option<NoticeDistribution>,
) -> Result<Happening, StoreError> {
    let event = &chained.event;
    let found = match &event.invalidation {
        Some(id) => invalidations::find(conn, id).await?,
        None => None,
    };
    let requester = requester(event, found.as_ref());
    let person = requester.and_then(Actor::person_id).cloned();
    let groups = match &person {
        Some(person) => groups::of_person(conn, person).await?,
        None => Vec::new(),
    };
    let subject = NoticeSubject { distribution: event.distribution.clone(), requester: person, groups };
    let about = event.invalidation.as_ref().map_or_else(|| chained.sequence.to_string(), ToString::to_string);
    let notice = NewNotice {
        topic,
        // Events of one transaction have the same time, and are one thing to tell. Sorted by time.
        key: format!("{:020} {} {about}", event.at.as_micros(), topic.as_str()),
        run: run(event, requester),
        invalidation: event.invalidation.clone(),
        notice: notice(event, found.as_ref(), requester, distribution),
    };
    Ok(Happening { subject, notice })
}

/// Who requested it. `None` where nobody did, as for a check that runs by itself.
fn requester<'a>(event: &'a Event, found: Option<&'a Invalidation>) -> Option<&'a Actor> {
    let of_event = event.requested_by.as_ref().unwrap_or(&event.acting.actor);
    match found {
        Some(found) => Some(&found.requested_by),
        None if matches!(of_event, Actor::Service | Actor::Nobody { .. }) => None,
        None => Some(of_event),
    }
}

/// The run that an event belongs to: what one person or token does in a short time, or in one run of a pipeline.
fn run(event: &Event, requester: Option<&Actor>) -> String {
    let who = requester
        .map_or_else(|| "nobody".to_owned(), |actor| format!("{} {}", actor.kind().as_str(), actor.id()));
    format!("{who} {}", event.acting.origin.via.run_url).trim_end().to_owned()
}

fn notice(
    event: &Event,
    found: Option<&Invalidation>,
    requester: Option<&Actor>,
    distribution: Option<NoticeDistribution>,
) -> Notice {
    let path = match (&event.invalidation, &event.distribution) {
        _ if event.action == Action::ProposalMade => "/approvals".to_owned(),
        (Some(id), _) => format!("/invalidations/{id}"),
        (None, Some(id)) => format!("/distributions/{id}"),
        (None, None) => "/history".to_owned(),
    };
    let mut items: Vec<String> = event.items.shown.iter().take(ITEMS).map(item).collect();
    if items.is_empty() {
        items.extend(found.map(|found| item(&found.first_item)));
    }
    let item_count = found.map_or(event.items.count, |found| found.item_count);
    let reason = found.map_or(event.reason.as_str(), |found| found.reason.as_str());
    Notice {
        at: event.at.to_string(),
        path,
        invalidation: event.invalidation.as_ref().map(ToString::to_string),
        distribution,
        requested_by: requester.map_or_else(String::new, |actor| actor.name().to_owned()),
        reason: reason.to_owned(),
        items,
        item_count: item_count as u64,
        freshness: (event.action == Action::CheckFinished).then(|| event.new.clone()),
        detail: detail(event),
    }
}

fn item(item: &Item) -> String {
    item.as_str().to_owned()
}

fn detail(event: &Event) -> String {
    match event.action {
        Action::ProposalMade => "It waits for a second person.".to_owned(),
        Action::ProtectionOverridden => "The approval was skipped.".to_owned(),
        Action::BatchLost => "CloudFront no longer knows it.".to_owned(),
        _ => event.note.clone(),
    }
}
