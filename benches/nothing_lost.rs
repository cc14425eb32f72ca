//! Measures what safety costs, against the sandbox: durable requests a second, calls to CloudFront for each
//! invalidation that is watched, and how soon a page shows what has completed. Each figure beside its peer.
//!
//! Run it with `scripts/bench`, which finds the AWS CLI: `nothing_lost [--unstale PROGRAM] [--beside PROGRAM]
//! [--aws PROGRAM]`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use cloudfront_sandbox::Config;
use sqlx::{
    Executor, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use stage::{
    Arguments, Browser, DISTRIBUTION, Outcome, Service, WorkerContext, create, order,
    presser::Presser,
    report::{Figure, Report, Spread},
    start_each,
};

/// How long each rate is measured in all, in how many turns of the two, and by how many pressers at once. In turns,
/// because the speed of a disk and of a shared machine changes while one looks.
const LOAD: Duration = Duration::from_secs(10);
const TURNS: u32 = 10;
const PRESSERS: usize = 16;
/// How many are in progress at once, and for how long CloudFront has them: no multiple of anybody's interval.
const WATCHED: usize = 100;
const COMPLETES: Duration = Duration::from_millis(23_500);
/// How often the moment is measured at which a page shows the end.
const SHOWN: usize = 5;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let configure = |config| Config { complete_after: COMPLETES, ..config };
    let builds = WorkerContext::of_each(&arguments, configure).await?;
    let aws = arguments.aws.as_deref();
    let mut report = Report::default();
    watched(&builds, aws, &mut report).await?;
    accepting(&builds, &mut report).await?;
    report.print();
    WorkerContext::stop_each(builds).await;
    Ok(())
}

/// What it takes to see that something has completed, beside one `aws cloudfront wait`.
async fn watched(builds: &[WorkerContext], aws: Option<&Path>, report: &mut Report) -> Outcome<()> {
    let (mut calls, mut times) = (Vec::new(), Vec::new());
    for build in builds {
        let mut service = Service::start_unpaced(build)?;
        service.ready().await?;
        let browser = Browser::sign_in(&service).await?;
        browser.wait_for_distribution().await?;
        calls.push(Figure::calls(build.watching(&browser).await?));
        times.push(build.showing(&browser).await?.into());
        service.stop()?;
    }
    let [waiter_calls, waiter_late] = match aws {
        Some(aws) => builds[0].waiter(aws).await?,
        None => ["not measured: no AWS CLI", ""].map(str::to_owned),
    };
    let name = format!("calls for each of {WATCHED} watched at once");
    report.of_each(&name, calls, waiter_calls, "a tenth of the waiter");
    report.of_each("Completed until a page shows it", times, waiter_late, "a fifth of the waiter");
    Ok(())
}

/// Requests that are on disk when they are answered, beside bare commits of one row on the same disk.
async fn accepting(builds: &[WorkerContext], report: &mut Report) -> Outcome<()> {
    let pool = builds[0].bare_database().await?;
    let (services, browsers) = start_each(builds, Service::start).await?;
    let (mut accepted, mut bare) = (vec![0.0; builds.len()], 0.0);
    for turn in 0..TURNS {
        bare += bare_commits(&pool).await? / f64::from(TURNS);
        for number in order(turn as usize, builds.len()) {
            accepted[number] += accepted_requests(&browsers[number], turn).await? / f64::from(TURNS);
        }
    }
    pool.close().await;
    for mut service in services {
        service.stop()?;
    }
    let figures = accepted.into_iter().map(Figure::rate).collect();
    let peer = format!("bare SQLite commits: {bare:.0}/s");
    report.of_each("accepted requests, durable", figures, peer, "half of the bare commits");
    Ok(())
}

impl WorkerContext {
    /// Calls to CloudFront until all of a hundred are known to have completed, for each.
    async fn watching(&self, browser: &Browser) -> Outcome<f64> {
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
        Ok(asked.count() as f64 / WATCHED as f64)
    }

    /// From CloudFront's own change until a page has it by its stream.
    async fn showing(&self, browser: &Browser) -> Outcome<Spread> {
        let mut times = Vec::new();
        for number in 0..SHOWN {
            let mut stream = browser.events().await?;
            browser.invalidate(&stage::key(), &format!("/shown/{number}")).await?;
            let shown = stream.until("batch.completed").await?;
            let made = self.sandbox.invalidations(DISTRIBUTION).pop().ok_or("nothing was made")?;
            let completed = Duration::from_micros(u64::try_from(made.complete_at.as_microsecond())?);
            times.push(shown.saturating_sub(completed));
        }
        Ok(Spread::of(times))
    }

    /// One `aws cloudfront wait`: how many calls it made, and how long after the end it ended.
    async fn waiter(&self, aws: &Path) -> Outcome<[String; 2]> {
        create(&self.sdk(), usize::try_from(stage::now().as_micros() % 1_000_000)?).await?;
        let made = self.sandbox.invalidations(DISTRIBUTION).pop().ok_or("nothing was made")?;
        self.sandbox.clear_calls();
        let mut command = std::process::Command::new(aws);
        self.surround(&mut command);
        command.args(["cloudfront", "wait", "invalidation-completed"]);
        command.args(["--distribution-id", DISTRIBUTION, "--id", &made.id]);
        let mut child = command.stdout(Stdio::null()).spawn()?;
        let status = tokio::task::spawn_blocking(move || child.wait()).await??;
        if !status.success() {
            return Err("aws cloudfront wait failed".into());
        }
        let completed = Duration::from_micros(u64::try_from(made.complete_at.as_microsecond())?);
        let late = stage::now().saturating_sub(completed).as_secs_f64();
        let mine = |id: &Option<String>| id.as_deref() == Some(made.id.as_str());
        let calls = self.sandbox.calls().iter().filter(|call| mine(&call.invalidation)).count();
        Ok([format!("aws cloudfront wait: {calls} calls"), format!("aws cloudfront wait: {late:.1} s")])
    }

    /// A database of one table, with the same settings and on the same disk as the service's.
    async fn bare_database(&self) -> Outcome<SqlitePool> {
        let options = SqliteConnectOptions::new()
            .filename(self.folder().join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        pool.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").await?;
        Ok(pool)
    }
}

/// Commits a second of one row each.
async fn bare_commits(pool: &SqlitePool) -> Outcome<f64> {
    let (began, mut commits) = (Instant::now(), 0_u32);
    while began.elapsed() < LOAD / TURNS {
        sqlx::query("INSERT INTO bare (text) VALUES ($1)").bind(stage::key()).execute(pool).await?;
        commits += 1;
    }
    Ok(f64::from(commits) / began.elapsed().as_secs_f64())
}

/// Requests a second that were answered with a place where they are kept.
async fn accepted_requests(browser: &Browser, turn: u32) -> Outcome<f64> {
    let mut pressers = tokio::task::JoinSet::new();
    let began = Instant::now();
    for presser in 0..PRESSERS {
        let mut hand = Presser::of(browser).await?;
        pressers.spawn(async move {
            let mut number = 0_u32;
            while began.elapsed() < LOAD / TURNS {
                let item = format!("/accepted/{turn}/{presser}/{number}");
                hand.press(&item).await.map_err(|error| error.to_string())?;
                number += 1;
            }
            Ok::<_, String>(number)
        });
    }
    let mut accepted = 0;
    while let Some(ended) = pressers.join_next().await {
        accepted += ended??;
    }
    Ok(f64::from(accepted) / began.elapsed().as_secs_f64())
}
