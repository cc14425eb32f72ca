//! How long a plan takes: 20,000 pasted lines, and 3,000 of which wildcards cover many.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
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

fn main() {
    let pasted: String = (0..20_000).map(pasted_line).collect();
    let paths: String = (0..20_000).map(|n| format!("/assets/{}/file-{n}.js\n", n % 97)).collect();
    let covered: String = (0..3_000).map(covered_line).collect();
    for (name, text) in
        [("20,000 pasted lines", &pasted), ("20,000 paths", &paths), ("3,000 with coverage", &covered)]
    {
        let (median, slowest, items) = measure(text);
        println!("{name}: median {:.1} ms, slowest {:.1} ms, {items} items", ms(median), ms(slowest));
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
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

fn measure(text: &str) -> (Duration, Duration, usize) {
    let (distribution, around) = (distribution(), Surroundings::unmeasured(OURS));
    let mut items = 0;
    let mut took: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let plan = Plan::work_out(black_box(text), &distribution, around);
            let span = started.elapsed();
            items = plan.items.len();
            span
        })
        .collect();
    took.sort_unstable();
    (took[RUNS / 2], took[RUNS - 1], items)
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
