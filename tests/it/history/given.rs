//! A chain of events in a database of its own.

use unstale::{
    domain::{
        actor::Actor,
        audit::{
            Action, Chained, Event, ItemsRecord, Target,
            head::{HeadKey, SignedHead},
        },
        checks::ExpectedContent,
        id::{BatchId, CallerReference, DistributionId, InvalidationId, PersonId},
        invalidations::invalidation::{Invalidation, InvalidationState},
    },
    store::{
        Db, Tx, accounts, audit, distributions,
        invalidations::{self, batches},
    },
    workers::{Check, CheckError, TrustedHeads, VerificationStep},
};

use crate::support::{acting, at, distribution, items, new_batch};

pub fn key() -> HeadKey {
    HeadKey::from_random([9; 32])
}

/// An event with something in every field.
pub fn event(number: u64) -> Event {
    let mut acting = acting();
    acting.actor = Actor::person(&PersonId::from_trusted(format!("p{number}")), acting.actor.name());
    acting.origin.request_id = format!("r{number}");
    acting.origin.session = format!("s{number}");
    let mut event = Event::new(at(number), &acting, Action::InvalidationRequested);
    event.target = Target::Invalidation(InvalidationId::from_trusted(format!("i{number}")));
    event.distribution = Some(DistributionId::from_trusted("E1"));
    event.invalidation = Some(InvalidationId::from_trusted(format!("i{number}")));
    event.items = ItemsRecord::of(&items(&["/a", "/b*"]));
    event.reason = format!("WEB-{number}: ünïcode");
    "note".clone_into(&mut event.note);
    "aws".clone_into(&mut event.aws_request_id);
    "I1".clone_into(&mut event.cloudfront_id);
    "queued".clone_into(&mut event.old);
    "in_progress".clone_into(&mut event.new);
    event
}

/// Appends so many events in one transaction, and signs the last in another, as the audit worker does.
pub async fn fill(db: &Db, events: u64) -> SignedHead {
    let mut tx = db.begin().await.unwrap();
    accounts::ensure(&mut tx, "123456789012").await.unwrap();
    distributions::upsert(&mut tx, &distribution("E1")).await.unwrap();
    for number in 1..=events {
        let event = event(number);
        write_rows(&mut tx, &event, number).await;
        audit::append(&mut tx, event);
    }
    tx.commit().await.unwrap();
    let head = audit::head_link(&mut db.read().await.unwrap()).await.unwrap().unwrap();
    let signed = key().sign(head, at(events));
    let mut tx = db.begin().await.unwrap();
    audit::insert_signed_head(&mut tx, &signed).await.unwrap();
    tx.commit().await.unwrap();
    signed
}

/// What the tables hold of an event's invalidation.
async fn write_rows(tx: &mut Tx, event: &Event, number: u64) {
    let id = event.invalidation.clone().unwrap();
    let mut batch = new_batch(&["/a", "/b*"]);
    batch.id = BatchId::from_trusted(format!("b{number}"));
    batch.caller_reference = CallerReference::of(&batch.id);
    let row = invalidations::NewInvalidationRow {
        invalidation: Invalidation {
            id: id.clone(),
            distribution: DistributionId::from_trusted("E1"),
            requested_by: event.acting.actor.clone(),
            requested_at: event.at,
            reason: event.reason.clone(),
            expected: ExpectedContent::NewVersion,
            warm: false,
            state: InvalidationState::Queued,
            item_count: 2,
            first_item: batch.items[0].clone(),
            ended_at: None,
        },
        request_key: None,
        items_sha256: event.items.sha256.clone(),
    };
    invalidations::insert(tx, &[row]).await.unwrap();
    let row = batches::NewBatchRow {
        batch,
        invalidation: id,
        distribution: DistributionId::from_trusted("E1"),
        number: 1,
        created_at: event.at,
        due_at: event.at,
        alone: false,
    };
    batches::insert(tx, &[row]).await.unwrap();
}

pub async fn all(db: &Db) -> Vec<Chained> {
    audit::after(&mut db.read().await.unwrap(), 0, 1_000_000).await.unwrap()
}

/// Holds a database to a head that is known from elsewhere.
pub async fn verify(db: &Db, head: &SignedHead) -> Result<u64, CheckError> {
    verify_with(
        db,
        &TrustedHeads { keys: vec![key().public()], signed: vec![head.clone()], ..TrustedHeads::default() },
    )
    .await
}

/// Holds a database to what is known, which may be nothing.
pub async fn verify_with(db: &Db, known: &TrustedHeads) -> Result<u64, CheckError> {
    let mut check = Check::begin(db, known).await?;
    while check.step(db, 100).await? == VerificationStep::More {}
    Ok(check.walk().checked())
}
