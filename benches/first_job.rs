//! Measures the first job, request to CloudFront, against the sandbox: each figure beside its peer and its aim.
//!
//! Run it with `scripts/bench`, which finds the AWS CLI: `first_job [--unstale PROGRAM] [--beside PROGRAM]
//! [--aws PROGRAM]`. Times of arrival are those of the sandbox's own log of calls.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use cloudfront_sandbox::Config;
use stage::{
    Arguments, Browser, CLIENTS, DISTRIBUTION, Outcome, Service, WorkerContext, create, now, order,
    report::{Figure, Report, Spread, millis},
    start_each,
};

const POSTS: usize = 101;
const CLI_RUNS: usize = 9;
const STARTS: usize = 31;

/// How often each build is loaded, in turns.
const TURNS: u32 = 3;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let configure = |config| Config { complete_after: Duration::from_millis(50), ..config };
    let builds = WorkerContext::of_each(&arguments, configure).await?;
    let mut report = Report::default();

    let (services, browsers) = start_each(&builds, Service::start_unpaced).await?;
    posts(&builds, &browsers, arguments.aws.as_deref(), &mut report).await?;
    history(&browsers, &mut report).await?;
    let memory = services.iter().map(|service| Ok(Figure::bytes(service.resident()?)));
    report.of_each("resident memory after that load", memory.collect::<Outcome<_>>()?, "", "");
    for mut service in services {
        service.stop()?;
    }

    starts(&builds, &mut report).await?;
    idle(&builds, &mut report).await?;
    let sizes = builds.iter().map(|build| Ok(Figure::bytes(fs::metadata(&build.program)?.len())));
    report.of_each("size of the binary, stripped", sizes.collect::<Outcome<_>>()?, "", "under 40 MiB");
    report.print();
    WorkerContext::stop_each(builds).await;
    Ok(())
}

/// From the press of the button to the arrival at CloudFront, beside the bare SDK and the AWS CLI.
async fn posts(
    builds: &[WorkerContext],
    browsers: &[Browser],
    aws: Option<&Path>,
    report: &mut Report,
) -> Outcome<()> {
    let mut pressed = vec![Vec::new(); builds.len()];
    let (mut bare, mut bare_whole) = (Vec::new(), Vec::new());
    let client = builds[0].sdk();
    // One of each in turn, so that what the machine does beside it meets all alike.
    for round in 0..=POSTS {
        for number in order(round, builds.len()) {
            let (build, browser) = (&builds[number], &browsers[number]);
            let key = browser.request_key().await?;
            let (began, before) = (now(), build.arrivals());
            browser.invalidate(&key, &format!("/ours/{round}.css")).await?;
            pressed[number].push(build.arrival_after(before).await?.saturating_sub(began));
        }
        let (began, whole, before) = (now(), Instant::now(), builds[0].arrivals());
        create(&client, round).await?;
        bare_whole.push(whole.elapsed());
        bare.push(builds[0].arrival_after(before).await?.saturating_sub(began));
    }
    // The first of each opens connections.
    let spread = |times: Vec<Duration>| Spread::of(times.into_iter().skip(1).collect());
    let (pressed, bare) = (pressed.into_iter().map(spread).collect::<Vec<_>>(), spread(bare));
    let peer = format!("bare SDK, warm: {bare}");
    let figures = pressed.iter().map(|spread| Figure::from(*spread)).collect();
    report.of_each("POST to arrival at CloudFront", figures, peer, "within 15 ms of the bare SDK");
    let over = pressed.iter().map(|spread| Figure::time(spread.middle.saturating_sub(bare.middle)));
    report.of_each("  of that over the bare SDK", over.collect(), "", "under 15 ms");
    report.row("  bare SDK, call to its answer", spread(bare_whole), "", "");
    if let Some(aws) = aws {
        report.row("  AWS CLI, start to arrival", cli(&builds[0], aws).await?, "", "");
    } else {
        report.row("  AWS CLI, start to arrival", "not measured: no AWS CLI", "", "");
    }
    Ok(())
}

async fn cli(build: &WorkerContext, aws: &Path) -> Outcome<Spread> {
    let mut times = Vec::new();
    for round in 0..=CLI_RUNS {
        let mut command = Command::new(aws);
        build.surround(&mut command);
        command.args(["cloudfront", "create-invalidation", "--distribution-id", DISTRIBUTION]);
        command.args(["--paths", &format!("/cli/{round}.css")]).stdout(Stdio::null());
        let (began, before) = (now(), build.arrivals());
        let mut child = command.spawn()?;
        let arrived = build.arrival_after(before).await?;
        if !child.wait()?.success() {
            return Err("the AWS CLI failed".into());
        }
        if round > 0 {
            times.push(arrived.saturating_sub(began));
        }
    }
    Ok(Spread::of(times))
}

/// Requests a second of a full page of the history, from several connections at once.
async fn history(browsers: &[Browser], report: &mut Report) -> Outcome<()> {
    let mut rates = vec![0.0; browsers.len()];
    let mut floor = 0.0;
    for _ in 0..TURNS {
        for (browser, rate) in browsers.iter().zip(&mut rates) {
            *rate += browser.rate("/history").await? / f64::from(TURNS);
        }
        floor += browsers[0].rate("/healthz").await? / f64::from(TURNS);
    }
    let rows = browsers[0].page("/history").await?.matches("<tr").count();
    let name = format!("/history, {} rows, {CLIENTS} connections", rows.saturating_sub(1));
    let rates = rates.into_iter().map(Figure::rate).collect();
    report.of_each(&name, rates, format!("/healthz: {floor:.0}/s"), "");
    Ok(())
}

async fn starts(builds: &[WorkerContext], report: &mut Report) -> Outcome<()> {
    let mut times = vec![Vec::new(); builds.len()];
    let mut bare = Vec::new();
    for round in 0..=STARTS {
        for (build, times) in builds.iter().zip(&mut times) {
            let began = Instant::now();
            let mut service = Service::start_unpaced(build)?;
            service.ready().await?;
            if round > 0 {
                times.push(began.elapsed());
            }
            service.stop()?;
        }
        let began = Instant::now();
        builds[0].unstale().arg("--version").stdout(Stdio::null()).status()?;
        bare.push(began.elapsed());
    }
    let peer = format!("unstale --version: {}", millis(Spread::of(bare).middle));
    let figures = times.into_iter().map(|times| Spread::of(times).into()).collect();
    report.of_each("start to ready", figures, peer, "under 150 ms");
    Ok(())
}

async fn idle(builds: &[WorkerContext], report: &mut Report) -> Outcome<()> {
    let mut figures = Vec::new();
    for build in builds {
        let mut service = Service::start_unpaced(build)?;
        service.ready().await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        figures.push(Figure::bytes(service.resident()?));
        service.stop()?;
    }
    report.of_each("resident memory, idle for 5 s", figures, "", "under 40 MiB");
    Ok(())
}
