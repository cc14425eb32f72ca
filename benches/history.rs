//! What the history costs when it is long: first page, filtered page, page 1,000, URL and word search, export, check.
//!
//! `cargo bench --bench history -- 1000000` fills a database through the real store and measures it. The peer, Django
//! admin with django-auditlog over as many rows, has its place in `scripts/bench`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::{Duration, Instant};

use unstale::{
    clock::Clock,
    domain::{
        actor::{Acting, Actor, ActorKind},
        audit::{
            Action, Event, ItemsRecord, Outcome,
            export::Form,
            search::{Search, What},
        },
        id::DistributionId,
        item::Item,
        time::Timestamp,
    },
    store::{Db, audit},
    worker::{Check, Indexer, Known, Next, Step},
};

/// Events that share a transaction while the database is filled.
const TOGETHER: u64 = 5_000;
const PAGE: usize = 100;
const ROUNDS: usize = 200;

#[tokio::main]
async fn main() {
    let events = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&format!("sqlite://{}", folder.path().join("history.db").display())).await.unwrap();
    rate("fill", events, fill(&db, events)).await;
    rate("index", events, index(&db)).await;
    let head = i64::try_from(events).unwrap();
    measure(&db, "first page", |_| (Search::default(), i64::MAX)).await;
    measure(&db, "page 1,000", |_| (Search::default(), (head - 100_000).max(head / 2))).await;
    measure(&db, "filtered page", |n| {
        let distribution = Some(DistributionId::from_trusted(format!("E{}", n % 50)));
        (Search { distribution, ..Search::default() }, i64::MAX)
    })
    .await;
    measure(&db, "two filters", |n| {
        let distribution = Some(DistributionId::from_trusted(format!("E{}", n % 50)));
        (Search { distribution, outcome: Some(Outcome::Failed), ..Search::default() }, i64::MAX)
    })
    .await;
    measure(&db, "URL search", |n| (about(&format!("/section-{}/page-{n}.html", n % 97)), i64::MAX)).await;
    measure(&db, "word search", |n| (about(&format!("WEB-{n}")), i64::MAX)).await;
    rate("export", events, export(&db)).await;
    rate("check", events, check(&db)).await;
    db.close().await;
}

fn about(typed: &str) -> Search {
    Search { what: What::read(typed), ..Search::default() }
}

fn event(number: u64) -> Event {
    let name = format!("person-{}@example.com", number % 40);
    let actor = Actor { kind: ActorKind::Person, id: format!("p{}", number % 40), name };
    let acting = Acting { actor, ..Acting::service() };
    let at = Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(number).unwrap() * 1_000_000);
    let mut event = Event::new(at, &acting, Action::InvalidationRequested);
    event.distribution = Some(DistributionId::from_trusted(format!("E{}", number % 50)));
    let item = match number % 20 {
        0 => "/*".to_owned(),
        1 => format!("/section-{}/*", number % 97),
        _ => format!("/section-{}/page-{}.html", number % 97, number % 5_000),
    };
    event.items = ItemsRecord::of(&[Item::from_trusted(item)]);
    event.reason = format!("WEB-{}: a new price", number % 10_000);
    event.outcome = if number.is_multiple_of(501) { Outcome::Failed } else { Outcome::Done };
    event
}

async fn fill(db: &Db, events: u64) {
    let mut number = 0;
    while number < events {
        let mut tx = db.begin().await.unwrap();
        for _ in 0..TOGETHER.min(events - number) {
            number += 1;
            audit::append(&mut tx, event(number)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

async fn index(db: &Db) {
    let indexer = Indexer::new(db.clone(), Clock::system());
    while indexer.tick().await.unwrap() == Next::Again {}
}

async fn export(db: &Db) {
    let (mut last, mut out) = (0, Vec::new());
    loop {
        let page = audit::after(&mut db.read().await.unwrap(), last, 2_000).await.unwrap();
        let Some(newest) = page.last() else { return };
        last = newest.sequence;
        out.clear();
        for chained in &page {
            Form::Jsonl.write(&mut out, chained);
        }
    }
}

async fn check(db: &Db) {
    let mut check = Check::begin(db, &Known::default()).await.unwrap();
    while check.step(db, 2_000).await.unwrap() == Step::More {}
}

async fn rate(name: &str, events: u64, work: impl Future<Output = ()>) {
    let begun = Instant::now();
    work.await;
    let took = begun.elapsed();
    let each = took.as_nanos() / u128::from(events.max(1));
    println!("{name:14} {events} events in {took:.1?}: {} a second", 1_000_000_000 / each.max(1));
}

async fn measure(db: &Db, name: &str, what: impl Fn(usize) -> (Search, i64)) {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let (search, before) = what(round);
        let begun = Instant::now();
        audit::search(&mut db.read().await.unwrap(), &search, before, PAGE).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    let at = |percent: usize| -> Duration { times[(times.len() - 1) * percent / 100] };
    println!("{name:14} p50 {:.2?}  p99 {:.2?}", at(50), at(99));
}
