//! Measures the first job, request to CloudFront, against the sandbox: each figure beside its peer and its aim.
//!
//! Run it with `scripts/bench`, which finds the AWS CLI: `first_job [--unstale PROGRAM] [--aws PROGRAM]`. Times of
//! arrival are those of the sandbox's own log of calls.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use cloudfront_sandbox::{Config, Sandbox};
use stage::{
    Arguments, Browser, CLIENTS, DISTRIBUTION, Outcome, Report, Service, Spread, WorkerContext, create, mib,
    millis, now,
};

const POSTS: usize = 101;
const CLI_RUNS: usize = 9;
const STARTS: usize = 31;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::start(Config {
        complete_after: Duration::from_millis(50),
        ..Config::new(folder.path().join("origin"))
    })
    .await?;
    let worker_context = WorkerContext { arguments, sandbox, folder: folder.path().to_owned() };
    worker_context.add_person()?;
    let mut report = Report::default();

    let mut service = Service::start_unpaced(&worker_context)?;
    service.ready().await?;
    let browser = Browser::sign_in(&service).await?;
    worker_context.posts(&browser, &mut report).await?;
    worker_context.history(&browser, &mut report).await?;
    report.row("resident memory after that load", mib(service.resident()?), "", "");
    service.stop()?;

    worker_context.starts(&mut report).await?;
    worker_context.idle(&mut report).await?;
    let size = fs::metadata(&worker_context.arguments.unstale)?.len();
    report.row("size of the binary, stripped", mib(size), "", "under 40 MiB");
    report.print();
    worker_context.sandbox.stop().await;
    Ok(())
}

impl WorkerContext {
    /// From the press of the button to the arrival at CloudFront, beside the bare SDK and the AWS CLI.
    async fn posts(&self, browser: &Browser, report: &mut Report) -> Outcome<()> {
        let (mut ours, mut bare, mut bare_whole) = (Vec::new(), Vec::new(), Vec::new());
        let client = self.sdk();
        browser.wait_for_distribution().await?;
        // One of each in turn, so that what the machine does beside it meets both alike.
        for round in 0..=POSTS {
            let key = browser.request_key().await?;
            let (began, before) = (now(), self.arrivals());
            browser.invalidate(&key, &format!("/ours/{round}.css")).await?;
            let arrived = self.arrival_after(before).await?;
            let (sdk_began, whole, before) = (now(), Instant::now(), self.arrivals());
            create(&client, round).await?;
            let whole = whole.elapsed();
            let sdk_arrived = self.arrival_after(before).await?;
            // The first of each opens connections.
            if round > 0 {
                ours.push(arrived.saturating_sub(began));
                bare.push(sdk_arrived.saturating_sub(sdk_began));
                bare_whole.push(whole);
            }
        }
        let (ours, bare) = (Spread::of(ours), Spread::of(bare));
        let peer = format!("bare SDK, warm: {bare}");
        report.row("POST to arrival at CloudFront", ours, peer, "within 15 ms of the bare SDK");
        let over = ours.middle.saturating_sub(bare.middle);
        report.row("  of that over the bare SDK", millis(over), "", "under 15 ms");
        report.row("  bare SDK, call to its answer", Spread::of(bare_whole), "", "");
        if let Some(aws) = &self.arguments.aws {
            report.row("  AWS CLI, start to arrival", self.cli(aws).await?, "", "");
        } else {
            report.row("  AWS CLI, start to arrival", "not measured: no AWS CLI", "", "");
        }
        Ok(())
    }

    async fn cli(&self, aws: &Path) -> Outcome<Spread> {
        let mut times = Vec::new();
        for round in 0..=CLI_RUNS {
            let mut command = Command::new(aws);
            self.surround(&mut command);
            command.args(["cloudfront", "create-invalidation", "--distribution-id", DISTRIBUTION]);
            command.args(["--paths", &format!("/cli/{round}.css")]).stdout(Stdio::null());
            let (began, before) = (now(), self.arrivals());
            let mut child = command.spawn()?;
            let arrived = self.arrival_after(before).await?;
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
    async fn history(&self, browser: &Browser, report: &mut Report) -> Outcome<()> {
        let rows = browser.page("/history").await?.matches("<tr").count();
        let history = browser.rate("/history").await?;
        let floor = browser.rate("/healthz").await?;
        let name = format!("/history, {} rows, {CLIENTS} connections", rows.saturating_sub(1));
        report.row(&name, format!("{history:.0} requests/s"), format!("/healthz: {floor:.0} requests/s"), "");
        Ok(())
    }

    async fn starts(&self, report: &mut Report) -> Outcome<()> {
        let mut times = Vec::new();
        for round in 0..=STARTS {
            let began = Instant::now();
            let mut service = Service::start_unpaced(self)?;
            service.ready().await?;
            if round > 0 {
                times.push(began.elapsed());
            }
            service.stop()?;
        }
        let mut bare = Vec::new();
        for _ in 0..STARTS {
            let began = Instant::now();
            self.unstale().arg("--version").stdout(Stdio::null()).status()?;
            bare.push(began.elapsed());
        }
        let peer = format!("unstale --version: {}", Spread::of(bare));
        report.row("start to ready", Spread::of(times), peer, "under 150 ms");
        Ok(())
    }

    async fn idle(&self, report: &mut Report) -> Outcome<()> {
        let mut service = Service::start_unpaced(self)?;
        service.ready().await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        report.row("resident memory, idle for 5 s", mib(service.resident()?), "", "under 40 MiB");
        service.stop()
    }
}
