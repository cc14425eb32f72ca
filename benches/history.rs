//! Measures a long history as its readers have it: the pages of the real program over HTTP, `unstale audit export` and
//! `unstale audit verify`, beside as many rows in Django admin with django-auditlog.
//!
//! Run it with `scripts/bench history`: `history [--unstale PROGRAM] [--python PROGRAM] [EVENTS]…`, 10,000 and 1,000,000
//! events where none are named. `--python` is one that has django-auditlog.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cloudfront_sandbox::{Config, Sandbox};
use stage::{Arguments, Browser, Outcome, Report, Service, WorkerContext, chronicle, mib};

const SIZES: [u64; 2] = [10_000, 1_000_000];
const ROUNDS: u64 = 200;
const PAGE: u64 = 100;

/// The address of a round, by its number and that of the events.
type Address = fn(u64, u64) -> String;

/// What a reader asks for. Each round asks for something else.
const READS: [(&str, Address); 7] = [
    ("first page", |_, _| "/history".to_owned()),
    ("filtered page", |n, _| format!("/history?distribution=E{}", n % 50)),
    ("two filters", |n, _| format!("/history?distribution=E{}&who=person-{}%40example.com", n % 50, n % 40)),
    ("two filters, one rare", |n, _| format!("/history?distribution=E{}&result=failed", n % 50)),
    ("page 1,000", |n, events| {
        format!("/history?before={}", events.saturating_sub(1_000 * PAGE).max(events / 2) - n)
    }),
    ("URL search", |n, _| format!("/history?q=%2Fsection-{}%2Fpage-{n}.html", n % 97)),
    ("word search", |n, _| format!("/history?q=WEB-{}", n % 100)),
];

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let mut sizes = arguments.numbers.clone();
    if sizes.is_empty() {
        sizes = SIZES.to_vec();
    }
    let mut report = Report::default();
    for events in sizes {
        measure(arguments.clone(), events, &mut report).await?;
    }
    report.print();
    Ok(())
}

/// All figures of a history of one length.
async fn measure(arguments: Arguments, events: u64, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let peer = peer(&arguments, folder.path(), events)?;
    let sandbox = Sandbox::start(Config::new(folder.path().join("origin"))).await?;
    let worker_context = WorkerContext { arguments, sandbox, folder: folder.path().to_owned() };
    worker_context.add_person()?;
    let began = Instant::now();
    chronicle::write(&worker_context.database(), events).await?;
    println!("{events} events written and indexed in {:.1?}", began.elapsed());
    reading(&worker_context, events, &peer, report).await?;
    whole(&worker_context, events, report)?;
    worker_context.sandbox.stop().await;
    Ok(())
}

/// The pages, one request after the other.
async fn reading(
    worker_context: &WorkerContext,
    events: u64,
    peer: &Peer,
    report: &mut Report,
) -> Outcome<()> {
    let mut service = Service::start(worker_context)?;
    service.ready().await?;
    let browser = Browser::sign_in(&service).await?;
    for (name, address) in READS {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let began = Instant::now();
            browser.page(&address(round, events)).await?;
            times.push(began.elapsed());
        }
        let beside = peer.get(name).map_or("not measured".to_owned(), |[p50, p99, n]| {
            format!("Django: {p50:.1} ms, p99 {p99:.1} ms, n = {n}")
        });
        report.row(
            &format!("{name}, {events} events"),
            middle_and_slowest(times),
            beside,
            "p99 < 50 ms, 20 × Django",
        );
    }
    report.row(
        &format!("plan as one types, {events} events"),
        middle_and_slowest(typing(&browser).await?),
        String::new(),
        "p99 < 30 ms",
    );
    println!("the service holds {} after that", mib(service.resident()?));
    service.stop()
}

/// What is typed, key by key: a path of the history, one below a wildcard, a name with spellings, and a URL.
const TYPED: &str = "/section-5/page-17.html\n/section-9/*\n/section-9/page-3.html\n/caf\u{e9} [1].html\nhttps://d12345678.cloudfront.net/section-12/";

/// How long each plan takes while somebody types.
async fn typing(browser: &Browser) -> Outcome<Vec<Duration>> {
    browser.wait_for_distribution().await?;
    let mut times = Vec::new();
    for _ in 0..4 {
        for (end, letter) in TYPED.char_indices() {
            let typed = &TYPED[..end + letter.len_utf8()];
            let began = Instant::now();
            let plan = browser.plan(typed).await?;
            times.push(began.elapsed());
            if !plan.contains("id=\"plan\"") {
                return Err(format!("no plan of {typed:?}: {plan}").into());
            }
        }
    }
    Ok(times)
}

/// What reads all of it.
fn whole(worker_context: &WorkerContext, events: u64, report: &mut Report) -> Outcome<()> {
    let file = worker_context.folder.join("history.jsonl");
    let file = file.to_str().ok_or("the folder's name is no text")?;
    let commands: [(&str, &[&str], &str); 3] = [
        ("export", &["audit", "export", "--format", "jsonl", "--output", file], "150,000/s, constant memory"),
        ("verify", &["audit", "verify"], "300,000/s"),
        ("verify the export", &["audit", "verify", "--file", file], "300,000/s"),
    ];
    for (name, words, aim) in commands {
        let began = Instant::now();
        let peak = ended(worker_context.unstale().args(words).stdout(Stdio::null()).spawn()?)?;
        let rate = Duration::from_secs(events).div_duration_f64(began.elapsed());
        report.row(
            &format!("{name}, {events} events"),
            format!("{rate:.0}/s"),
            format!("at most {}", mib(peak)),
            aim,
        );
    }
    Ok(())
}

/// Waits for a program's end; gives the most memory that it held.
fn ended(mut child: Child) -> Outcome<u64> {
    let mut peak = 0;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = held.map_or(peak, |kib| kib * 1024);
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(peak),
            Some(status) => return Err(format!("it ended with {status}").into()),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn middle_and_slowest(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    format!("{:.1} ms, p99 {:.1} ms", at(50), at(99))
}

/// Milliseconds of the middle and the slowest hundredth of so many rounds, by what was read.
type Peer = HashMap<String, [f64; 3]>;

fn peer(arguments: &Arguments, folder: &Path, events: u64) -> Outcome<Peer> {
    let Some(python) = &arguments.python else { return Ok(Peer::new()) };
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/django_peer.py");
    let database = folder.join("django.db");
    let output = Command::new(python).arg(script).arg(&database).arg(events.to_string()).output()?;
    std::fs::remove_file(&database)?;
    if !output.status.success() {
        return Err(format!("the peer failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
