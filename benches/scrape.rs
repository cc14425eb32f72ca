//! Measures what a scrape of `/metrics` costs a service that has 500 distributions and 200 people: at rest, and while it
//! accepts 200 requests a second.
//!
//! Run it with `scripts/bench scrape`: `scrape [--unstale PROGRAM]`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use cloudfront_sandbox::Distribution;
use stage::{
    Arguments, Browser, Outcome, Service, WorkerContext,
    presser::Presser,
    report::{Report, Spread, mib, millis},
};
use tokio::{task::JoinSet, time};

const DISTRIBUTIONS: usize = 500;
const PEOPLE: usize = 200;
/// So many scrapes at rest, one after the other, and under load, one each pause.
const SCRAPES: u32 = 500;
const SCRAPES_UNDER_LOAD: u32 = 60;
const PAUSE: Duration = Duration::from_millis(200);
/// So many ask at one time, each so often.
const PRESSERS: usize = 4;
const EVERY: Duration = Duration::from_millis(20);

/// The processor time that a service at rest takes in a second, at most, and how long it has until then.
const AT_REST: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let worker_context = WorkerContext::new(arguments.unstale, |config| config).await?;
    for number in 0..DISTRIBUTIONS {
        let domain = format!("d{number}scrape.cloudfront.net");
        worker_context
            .sandbox
            .add_distribution(Distribution::new(format!("E{number:04}SCRAPE00"), domain))?;
    }
    worker_context.add_person()?;
    for number in 1..PEOPLE {
        worker_context.add_named(&format!("person{number}@example.com"), "viewer")?;
    }
    let metrics = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string();
    let settings = [("UNSTALE_METRICS_LISTEN", metrics.as_str())];
    let mut service = Service::start_unpaced_with(&worker_context, &settings)?;
    service.ready().await?;
    let browser = Browser::sign_in(&service).await?;
    let mut report = Report::default();
    measure(&service, &browser, &format!("http://{metrics}/metrics"), &mut report).await?;
    report.print();
    service.stop()?;
    worker_context.sandbox.stop().await;
    Ok(())
}

async fn measure(service: &Service, browser: &Browser, url: &str, report: &mut Report) -> Outcome<()> {
    until_at_rest(service).await?;
    // The first one makes what the next ones use again.
    scrape(browser, url).await?;
    let (memory, cpu) = (service.resident()?, service.cpu_time()?);
    let mut at_rest = Vec::new();
    for _ in 0..SCRAPES {
        at_rest.push(scrape(browser, url).await?.0);
    }
    let cpu = service.cpu_time()?.saturating_sub(cpu) / SCRAPES;
    let more = service.resident()?.saturating_sub(memory);
    let mut pressers = press(browser).await?;
    let mut under_load = Vec::new();
    let mut pause = time::interval(PAUSE);
    for _ in 0..SCRAPES_UNDER_LOAD {
        pause.tick().await;
        under_load.push(scrape(browser, url).await?.0);
    }
    let (_, series) = scrape(browser, url).await?;
    pressers.abort_all();
    while let Some(ended) = pressers.join_next().await {
        match ended {
            Ok(failed) => failed?,
            Err(error) if error.is_cancelled() => {}
            Err(error) => return Err(error.into()),
        }
    }
    report.row("a scrape at rest", Spread::of(at_rest), "", "under 5 ms");
    report.row("a scrape at rest, CPU time", millis(cpu), "", "under 5 ms");
    report.row("a scrape under 200 requests a second", Spread::of(under_load), "", "under 5 ms");
    report.row("memory that 500 scrapes add", mib(more), "", "under 2 MiB");
    report.row("series", series, "", "2,000 or fewer");
    Ok(())
}

/// Waits until the service has read all distributions and their configurations, and does nothing more that would count.
async fn until_at_rest(service: &Service) -> Outcome<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let before = service.cpu_time()?;
        time::sleep(Duration::from_secs(1)).await;
        if service.cpu_time()?.saturating_sub(before) <= AT_REST {
            return Ok(());
        }
    }
    Err("the service is not at rest".into())
}

/// How long one scrape takes, and how many series it has.
async fn scrape(browser: &Browser, url: &str) -> Outcome<(Duration, usize)> {
    let began = Instant::now();
    let text = browser.client.get(url).send().await?.error_for_status()?.text().await?;
    let took = began.elapsed();
    Ok((took, text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count()))
}

/// People who press the button all the time, until they are aborted.
async fn press(browser: &Browser) -> Outcome<JoinSet<Result<(), String>>> {
    let mut pressers = JoinSet::new();
    for person in 0..PRESSERS {
        let mut presser = Presser::of(browser).await?;
        pressers.spawn(async move {
            let mut every = time::interval(EVERY);
            for number in 0_u64.. {
                every.tick().await;
                let item = format!("/{person}/{number}.html");
                presser.press(&item).await.map_err(|error| error.to_string())?;
            }
            Ok(())
        });
    }
    Ok(pressers)
}
