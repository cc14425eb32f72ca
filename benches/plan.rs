//! How long a plan takes: 20,000 pasted lines, and 3,000 of which wildcards cover many. First the plan alone, then the
//! form's own request for it.
//!
//! Run it with `scripts/bench plan`: `plan [--unstale PROGRAM] [--beside PROGRAM]`.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use stage::{
    Arguments, Outcome, Service, WorkerContext,
    report::{Report, Spread},
    start_each,
};
use unstale::domain::{
    distributions::{
        delivery::{Behavior, DeliverySettings},
        distribution::{Distribution, DistributionConfig},
    },
    id::DistributionId,
    invalidations::{
        batching::OURS,
        plan::{Plan, Surroundings},
    },
    time::Timestamp,
};

/// How often each is measured.
const RUNS: usize = 25;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let texts = [
        ("20,000 pasted lines", (0..20_000).map(pasted_line).collect::<String>(), "40 ms or less"),
        ("20,000 paths", (0..20_000).map(|n| format!("/assets/{}/file-{n}.js\n", n % 97)).collect(), ""),
        ("3,000 with coverage", (0..3_000).map(covered_line).collect(), "5 ms or less"),
    ];
    let mut report = Report::default();
    for (name, text, aim) in &texts {
        let (spread, items) = measure(text);
        report.row(&format!("{name}, {items} items"), spread, "", aim);
    }
    asked(&arguments, &texts, &mut report).await?;
    report.print();
    Ok(())
}

/// The same as the form asks for them, from the request to the last byte of the answer.
async fn asked(arguments: &Arguments, texts: &[(&str, String, &str)], report: &mut Report) -> Outcome<()> {
    let builds = WorkerContext::of_each(arguments, |config| config).await?;
    let (services, browsers) = start_each(&builds, Service::start).await?;
    for (name, text, _) in texts {
        let mut times = vec![Vec::new(); builds.len()];
        for _ in 0..RUNS {
            for (browser, times) in browsers.iter().zip(&mut times) {
                let began = Instant::now();
                browser.plan(text).await?;
                times.push(began.elapsed());
            }
        }
        let figures = times.into_iter().map(|times| Spread::of(times).into()).collect();
        report.of_each(&format!("{name}, by POST /plan"), figures, "", "");
    }
    for mut service in services {
        service.stop()?;
    }
    WorkerContext::stop_each(builds).await;
    Ok(())
}

/// A line of each kind that people paste.
fn pasted_line(n: usize) -> String {
    match n % 5 {
        0 => format!("upload: dist/a b/{n}.html to s3://site/a b/{n}.html\n"),
        1 => format!("https://d111.cloudfront.net/news/{n}.html?page=2\n"),
        2 => format!("/assets/app-{n}.js\n"),
        3 => format!("delete: s3://site/old/[{n}].html\n"),
        _ => format!("Completed {n}.0 KiB/2.9 MiB (10.7 MiB/s) with 4 file(s) remaining\n"),
    }
}

fn covered_line(n: usize) -> String {
    if n.is_multiple_of(30) {
        format!("/part-{}/*\n", n / 30)
    } else {
        format!("/part-{}/{n}.html\n", n % 150)
    }
}

fn measure(text: &str) -> (Spread, usize) {
    let (distribution, around) = (distribution(), Surroundings::unmeasured(OURS));
    let mut items = 0;
    let times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let plan = Plan::work_out(black_box(text), &distribution, around);
            let span = started.elapsed();
            items = plan.items.len();
            span
        })
        .collect();
    (Spread::of(times), items)
}

fn distribution() -> Distribution {
    let origin = "site.s3.eu-central-1.amazonaws.com".to_owned();
    let behavior = Behavior { pattern: "*".to_owned(), origin: Some(origin.clone()), ..Behavior::default() };
    let delivery = DeliverySettings { behaviors: vec![behavior], ..DeliverySettings::default() };
    let config = DistributionConfig {
        root_object: Some("index.html".to_owned()),
        delivery,
        ..DistributionConfig::default()
    };
    Distribution {
        id: DistributionId::parse("E1").unwrap_or_else(DistributionId::of_none),
        arn: String::new(),
        domain_name: "d111.cloudfront.net".to_owned(),
        aliases: Vec::new(),
        comment: String::new(),
        enabled: true,
        status: "Deployed".to_owned(),
        staging: false,
        tenant_only: false,
        origins: vec![origin],
        config: Some(config),
        last_modified: Timestamp::from_micros(0),
        seen_at: Timestamp::from_micros(0),
        traffic: None,
        flat_rate_plan: None,
        gone_at: None,
    }
}
