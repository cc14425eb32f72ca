//! Measures whether a notification channel that hangs slows down anything else: two services in turns, one of them with
//! a further channel whose receiver never answers. Fails where that channel costs more than it may.
//!
//! Run it with `scripts/torture channels`: `channels [--unstale PROGRAM] [ROUNDS]`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod stage;

use std::{
    fs::OpenOptions,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{Router, http::StatusCode, routing::post};
use base64::Engine;
use cloudfront_sandbox::Config;
use serde_json::{Value, json};
use stage::{
    Arguments, Browser, DISTRIBUTION, Outcome, Service, WorkerContext, now,
    presser::Presser,
    progress::PATIENCE,
    report::{Report, Spread},
};
use tokio::net::TcpListener;

/// How often each service is measured, in turns, where nobody says.
const ROUNDS: u64 = 5;
/// Requests of a round whose way to CloudFront is timed.
const POSTS: usize = 60;
/// Requests of a round whose message is timed. Each waits for others to be told with it.
const MESSAGES: usize = 4;
/// How long CloudFront has an invalidation: no multiple of anybody's interval.
const COMPLETES: Duration = Duration::from_millis(6_700);
/// What a channel that hangs may cost.
const SLOWER: f64 = 0.05;

/// One of the two services.
struct Measured {
    build: WorkerContext,
    service: Service,
    presser: Presser,
    /// How many requests it was told of by its channel that answers.
    told: Arc<Mutex<u64>>,
    pressed: u64,
    arrivals: Vec<Duration>,
    seen: Vec<Duration>,
    delays: Vec<Duration>,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let rounds = arguments.numbers.first().copied().unwrap_or(ROUNDS);
    let mut alone = Measured::start(&arguments, None).await?;
    let mut beside = Measured::start(&arguments, Some(hang().await?)).await?;
    for round in 0..rounds {
        for number in 0..POSTS {
            // Each comes first as often as the other: the second is pressed while the first still works.
            let turn = if number % 2 == 0 { [&mut alone, &mut beside] } else { [&mut beside, &mut alone] };
            for service in turn {
                service.press(&format!("/timed/{round}/{number}.html")).await?;
            }
        }
        tokio::try_join!(alone.see(), beside.see())?;
        tokio::try_join!(alone.wait_until_told(), beside.wait_until_told())?;
        for number in 0..MESSAGES {
            let path = format!("/told/{round}/{number}.html");
            tokio::try_join!(alone.time_message(&path), beside.time_message(&path))?;
        }
        println!("round {round} is over");
    }
    let mut report = Report::default();
    let is_good = compare(&alone, &beside, &mut report);
    report.print();
    for mut measured in [alone, beside] {
        measured.service.stop()?;
        measured.build.sandbox.stop().await;
    }
    if is_good { Ok(()) } else { Err("a channel that hangs costs more than it may".into()) }
}

fn compare(alone: &Measured, beside: &Measured, report: &mut Report) -> bool {
    let rows = [
        ("request to arrival at CloudFront", &alone.arrivals, &beside.arrivals),
        ("completed to seen", &alone.seen, &beside.seen),
        ("request to its message at the other channel", &alone.delays, &beside.delays),
    ];
    let mut is_good = true;
    for (name, alone, beside) in rows {
        let (alone, beside) = (Spread::of(alone.clone()), Spread::of(beside.clone()));
        let slower = beside.middle.as_secs_f64() / alone.middle.as_secs_f64() - 1.0;
        is_good &= slower <= SLOWER;
        let aim = format!("5 % slower at the most: {:+.1} %", slower * 100.0);
        report.row(name, beside, format!("without the channel that hangs: {alone}"), &aim);
    }
    is_good
}

impl Measured {
    /// A service with a channel that answers and, where an address is given, one that hangs.
    async fn start(arguments: &Arguments, hanging: Option<SocketAddr>) -> Outcome<Self> {
        let configure = |config| Config { complete_after: COMPLETES, ..config };
        let build = WorkerContext::new(arguments.unstale.clone(), configure).await?;
        build.add_person_as("admin")?;
        let key = build.folder().join("secrets-key");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&key)?;
        file.write_all(base64::engine::general_purpose::STANDARD.encode([7; 32]).as_bytes())?;
        let key = key.to_str().ok_or("the folder's name is no text")?;
        let settings = [("UNSTALE_SECRETS_KEY_FILE", key), ("UNSTALE_NOTIFICATION_NETWORKS", "127.0.0.1")];
        let mut service = Service::start_unpaced_with(&build, &settings)?;
        service.ready().await?;
        let browser = Browser::sign_in(&service).await?;
        browser.wait_for_distribution().await?;
        let told = Arc::new(Mutex::new(0));
        add_channel(&browser, "Answers", receive(told.clone()).await?).await?;
        if let Some(address) = hanging {
            add_channel(&browser, "Hangs", address).await?;
        }
        let presser = Presser::of(&browser).await?;
        let (arrivals, seen, delays) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { build, service, presser, told, pressed: 0, arrivals, seen, delays })
    }

    /// Times a request on its way to CloudFront.
    async fn press(&mut self, path: &str) -> Outcome<()> {
        let (began, before) = (now(), self.build.arrivals());
        self.presser.press(path).await?;
        self.pressed += 1;
        self.arrivals.push(self.build.arrival_after(before).await?.saturating_sub(began));
        Ok(())
    }

    async fn see(&mut self) -> Outcome<()> {
        self.seen = self.build.seen(&[DISTRIBUTION.to_owned()]).await?;
        Ok(())
    }

    /// Times a request until its message has come.
    async fn time_message(&mut self, path: &str) -> Outcome<()> {
        let began = Instant::now();
        self.presser.press(path).await?;
        self.pressed += 1;
        self.wait_until_told().await?;
        self.delays.push(began.elapsed());
        Ok(())
    }

    async fn wait_until_told(&self) -> Outcome<()> {
        let began = Instant::now();
        while *self.told.lock().unwrap_or_else(PoisonError::into_inner) < self.pressed {
            if began.elapsed() > PATIENCE {
                return Err("a message did not come".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

async fn add_channel(browser: &Browser, name: &str, address: SocketAddr) -> Outcome<()> {
    let channel = json!({
        "name": name,
        "kind": "webhook",
        "address": format!("http://{address}/"),
        "signing": "hmac",
        "rules": [{"topics": ["requested"], "scope": "everything"}],
    });
    let request = browser.client.post(format!("{}/api/v1/channels", browser.url)).json(&channel);
    request.send().await?.error_for_status()?;
    Ok(())
}

/// Takes messages, and counts the requests that they tell of.
async fn receive(told: Arc<Mutex<u64>>) -> Outcome<SocketAddr> {
    let count = move |message: String| {
        let message: Value = serde_json::from_str(&message).unwrap_or_default();
        *told.lock().unwrap_or_else(PoisonError::into_inner) +=
            message["data"]["count"].as_u64().unwrap_or(0);
        std::future::ready(StatusCode::NO_CONTENT)
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(count))).await });
    Ok(address)
}

/// Takes connections and never answers.
async fn hang() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            kept.push(connection);
        }
    });
    Ok(address)
}
