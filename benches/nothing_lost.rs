//! Measures what safety costs, against the sandbox: durable requests a second, calls to CloudFront for each
//! invalidation that is watched, and how soon a page shows what has completed. Each figure beside its peer.
//!
//! Run it with `scripts/bench`, which finds the AWS CLI: `nothing_lost [--unstale PROGRAM] [--aws PROGRAM]`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use cloudfront_sandbox::{Config, Sandbox};
use sqlx::{
    Executor,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use stage::{
    Arguments, Bench, Browser, DISTRIBUTION, Outcome, Report, Service, Spread, create, presser::Presser,
};

/// How long each rate is measured, and by how many at once.
const LOAD: Duration = Duration::from_secs(5);
const PRESSERS: usize = 16;
/// How many are in progress at once, and for how long CloudFront has them: no multiple of anybody's interval.
const WATCHED: usize = 100;
const COMPLETES: Duration = Duration::from_millis(23_500);
/// How often the moment is measured at which a page shows the end.
const SHOWN: usize = 5;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let folder = tempfile::tempdir()?;
    let sandbox =
        Sandbox::start(Config { complete_after: COMPLETES, ..Config::new(folder.path().join("origin")) })
            .await?;
    let bench = Bench { arguments, sandbox, folder: folder.path().to_owned() };
    bench.add_person()?;
    let mut report = Report::default();
    let mut service = Service::start_unpaced(&bench)?;
    service.ready().await?;
    let browser = Browser::sign_in(&service).await?;
    browser.wait_for_distribution().await?;
    bench.watching(&browser, &mut report).await?;
    bench.showing(&browser, &mut report).await?;
    service.stop()?;

    let mut service = Service::start(&bench)?;
    service.ready().await?;
    let browser = Arc::new(Browser::sign_in(&service).await?);
    bench.accepting(&browser, &mut report).await?;
    service.stop()?;
    report.print();
    bench.sandbox.stop().await;
    Ok(())
}

impl Bench {
    /// Calls to CloudFront until all of a hundred are known to have completed, beside one `aws cloudfront wait`.
    async fn watching(&self, browser: &Browser, report: &mut Report) -> Outcome<()> {
        self.sandbox.clear_calls();
        for number in 0..WATCHED {
            browser.invalidate(&stage::key(), &format!("/watched/{number}")).await?;
        }
        browser.wait_until_nothing_is_under_way().await?;
        let calls = self.sandbox.calls();
        let asked = calls.iter().filter(|call| {
            call.operation.ends_with("etInvalidation") || call.operation == "ListInvalidations"
        });
        #[expect(clippy::cast_precision_loss, reason = "a mean is rounded anyway")]
        let mean = asked.count() as f64 / WATCHED as f64;
        let peer = self.waiter().await?.map_or("not measured: no AWS CLI".to_owned(), |(calls, _)| {
            format!("aws cloudfront wait: {calls} calls")
        });
        let name = format!("calls for each of {WATCHED} watched at once");
        report.row(&name, format!("{mean:.2} calls"), peer, "a tenth of the waiter");
        Ok(())
    }

    /// From CloudFront's own change until a page has it by its stream, beside the same waiter.
    async fn showing(&self, browser: &Browser, report: &mut Report) -> Outcome<()> {
        let mut times = Vec::new();
        for number in 0..SHOWN {
            let mut stream = browser.events().await?;
            browser.invalidate(&stage::key(), &format!("/shown/{number}")).await?;
            let shown = stream.until("batch.completed").await?;
            let made = self.sandbox.invalidations(DISTRIBUTION).pop().ok_or("nothing was made")?;
            let completed = Duration::from_micros(u64::try_from(made.complete_at.as_microsecond())?);
            times.push(shown.saturating_sub(completed));
        }
        let peer = self.waiter().await?.map_or("not measured: no AWS CLI".to_owned(), |(_, late)| {
            format!("aws cloudfront wait: {:.1} s", late.as_secs_f64())
        });
        report.row("Completed until a page shows it", Spread::of(times), peer, "a fifth of the waiter");
        Ok(())
    }

    /// One `aws cloudfront wait`: how many calls it made, and how long after the end it ended.
    async fn waiter(&self) -> Outcome<Option<(usize, Duration)>> {
        let Some(aws) = &self.arguments.aws else { return Ok(None) };
        create(&self.sdk(), usize::try_from(stage::now().as_micros() % 1_000_000)?).await?;
        let made = self.sandbox.invalidations(DISTRIBUTION).pop().ok_or("nothing was made")?;
        self.sandbox.clear_calls();
        let mut command = std::process::Command::new(aws);
        self.surround(&mut command);
        command.args([
            "cloudfront",
            "wait",
            "invalidation-completed",
            "--distribution-id",
            DISTRIBUTION,
            "--id",
        ]);
        let mut child = command.arg(&made.id).stdout(Stdio::null()).spawn()?;
        let status = tokio::task::spawn_blocking(move || child.wait()).await??;
        if !status.success() {
            return Err("aws cloudfront wait failed".into());
        }
        let completed = Duration::from_micros(u64::try_from(made.complete_at.as_microsecond())?);
        let mine = |id: &Option<String>| id.as_deref() == Some(made.id.as_str());
        let calls = self.sandbox.calls().iter().filter(|call| mine(&call.invalidation)).count();
        Ok(Some((calls, stage::now().saturating_sub(completed))))
    }

    /// Requests that are on disk when they are answered, beside bare commits of one row on the same disk.
    async fn accepting(&self, browser: &Arc<Browser>, report: &mut Report) -> Outcome<()> {
        let bare = self.bare_commits().await?;
        let done = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut pressers = tokio::task::JoinSet::new();
        for presser in 0..PRESSERS {
            let (mut hand, done) = (Presser::of(browser).await?, Arc::clone(&done));
            pressers.spawn(async move {
                let mut number = 0;
                while began.elapsed() < LOAD {
                    let item = format!("/accepted/{presser}/{number}");
                    hand.press(&item).await.map_err(|error| error.to_string())?;
                    number += 1;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, String>(())
            });
        }
        while let Some(ended) = pressers.join_next().await {
            ended??;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
        let rate = done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
        let peer = format!("bare SQLite commits: {bare:.0}/s");
        report.row("accepted requests, durable", format!("{rate:.0}/s"), peer, "half of the bare commits");
        Ok(())
    }

    /// Commits a second of one row each, with the same settings and on the same disk as the service's database.
    async fn bare_commits(&self) -> Outcome<f64> {
        let options = SqliteConnectOptions::new()
            .filename(self.folder.join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        pool.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").await?;
        let (began, mut commits) = (Instant::now(), 0_u32);
        while began.elapsed() < LOAD {
            sqlx::query("INSERT INTO bare (text) VALUES ($1)").bind(stage::key()).execute(&pool).await?;
            commits += 1;
        }
        let rate = f64::from(commits) / began.elapsed().as_secs_f64();
        pool.close().await;
        Ok(rate)
    }
}
