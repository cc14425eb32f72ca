//! Asks the server for work, and hands in what was seen.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;

use crate::{
    api::probe::wire::{ProbeLookRequest, ProbeResultsRequest, ProbeTaskShape, ProbeWorkShape},
    domain::checks::LookFailure,
};

use super::{
    super::{
        invalidate::client::{ApiAnswer, ApiClient, ApiClientError},
        output::say_aside,
    },
    looks::MadeLook,
};

/// How long one request for work may wait, in seconds.
const WAIT: u64 = 30;
/// An answer without work that came sooner is followed by a pause of so long: the server is stopping, for example.
const SOON: Duration = Duration::from_secs(1);
/// The pauses between tries to hand in looks. Later the server would not take them.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 15];

/// Why something was not done.
#[derive(Debug)]
pub enum Trouble {
    /// It may be done later.
    Passing(String),
    /// Nothing will be done for this probe.
    Refused(String),
}

/// A task, and when it came.
#[derive(Debug)]
pub struct ProbeAssignment {
    pub task: ProbeTaskShape,
    pub came: Instant,
}

pub struct ProbeServer {
    client: ApiClient,
}

impl ProbeServer {
    pub const fn new(client: ApiClient) -> Self {
        Self { client }
    }

    /// Waits for work. `None` if there was none in half a minute.
    pub async fn work(&self) -> Result<Option<ProbeAssignment>, Trouble> {
        let asked = Instant::now();
        let answer = self.ask(&Method::GET, &format!("/api/v1/probe/work?wait={WAIT}"), &Value::Null).await?;
        if answer.status != 200 {
            return Err(trouble(&answer));
        }
        let work: Option<ProbeWorkShape> = serde_json::from_value(answer.body).ok();
        let Some(work) = work else {
            return Err(no_unstale(answer.status));
        };
        if work.task.is_none() && asked.elapsed() < SOON {
            tokio::time::sleep(SOON).await;
        }
        Ok(work.task.map(|task| ProbeAssignment { task, came: Instant::now() }))
    }

    /// Hands in what was seen. Looks that the server does not take are given up: it goes on without them.
    pub async fn hand_in(&self, given: &ProbeAssignment, looks: &[MadeLook]) -> Result<(), Trouble> {
        let mut pauses = PAUSES.iter();
        loop {
            let body = serde_json::to_value(results(given, looks)).unwrap_or_default();
            let trouble = match self.ask(&Method::POST, "/api/v1/probe/results", &body).await {
                Ok(answer) if answer.status == 204 => break,
                Ok(answer) if matches!(answer.status, 404 | 409 | 422) => {
                    say_aside(&format!("the looks were not taken: {}", detail(&answer)));
                    return Ok(());
                }
                Ok(answer) => trouble(&answer),
                Err(error) => error,
            };
            match (trouble, pauses.next()) {
                (Trouble::Passing(words), Some(pause)) => {
                    say_aside(&format!("{words}; the next try is in {pause} s"));
                    tokio::time::sleep(Duration::from_secs(*pause)).await;
                }
                (last, _) => return Err(last),
            }
        }
        say_aside(&format!("handed in: {}", counted(given, looks)));
        Ok(())
    }

    async fn ask(&self, method: &Method, path: &str, body: &Value) -> Result<ApiAnswer, Trouble> {
        self.client.send(method, path, body).await.map_err(|error| match error {
            ApiClientError::Address(words) => Trouble::Refused(words),
            ApiClientError::Unreachable(words) => Trouble::Passing(words),
        })
    }
}

fn results(given: &ProbeAssignment, looks: &[MadeLook]) -> ProbeResultsRequest {
    let now = Instant::now();
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let look = |made: &MadeLook| ProbeLookRequest {
        number: made.number,
        url: made.url.clone(),
        ago_ms: millis(now.saturating_duration_since(made.ended)),
        // Rounded up: the request was not sent later than that.
        took_ms: millis(made.took) + 1,
        answer: made.look.answer().cloned(),
        failure: made.look.outcome.as_ref().err().copied(),
    };
    ProbeResultsRequest {
        run: given.task.run.clone(),
        round: given.task.round,
        held_ms: millis(now.saturating_duration_since(given.came)) + 1,
        looks: looks.iter().map(look).collect(),
    }
}

/// `E2QWRUHAPOMQZL, 2 of 3 URLs answered by FRA50-C1`
fn counted(given: &ProbeAssignment, looks: &[MadeLook]) -> String {
    let answers: Vec<_> = looks.iter().filter_map(|made| made.look.answer()).collect();
    let mut pops: Vec<&str> = answers.iter().filter_map(|answer| answer.pop.as_deref()).collect();
    pops.dedup();
    let by = if pops.is_empty() { String::new() } else { format!(" by {}", pops.join(", ")) };
    let late = looks.iter().filter(|made| made.look.outcome == Err(LookFailure::NotLooked)).count();
    let late = if late > 0 { format!(", {late} not looked at") } else { String::new() };
    format!("{}, {} of {} URLs answered{by}{late}", given.task.distribution, answers.len(), looks.len())
}

/// What an answer that is no success means.
fn trouble(answer: &ApiAnswer) -> Trouble {
    match answer.status {
        401 | 403 if answer.body["detail"].is_string() => {
            Trouble::Refused(format!("the server refuses the token: {}", detail(answer)))
        }
        300..=407 => no_unstale(answer.status),
        status => Trouble::Passing(format!("the server answers with {status}: {}", detail(answer))),
    }
}

/// Something else answers, or an Unstale that is older than this program.
fn no_unstale(status: u16) -> Trouble {
    Trouble::Refused(format!(
        "what answers (status {status}) is no Unstale that knows probes; give --server the address of Unstale, such as https://unstale.example.com"
    ))
}

/// The words of a problem.
fn detail(answer: &ApiAnswer) -> String {
    let detail = answer.body["detail"].as_str().or_else(|| answer.body["title"].as_str());
    detail.map_or_else(|| format!("status {}", answer.status), str::to_owned)
}
