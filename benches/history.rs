//! Measures a long history as its readers have it: the pages of the real program over HTTP, `unstale audit export` and
//! `unstale audit verify`, beside as many rows in Django admin with django-auditlog.
//!
//! Run it with `scripts/bench history`: `history [--unstale PROGRAM] [--beside PROGRAM --beside-database FILE]
//! [--write FILE] [--python PROGRAM] [EVENTS]…`, 10,000 and 1,000,000 events where none are named. `--python` is one that
//! has django-auditlog. An earlier build reads a history of its own form: `--write` writes one and measures nothing.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use stage::{
    Arguments, Browser, Outcome, Service, WorkerContext, chronicle,
    report::{Figure, Report, Spread, mib},
    start_each,
};

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
    let mut arguments = Arguments::read()?;
    if arguments.numbers.is_empty() {
        arguments.numbers = SIZES.to_vec();
    }
    if let Some(file) = &arguments.write {
        return chronicle::write(&format!("sqlite://{}", file.display()), arguments.numbers[0]).await;
    }
    let mut report = Report::default();
    for events in arguments.numbers.clone() {
        measure(&arguments, events, &mut report).await?;
    }
    report.print();
    Ok(())
}

/// All figures of a history of one length.
async fn measure(arguments: &Arguments, events: u64, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let peer = peer(arguments, folder.path(), events)?;
    let ours = WorkerContext::new(arguments.unstale.clone(), |config| config).await?;
    let began = Instant::now();
    chronicle::write(&ours.database(), events).await?;
    println!("{events} events written and indexed in {:.1?}", began.elapsed());
    let mut builds = vec![ours];
    if let (Some(program), Some(database)) = (&arguments.beside, &arguments.beside_database) {
        let beside = WorkerContext::new(program.clone(), |config| config).await?;
        std::fs::copy(database, beside.folder().join("unstale.db"))?;
        builds.push(beside);
    } else if arguments.beside.is_some() {
        println!("the earlier build is not measured: --beside-database names no history of its own");
    }
    for build in &builds {
        build.add_person()?;
    }
    reading(&builds, events, &peer, report).await?;
    whole(&builds, events, report)?;
    WorkerContext::stop_each(builds).await;
    Ok(())
}

/// The pages, one request after the other.
async fn reading(builds: &[WorkerContext], events: u64, peer: &Peer, report: &mut Report) -> Outcome<()> {
    let (services, browsers) = start_each(builds, Service::start).await?;
    for (name, address) in READS {
        let mut times = vec![Vec::new(); builds.len()];
        for round in 0..ROUNDS {
            for (browser, times) in browsers.iter().zip(&mut times) {
                let began = Instant::now();
                browser.page(&address(round, events)).await?;
                times.push(began.elapsed());
            }
        }
        let beside = peer.get(name).map_or("not measured".to_owned(), |[p50, p99, n]| {
            format!("Django: {p50:.1} ms, p99 {p99:.1} ms, n = {n}")
        });
        report.of_each(
            &format!("{name}, {events} events"),
            times.into_iter().map(|times| Spread::of(times).into()).collect(),
            beside,
            "p99 < 50 ms, 20 × Django",
        );
    }
    let mut typed = Vec::new();
    for browser in &browsers {
        typed.push(Spread::of(typing(browser).await?).into());
    }
    report.of_each(&format!("plan as one types, {events} events"), typed, "", "p99 < 30 ms");
    let memory = services.iter().map(|service| Ok(Figure::bytes(service.resident()?)));
    report.of_each("resident memory after that", memory.collect::<Outcome<_>>()?, "", "");
    for mut service in services {
        service.stop()?;
    }
    Ok(())
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
fn whole(builds: &[WorkerContext], events: u64, report: &mut Report) -> Outcome<()> {
    let commands: [(&str, &[&str], &str); 3] = [
        ("export", &["export", "--format", "jsonl", "--output"], "150,000/s, constant memory"),
        ("verify", &["verify"], "300,000/s"),
        ("verify the export", &["verify", "--file"], "300,000/s"),
    ];
    for (name, words, aim) in commands {
        let mut figures = Vec::new();
        for build in builds {
            let mut command = build.unstale();
            command.arg("audit").args(words);
            if words.len() > 1 {
                command.arg(build.folder().join("history.jsonl"));
            }
            let began = Instant::now();
            let peak = ended(command.stdout(Stdio::null()).spawn()?)?;
            let rate = Duration::from_secs(events).div_duration_f64(began.elapsed());
            figures.push(Figure::rate(rate).with(format!("at most {}", mib(peak))));
        }
        report.of_each(&format!("{name}, {events} events"), figures, "", aim);
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
