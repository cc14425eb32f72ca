//! Measures the insights of ten years of 500 invalidations a day: the pages of the real program over HTTP, a month each.
//!
//! Run it with `scripts/bench insights`. The sums are made of events by the code that makes them in the service. The
//! events themselves are not written, because the pages do not read them.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use stage::{Arguments, Browser, Outcome, Service, WorkerContext, report::Report};
use unstale::{
    clock::Clock,
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord},
        distributions::distribution::Distribution,
        id::{DistributionId, InvalidationId, PersonId},
        insights::{
            Day, DayRange,
            counting::{CountedBatch, Sums},
        },
        invalidations::item::Item,
        time::Timestamp,
    },
    store::{Db, accounts, distributions, insights},
};

const YEARS: i64 = 10;
const A_DAY: u64 = 500;
/// Of so many sites and people.
const SITES: u64 = 50;
const PEOPLE: u64 = 40;
const ACCOUNT: &str = "123456789012";
const ROUNDS: usize = 600;
/// Days that are added in one transaction.
const TOGETHER: i64 = 30;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let worker_context = WorkerContext::new(arguments.unstale, |config| config).await?;
    worker_context.add_person()?;
    let today = Day::of(Clock::system().now());
    let began = Instant::now();
    fill(&worker_context.database(), today).await?;
    println!("{} invalidations counted in {:.1?}", YEARS as u64 * 365 * A_DAY, began.elapsed());
    let mut report = Report::default();
    read(&worker_context, today, &mut report).await?;
    report.print();
    worker_context.sandbox.stop().await;
    Ok(())
}

/// Adds the sums of ten years up to this day.
async fn fill(address: &str, today: Day) -> Outcome<()> {
    let db = Db::open(address).await?;
    let mut tx = db.begin().await?;
    accounts::ensure(&mut tx, ACCOUNT).await?;
    for site in 0..SITES {
        distributions::upsert(&mut tx, &distribution(site)).await?;
    }
    tx.commit().await?;
    let first = today.number() - YEARS * 365;
    let mut number = 0;
    for from in (first..=today.number()).step_by(usize::try_from(TOGETHER)?) {
        let mut sums = Sums::default();
        for day in from..(from + TOGETHER).min(today.number() + 1) {
            for _ in 0..A_DAY {
                number += 1;
                add(&mut sums, Day::from_number(day), number);
            }
        }
        let mut tx = db.begin().await?;
        if !insights::add(&mut tx, 0, 0, &sums).await? {
            return Err("the cursor was moved by somebody else".into());
        }
        tx.commit().await?;
    }
    db.close().await;
    Ok(())
}

fn distribution(site: u64) -> Distribution {
    Distribution {
        id: DistributionId::from_trusted(format!("E{site}")),
        arn: format!("arn:aws:cloudfront::{ACCOUNT}:distribution/E{site}"),
        domain_name: format!("d{site}.cloudfront.net"),
        aliases: vec![format!("site-{site}.example.com")],
        comment: String::new(),
        enabled: true,
        status: "Deployed".to_owned(),
        staging: false,
        tenant_only: false,
        origins: Vec::new(),
        config: None,
        traffic: None,
        flat_rate_plan: None,
        last_modified: Timestamp::from_micros(0),
        seen_at: Timestamp::from_micros(0),
        gone_at: None,
    }
}

/// Adds one invalidation: its request, its acceptance, its completion and its first look.
fn add(sums: &mut Sums, day: Day, number: u64) {
    // Spread without a pattern that the numbers of sites and people share.
    let dice = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    let at = day.start().plus(Duration::from_secs(dice % 80_000));
    let items: Vec<Item> = match dice % 100 {
        0 => (0..60).map(|n| Item::from_trusted(format!("/img/{number}/{n}.png"))).collect(),
        1..20 => vec![Item::from_trusted("/*")],
        20..50 => vec![Item::from_trusted("/index.html"), Item::from_trusted("/")],
        _ => (0..=dice % 4).map(|n| Item::from_trusted(format!("/news/{}/{n}", dice % 5_000))).collect(),
    };
    let site = DistributionId::from_trusted(format!("E{}", dice % SITES));
    let event = |action, at| event(action, at, &site, number, &items);
    sums.add(&event(Action::InvalidationRequested, at), &items, None);
    let batch =
        CountedBatch { paths: items.len() as u64, accepted_at: Some(at), is_outside: false, is_first: true };
    sums.add(&event(Action::BatchAccepted, at), &[], Some(batch));
    let completed = at.plus(Duration::from_millis(8_000 + dice % 50_000));
    sums.add(&event(Action::BatchCompleted, completed), &[], Some(batch));
    let mut look = event(Action::CheckFinished, completed);
    "pending".clone_into(&mut look.old);
    (if dice.is_multiple_of(30) { "stale" } else { "fresh" }).clone_into(&mut look.new);
    sums.add(&look, &[], None);
    if dice.is_multiple_of(40) {
        let mut postponed = event(Action::BatchPostponed, at);
        "CloudFront asks for a slower pace".clone_into(&mut postponed.note);
        sums.add(&postponed, &[], None);
    }
}

fn event(action: Action, at: Timestamp, site: &DistributionId, number: u64, items: &[Item]) -> Event {
    let name = format!("person-{}@example.com", number % PEOPLE);
    let acting =
        Acting { actor: Actor::person(&PersonId::from_trusted(name.as_str()), &name), ..Acting::service() };
    let mut event = Event::new(at, &acting, action);
    event.distribution = Some(site.clone());
    event.invalidation = Some(InvalidationId::from_trusted(format!("i{number}")));
    event.items = ItemsRecord::of(items);
    "I1".clone_into(&mut event.cloudfront_id);
    event
}

/// The pages of months of all these years, one request after the other.
async fn read(worker_context: &WorkerContext, today: Day, report: &mut Report) -> Outcome<()> {
    let mut service = Service::start(worker_context)?;
    service.ready().await?;
    let browser = Browser::sign_in(&service).await?;
    let mut months = vec![DayRange::month_of(today.start())];
    while months.len() < 120 {
        months.extend(months.last().map(|month| month.month_before()));
    }
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for round in 0..ROUNDS {
        let month: String = months[round * 7 % months.len()].from.date().chars().take(7).collect();
        for path in ["/insights", "/insights.csv", "/history"] {
            let address = if path == "/history" { path.to_owned() } else { format!("{path}?month={month}") };
            let began = Instant::now();
            browser.page(&address).await?;
            times.entry(path).or_default().push(began.elapsed());
        }
    }
    for (path, times) in &mut times {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        let figure = format!("{:.1} ms, p99 {:.1} ms, n = {}", at(50), at(99), times.len());
        report.row(&format!("{path}, a month of {YEARS} years"), figure, String::new(), "p99 < 50 ms");
    }
    service.stop()
}
