//! Plausible rows.

use std::time::Duration;

use unstale::domain::{
    access::{Access, Role, ScopeKind},
    actor::Actor,
    distributions::distribution::Distribution,
    id::{DistributionId, InvalidationId, PersonId, RequestKey},
    invalidations::{
        freeze_window::FreezeAnswer,
        invalidation::{Invalidation, InvalidationState, NewBatch, NewInvalidation},
        item::Item,
        problem::{Problem, ProblemKind},
    },
    sign_in::person::Person,
    time::Timestamp,
};
use uuid::Uuid;

/// When every test begins: 2026-11-23T10:00:00Z.
pub const START: Timestamp = Timestamp::from_micros(1_795_428_000_000_000);

/// So many seconds after the start.
pub fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Nothing is said about freeze windows.
pub const fn no_override() -> FreezeAnswer<'static> {
    FreezeAnswer { overrides: false, reason: "" }
}

pub fn uuid() -> String {
    Uuid::now_v7().hyphenated().to_string()
}

pub fn distribution(id: &str) -> Distribution {
    Distribution {
        id: DistributionId::from_trusted(id),
        arn: format!("arn:aws:cloudfront::123456789012:distribution/{id}"),
        domain_name: format!("d{}.cloudfront.net", id.to_lowercase()),
        aliases: vec!["www.example.com".to_owned(), "*.example.org".to_owned()],
        comment: "A \"quoted\" comment, ünïcode".to_owned(),
        enabled: true,
        status: "Deployed".to_owned(),
        staging: false,
        tenant_only: false,
        origins: vec!["bucket.s3.amazonaws.com".to_owned()],
        config: None,
        last_modified: at(0),
        seen_at: at(0),
        traffic: None,
        flat_rate_plan: None,
        gone_at: None,
    }
}

pub fn person(email: &str, role: Role) -> Person {
    Person {
        id: PersonId::from_trusted(uuid()),
        email: email.to_owned(),
        role,
        scope: ScopeKind::Everything,
        disabled_at: None,
        created_at: START,
    }
}

/// Of somebody from whom nothing is hidden.
pub fn all_seen() -> Access {
    Access::whole(Role::Viewer)
}

pub fn actor() -> Actor {
    Actor::person(&PersonId::from_trusted("p1"), "ada@example.com")
}

pub fn items(texts: &[&str]) -> Vec<Item> {
    texts.iter().map(|text| Item::from_trusted(*text)).collect()
}

/// So many lines, as a person would paste them.
pub fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

pub fn new_batch(texts: &[&str]) -> NewBatch {
    let mut new = new_invalidation("E1", vec![items(texts)]);
    new.batches.remove(0)
}

pub fn new_invalidation(distribution: &str, batches: Vec<Vec<Item>>) -> NewInvalidation {
    let first = batches[0][0].clone();
    NewInvalidation::from_batches(
        DistributionId::from_trusted(distribution),
        batches,
        first,
        "a new price".to_owned(),
        RequestKey::parse(&uuid()).unwrap(),
        Uuid::now_v7,
    )
}

/// The row of a new request, as the command writes it.
pub fn invalidation(new: &NewInvalidation, requested_at: Timestamp) -> Invalidation {
    Invalidation {
        id: InvalidationId::from_trusted(new.id.as_str()),
        distribution: new.distribution.clone(),
        requested_by: actor(),
        requested_at,
        reason: new.reason.clone(),
        expected: new.expected,
        warm: new.warm,
        state: InvalidationState::Queued,
        item_count: new.items().len(),
        first_item: new.first_item.clone(),
        ended_at: None,
    }
}

pub fn problem(kind: ProblemKind) -> Problem {
    Problem {
        kind,
        code: "SomeCode".to_owned(),
        message: "Some message of AWS.".to_owned(),
        request_id: Some("aws-request".to_owned()),
    }
}
