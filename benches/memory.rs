//! Measures how much memory the service takes at rest, at most, and afterwards: passwords, long lists, exports.
//!
//! Run it with `scripts/bench memory`: `memory [--unstale PROGRAM] [--beside PROGRAM]`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use stage::{
    Arguments, Browser, DISTRIBUTION, Outcome, Service, WorkerContext,
    report::{Figure, Report, mib},
};

/// So many clients at once, from so many networks each.
const CLIENTS: usize = 25;
const NETWORKS: usize = 12;
/// So many long lists, and downloads of the history, at once.
const TOGETHER: usize = 8;
const LINES: usize = 20_000;
const AT_PEAK: &str = "under 100 MiB at the peak";
const AT_REST: &str = "within 20 MiB of idle after 30 s";
const REST: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let builds = WorkerContext::of_each(&arguments, |config| config).await?;
    let mut report = Report::default();
    measure(&builds, &mut report, "300 wrong passwords, 25 at a time", wrong_passwords).await?;
    measure(&builds, &mut report, "plans of 20,000 lines, 8 at a time", long_lists).await?;
    measure(&builds, &mut report, "the history, 8 downloads at a time", downloads).await?;
    report.print();
    WorkerContext::stop_each(builds).await;
    Ok(())
}

/// Runs a load against a service of its own, for each build.
async fn measure(
    builds: &[WorkerContext],
    report: &mut Report,
    name: &str,
    load: impl AsyncFn(&Browser) -> Outcome<()>,
) -> Outcome<()> {
    let (mut peaks, mut rests) = (Vec::new(), Vec::new());
    for build in builds {
        let mut service = Service::start_behind_proxy(build)?;
        service.ready().await?;
        let browser = Browser::sign_in(&service).await?;
        browser.wait_for_distribution().await?;
        let idle = service.resident()?;
        load(&browser).await?;
        let peak = service.most_resident()?;
        let began = Instant::now();
        while service.resident()? > idle + 20 * 1024 * 1024 && began.elapsed() < REST {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        peaks.push(Figure::bytes(peak).with(format!("idle {}", mib(idle))));
        rests.push(Figure::bytes(service.resident()?));
        service.stop()?;
    }
    report.of_each(&format!("{name}: peak"), peaks, "", AT_PEAK);
    report.of_each(&format!("{name}: rest"), rests, "", AT_REST);
    Ok(())
}

async fn wrong_passwords(browser: &Browser) -> Outcome<()> {
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let (client, url) = (browser.client.clone(), format!("{}/sign-in", browser.url));
        clients.spawn(async move {
            for network in 0..NETWORKS {
                let email = format!("nobody{number}.{network}@example.com");
                let form = [("email", email.as_str()), ("password", "wrong")];
                let request = client.post(&url).header("x-forwarded-for", format!("10.0.{network}.7"));
                request.form(&form).send().await?;
            }
            Ok::<_, reqwest::Error>(())
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(())
}

async fn long_lists(browser: &Browser) -> Outcome<()> {
    let mut items = String::new();
    for line in 0..LINES {
        writeln!(items, "/a/rather/long/path/to/some/page/{line}.html")?;
    }
    let form = [("distribution", DISTRIBUTION), ("items", items.as_str())];
    let send = || async { browser.client.post(format!("{}/plan", browser.url)).form(&form).send().await };
    for _ in 0..3 {
        for answer in futures_util::future::join_all((0..TOGETHER).map(|_| send())).await {
            answer?.bytes().await?;
        }
    }
    Ok(())
}

async fn downloads(browser: &Browser) -> Outcome<()> {
    let get = || async { browser.page("/history.jsonl").await };
    for _ in 0..3 {
        for answer in futures_util::future::join_all((0..TOGETHER).map(|_| get())).await {
            answer?;
        }
    }
    Ok(())
}
