//! A long history, written through the real store: what a team of forty does to fifty distributions.

use unstale::{
    clock::Clock,
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Outcome},
        id::{DistributionId, PersonId},
        invalidations::item::Item,
        time::Timestamp,
    },
    store::{Db, audit},
    workers::{Indexer, InsightsCounter, Next},
};

use super::{DISTRIBUTION, Outcome as Done};

/// Events that share a transaction while the database is filled.
const TOGETHER: u64 = 5_000;

/// Writes so many events, and brings the index and the sums of the insights up to them.
pub async fn write(address: &str, events: u64) -> Done<()> {
    let db = Db::open(address).await?;
    let mut number = 0;
    while number < events {
        let mut tx = db.begin().await?;
        for _ in 0..TOGETHER.min(events - number) {
            number += 1;
            audit::append(&mut tx, event(number)?);
        }
        tx.commit().await?;
    }
    let indexer = Indexer::new(db.clone(), Clock::system());
    while indexer.tick().await? == Next::Again {}
    let counter = InsightsCounter::new(db.clone(), Clock::system());
    while counter.tick().await? == Next::Again {}
    db.close().await;
    Ok(())
}

fn event(number: u64) -> Done<Event> {
    let name = format!("person-{}@example.com", number % 40);
    let actor = Actor::person(&PersonId::from_trusted(format!("p{}", number % 40)), &name);
    let acting = Acting { actor, ..Acting::service() };
    let at = Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(number)? * 1_000_000);
    let mut event = Event::new(at, &acting, Action::InvalidationRequested);
    // One of the fifty is a site of the stand-in, on which plans are made.
    let site = number % 50;
    event.distribution = Some(DistributionId::from_trusted(match site {
        49 => DISTRIBUTION.to_owned(),
        _ => format!("E{site}"),
    }));
    let item = match number % 20 {
        0 => "/*".to_owned(),
        1 => format!("/section-{}/*", number % 97),
        _ => format!("/section-{}/page-{}.html", number % 97, number % 5_000),
    };
    event.items = ItemsRecord::of(&[Item::from_trusted(item)]);
    event.reason = format!("WEB-{}: a new price", number % 100);
    event.outcome = if number.is_multiple_of(501) { Outcome::Failed } else { Outcome::Done };
    Ok(event)
}
