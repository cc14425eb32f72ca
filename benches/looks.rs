//! Measures whether looks slow down what they are about: 300 distributions send requests of 20 URLs each, one of them
//! for a site that never answers, with checks and beside it without. Fails where checks cost more than they may.
//!
//! Run it with `scripts/torture looks`: `looks [--unstale PROGRAM] [ROUNDS]`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use cloudfront_sandbox::{Config, Distribution, EdgeAnswer, EdgeRule};
use stage::{
    Arguments, Browser, Outcome, Service, WorkerContext, now,
    presser::Presser,
    progress::PATIENCE,
    report::{Report, mib, millis},
};

const DISTRIBUTIONS: usize = 300;
const URLS: usize = 20;
/// The number of the distribution whose site never answers.
const HANGING: usize = 0;
/// How often each service is measured, in turns, where nobody says.
const ROUNDS: u64 = 5;
/// Requests whose way to CloudFront is timed.
const POSTS: usize = 100;
/// How many ask at once, and for how long, when accepted requests are counted.
const PRESSERS: usize = 8;
const LOAD: Duration = Duration::from_secs(8);
/// How long CloudFront has an invalidation: no multiple of anybody's interval.
const COMPLETES: Duration = Duration::from_millis(6_700);
/// What the edge takes to answer, as one at some distance does.
const EDGE_TAKES_MS: u64 = 30;

/// What checks may cost.
const SLOWER: f64 = 0.05;
const LARGER: u64 = 10 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Checks {
    Off,
    On,
    /// Every request also asks for its URLs to be fetched when it has completed.
    Warming,
}

const ALL: [Checks; 3] = [Checks::Off, Checks::On, Checks::Warming];

impl Checks {
    const fn label(self) -> &'static str {
        match self {
            Self::Off => "without checks",
            Self::On => "with checks",
            Self::Warming => "with checks and warming",
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On | Self::Warming => "on",
        }
    }

    const fn fields(self) -> &'static str {
        match self {
            Self::Off | Self::On => "",
            Self::Warming => "&warm=yes",
        }
    }
}

/// What one service did in one round.
struct Measured {
    /// From the request to its arrival at CloudFront, in the middle.
    arrival: Duration,
    /// Requests a second that were accepted.
    accepted: f64,
    /// From CloudFront's own end of an invalidation until the service has seen it, in the middle.
    seen: Duration,
    /// The most memory that it held.
    memory: u64,
    /// Requests that the edge got.
    looks: usize,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let rounds = arguments.numbers.first().copied().unwrap_or(ROUNDS);
    let mut all: HashMap<Checks, Vec<Measured>> = HashMap::new();
    for round in 0..rounds {
        let mut turn = ALL;
        turn.rotate_left(usize::try_from(round)? % ALL.len());
        for checks in turn {
            let measured = measure(&arguments, checks).await?;
            println!("round {round} {}: {measured}", checks.label());
            all.entry(checks).or_default().push(measured);
        }
    }
    let [off, on, warming] = ALL.map(|checks| Measured::middle(&all[&checks]));
    let mut report = Report::default();
    let is_good = [(&on, Checks::On), (&warming, Checks::Warming)]
        .map(|(it, checks)| it.compare(&off, checks, &mut report));
    report.print();
    if is_good == [true; 2] { Ok(()) } else { Err("checks cost more than they may".into()) }
}

/// Measures a service and a stand-in of their own.
async fn measure(arguments: &Arguments, checks: Checks) -> Outcome<Measured> {
    let configure = |config| Config { complete_after: COMPLETES, ..config };
    let worker_context = WorkerContext::new(arguments.unstale.clone(), configure).await?;
    let sandbox = &worker_context.sandbox;
    for number in 0..DISTRIBUTIONS {
        let domain = format!("d{number}looks.cloudfront.net");
        let folder = "looks".to_owned();
        sandbox.add_distribution(Distribution { folder, ..Distribution::new(id(number), domain) })?;
    }
    let page = EdgeRule::new("*", EdgeAnswer::Fixed).status(200).body("<h1>Bakery</h1>");
    let page = page.header("Content-Type", "text/html").header("Age", "1");
    let page = page.header("X-Cache", "Hit from cloudfront");
    sandbox.set_edge_rules(vec![
        EdgeRule::new("*", EdgeAnswer::Hang).distribution(&id(HANGING)),
        EdgeRule { delay_ms: Some(EDGE_TAKES_MS), ..page },
    ]);
    let measured = worker_context.measure(checks).await?;
    worker_context.sandbox.stop().await;
    Ok(measured)
}

/// The ID of a distribution by its number.
fn id(number: usize) -> String {
    format!("E{number:04}LOOKS0000")
}

/// The items of one request: nobody has asked for them before.
fn items(request: &str) -> Vec<String> {
    (0..URLS).map(|url| format!("/{request}/{url}.html")).collect()
}

impl WorkerContext {
    async fn measure(&self, checks: Checks) -> Outcome<Measured> {
        self.add_person()?;
        let mut service = Service::start_unpaced_with(self, &[("UNSTALE_CHECKS", checks.setting())])?;
        service.ready().await?;
        let browser = Browser::sign_in(&service).await?;
        self.ask_for_each(&browser, checks).await?;
        let arrival = self.arrival(&browser, checks).await?;
        let accepted = accepted(&browser, checks).await?;
        let answering: Vec<String> = (1..DISTRIBUTIONS).map(id).collect();
        let seen = middle(self.seen(&answering).await?);
        let memory = service.most_resident()?;
        service.stop()?;
        let looks = self.sandbox.views().last().map_or(0, |view| view.n);
        Ok(Measured { arrival, accepted, seen, memory, looks: usize::try_from(looks)? })
    }

    /// One request for each distribution, so that looks at all of them wait.
    async fn ask_for_each(&self, browser: &Browser, checks: Checks) -> Outcome<()> {
        self.sandbox.clear_calls();
        let mut presser = Presser::of(browser).await?;
        let began = Instant::now();
        for number in 0..DISTRIBUTIONS {
            // It may not have been read yet.
            while let Err(why) = browser.page(&format!("/api/v1/distributions/{}", id(number))).await {
                if began.elapsed() > PATIENCE {
                    return Err(why);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            presser.press_for(&id(number), &items("first"), checks.fields()).await?;
        }
        while self.arrivals() < DISTRIBUTIONS {
            if began.elapsed() > PATIENCE {
                return Err("not all requests arrived".into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// How long requests take to CloudFront, one after the other.
    async fn arrival(&self, browser: &Browser, checks: Checks) -> Outcome<Duration> {
        let mut presser = Presser::of(browser).await?;
        let mut times = Vec::new();
        for number in 0..POSTS {
            self.sandbox.clear_calls();
            let (distribution, items) =
                (id(1 + number % (DISTRIBUTIONS - 1)), items(&format!("timed/{number}")));
            let began = now();
            presser.press_for(&distribution, &items, checks.fields()).await?;
            times.push(self.arrival_after(0).await?.saturating_sub(began));
        }
        Ok(middle(times))
    }
}

/// Requests a second that are accepted, for all distributions whose sites answer.
async fn accepted(browser: &Browser, checks: Checks) -> Outcome<f64> {
    let mut pressers = tokio::task::JoinSet::new();
    let began = Instant::now();
    for hand in 0..PRESSERS {
        let mut presser = Presser::of(browser).await?;
        pressers.spawn(async move {
            let mut number = 0;
            while began.elapsed() < LOAD {
                let distribution = id(1 + (number * PRESSERS + hand) % (DISTRIBUTIONS - 1));
                let items = items(&format!("many/{hand}/{number}"));
                let pressed = presser.press_for(&distribution, &items, checks.fields()).await;
                pressed.map_err(|error| error.to_string())?;
                number += 1;
            }
            Ok::<_, String>(number)
        });
    }
    let mut accepted = 0;
    while let Some(ended) = pressers.join_next().await {
        accepted += ended??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
    Ok(accepted as f64 / began.elapsed().as_secs_f64())
}

fn middle<T: PartialOrd + Copy + Default>(mut all: Vec<T>) -> T {
    all.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    all.get(all.len() / 2).copied().unwrap_or_default()
}

impl Measured {
    /// The middle of each figure.
    fn middle(rounds: &[Self]) -> Self {
        Self {
            arrival: middle(rounds.iter().map(|round| round.arrival).collect()),
            accepted: middle(rounds.iter().map(|round| round.accepted).collect()),
            seen: middle(rounds.iter().map(|round| round.seen).collect()),
            memory: middle(rounds.iter().map(|round| round.memory).collect()),
            looks: middle(rounds.iter().map(|round| round.looks).collect()),
        }
    }

    /// Reports these figures beside those without checks. `false` where checks cost more than they may.
    fn compare(&self, off: &Self, checks: Checks, report: &mut Report) -> bool {
        let slower = |it: f64, other: f64| it / other - 1.0;
        let shares = [
            slower(self.arrival.as_secs_f64(), off.arrival.as_secs_f64()),
            slower(off.accepted, self.accepted),
            slower(self.seen.as_secs_f64(), off.seen.as_secs_f64()),
        ];
        let aim = |share: f64| format!("5 % slower at the most: {:+.1} %", share * 100.0);
        let row = |what: &str| format!("{what}, {}", checks.label());
        report.row(&row("request to arrival"), millis(self.arrival), millis(off.arrival), &aim(shares[0]));
        report.row(
            &row("accepted a second"),
            format!("{:.0}", self.accepted),
            format!("{:.0}", off.accepted),
            &aim(shares[1]),
        );
        report.row(&row("completed to seen"), millis(self.seen), millis(off.seen), &aim(shares[2]));
        report.row(&row("most memory"), mib(self.memory), mib(off.memory), "10 MiB more at the most");
        report.row(&row("looks"), self.looks, off.looks, "");
        shares.iter().all(|share| *share <= SLOWER) && self.memory <= off.memory + LARGER
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (arrival, seen) = (millis(self.arrival), millis(self.seen));
        write!(
            out,
            "arrival {arrival}, accepted {:.0}/s, seen {seen}, {}, {} looks",
            self.accepted,
            mib(self.memory),
            self.looks
        )
    }
}
