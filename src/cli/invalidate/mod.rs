//! `unstale invalidate`: sends a request to a running Unstale, for pipelines. It needs a token, but no AWS keys.

mod budgets;
pub(super) mod client;
mod expanded;
mod given;
mod lines;
mod progress;
mod proof;
mod retry_limits;
mod staging;
mod watch;

use std::{process::ExitCode, time::Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    commands::new_uuid,
    domain::{checks::ExpectedContent, invalidations::run_url::parse_run_url},
};

use super::output::{OutputError, print, say, say_aside};
use client::{ApiAnswer, ApiClient, ApiClientError};
use given::Given;
use progress::Progress;
use watch::Watch;

/// Ask a running Unstale to refresh what a distribution serves. The token comes from UNSTALE_TOKEN.
///
/// The plan is printed first. Progress is on standard error: with --wait at a terminal, the state and the elapsed time;
/// elsewhere only problems. With --json the last answer is on standard output. A server that does not answer is tried for
/// 60 s.
///
/// Exit codes: 0 accepted, with --wait completed; 1 the same, but it could not be printed; 2 usage; 3 refused; 4 failed;
/// 5 timed out; 6 the server cannot be reached; 7 waits for a second person; with --prove 8 where viewers get an old
/// version or an error, 9 where nothing is proved.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct InvalidateArgs {
    /// The address of Unstale, such as https://unstale.example.com.
    #[arg(long, env = "UNSTALE_SERVER")]
    server: String,
    /// The distribution: its ID, its ARN, a host that it serves, or a URL of it. Without it, each item goes to the
    /// distribution that its URL or its bucket names; several get an invalidation each.
    #[arg(long, value_name = "ID-or-domain")]
    distribution: Option<String>,
    /// Why; kept in the history.
    #[arg(long)]
    reason: Option<String>,
    /// Nothing is sent before this time, such as 2026-11-23T22:00:00Z.
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
    /// Send a wide request during a freeze window anyway. Needs --reason.
    #[arg(long)]
    override_freeze: bool,
    /// The name of a protected distribution, once more, where a wide request asks for it.
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// Wait until CloudFront has completed it.
    #[arg(long)]
    wait: bool,
    /// Wait until it is known what viewers get, and say so of each URL. Implies --wait.
    #[arg(long)]
    prove: bool,
    /// The items were removed: viewers must get 403, 404 or 410. --prove checks it.
    #[arg(long, conflicts_with = "expect_sha256")]
    expect_gone: bool,
    /// The SHA-256 of the content that viewers must get at the one path of the request. --prove checks it.
    #[arg(long, value_name = "HEX", value_parser = parse_sha256)]
    expect_sha256: Option<ExpectedContent>,
    /// Fetch each URL once when CloudFront has completed it, so that the next viewer gets it from the edge.
    #[arg(long, conflicts_with = "expect_gone")]
    warm: bool,
    /// Refresh the same items on the staging distribution of the continuous deployment too: each is billed once more.
    /// Looks do not see that one, so --prove waits for its completion and proves nothing of it.
    #[arg(long)]
    staging: bool,
    /// The longest wait, in seconds.
    #[arg(long, default_value_t = 1_800, value_name = "SECONDS")]
    timeout: u64,
    /// Print the plan and end: nothing is sent.
    #[arg(long)]
    dry_run: bool,
    /// Print the last answer as JSON, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// The same key again is the same request again: name the run and the attempt in it. Without it, a new key
    /// is used. Automatic retries use the same key.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The https page of the pipeline's run, for the history. Found automatically on GitHub Actions and GitLab CI.
    #[arg(long, env = "UNSTALE_RUN_URL", value_name = "URL")]
    run_url: Option<String>,
    /// Read items from a file, one a line, or what a tool such as aws s3 sync printed; - is standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// The items are file names, such as keys of a bucket: % ? # * in them are ordinary characters.
    #[arg(long)]
    keys: bool,
    /// Send exactly these items, even items that have no effect. Nothing is added.
    #[arg(long)]
    exact: bool,
    /// Send the token over plain HTTP to another machine. Only for networks that you trust.
    #[arg(long)]
    plain_http: bool,
    /// Paths, paths with a closing *, full URLs, or #tags. Without any, standard input is read.
    #[arg(value_name = "ITEM")]
    items: Vec<String>,
}

/// Why the command does not exit with 0. The exit codes are documented and never change.
#[derive(Debug)]
enum End {
    /// The request succeeded, but the result could not be written to standard output.
    Unprinted(String),
    Usage(String),
    Refused(String),
    Failed(String),
    TimedOut(String),
    OutOfReach(String),
    WaitsForApproval(String),
    /// Viewers get an old version or an error.
    NotFresh(String),
    /// Nothing proves that viewers get the new version.
    Unproved(String),
}

impl End {
    fn parts(&self) -> (u8, &str) {
        match self {
            Self::Unprinted(words) => (1, words),
            Self::Usage(words) => (2, words),
            Self::Refused(words) => (3, words),
            Self::Failed(words) => (4, words),
            Self::TimedOut(words) => (5, words),
            Self::OutOfReach(words) => (6, words),
            Self::WaitsForApproval(words) => (7, words),
            Self::NotFresh(words) => (8, words),
            Self::Unproved(words) => (9, words),
        }
    }
}

impl From<ApiClientError> for End {
    fn from(error: ApiClientError) -> Self {
        match error {
            ApiClientError::Address(words) => Self::Usage(words),
            ApiClientError::Unreachable(words) => Self::OutOfReach(words),
        }
    }
}

pub async fn run(args: InvalidateArgs) -> ExitCode {
    match request(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(end) => {
            let (code, words) = end.parts();
            say_aside(words);
            ExitCode::from(code)
        }
    }
}

async fn request(args: InvalidateArgs) -> Result<(), End> {
    let started = Instant::now();
    let args = InvalidateArgs { wait: args.wait || args.prove, ..args };
    let token = std::env::var("UNSTALE_TOKEN").unwrap_or_default();
    if token.trim().is_empty() {
        return Err(End::Usage("set UNSTALE_TOKEN to an API token, such as unstale_…".to_owned()));
    }
    let given = Given::read(&args.items, args.file.as_deref(), args.keys).map_err(End::Usage)?;
    let client = ApiClient::new(&args.server, token.trim(), args.plain_http, run_url(&args)?)?;
    let mut progress = Progress::new();

    let body = plan_body(&args, &given);
    let plan = taken(client.post("/api/v1/plan", &body, None, &mut progress).await?, &given)?;
    let hindrance = lines::hindrance(&plan, &given);
    if args.dry_run {
        let told = tell(&args, &plan, &lines::plan(&plan, &given));
        return hindrance.map_or(told, |words| Err(End::Refused(words)));
    }
    if let Some(words) = hindrance.filter(|_| !budgets::is_left_to_the_server(&plan)) {
        return Err(End::Refused(words));
    }
    if !args.json {
        // An error in printing does not stop the request. The error is reported with the result at the end.
        let _ = tell(&args, &plan, &lines::plan(&plan, &given));
    }
    let key = args.idempotency_key.clone().unwrap_or_else(|| new_uuid().to_string());
    let answer =
        client.post("/api/v1/invalidations", &whole_body(&args, &given), Some(&key), &mut progress).await?;
    let earlier = lines::earlier(&answer, args.idempotency_key.is_some());
    let answer = taken(answer, &given)?;
    if let Some(words) = &earlier {
        // With `--json`, standard output contains only the last answer, because a program reads it.
        if args.json { progress.trouble(words) } else { say(words) }
    }
    let staging = staging::staging_of(&plan);
    let is_new = earlier.is_none();
    let watch = Watch { client: &client, args: &args, started, is_new, staging: &staging };
    watch.all(answer, &mut progress).await
}

/// What both the plan and the request have.
fn plan_body(args: &InvalidateArgs, given: &Given) -> Value {
    let (field, value) = given.field();
    let mut body = json!({ field: value });
    if let Some(distribution) = &args.distribution {
        body["distribution"] = json!(distribution);
    }
    if args.exact {
        body["exact"] = json!(true);
    }
    if let Some(at) = &args.not_before {
        body["not_before"] = json!(at);
    }
    if args.staging {
        body["staging"] = json!(true);
    }
    body
}

fn whole_body(args: &InvalidateArgs, given: &Given) -> Value {
    let mut body = plan_body(args, given);
    let optional = [("reason", &args.reason), ("confirm", &args.confirm)];
    for (name, value) in optional {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    let expected = if args.expect_gone { Some(ExpectedContent::Gone) } else { args.expect_sha256 };
    // A server that does not know it refuses the request.
    if let Some(expected) = expected {
        body["expected"] = json!(expected.to_string());
    }
    if args.warm {
        body["warm"] = json!(true);
    }
    if args.override_freeze {
        body["override_freeze"] = json!(true);
    }
    body
}

fn parse_sha256(digits: &str) -> Result<ExpectedContent, String> {
    ExpectedContent::parse(&format!("sha256:{}", digits.trim()))
        .map_err(|_| "a SHA-256 has 64 hexadecimal digits, as sha256sum prints them".to_owned())
}

/// Prints the answer. It is no error if the reader has closed the pipe.
fn tell(args: &InvalidateArgs, answer: &Value, words: &str) -> Result<(), End> {
    let printed = if args.json { print(&answer.to_string()) } else { print(words) };
    match printed {
        Ok(()) | Err(OutputError::ReaderGone) => Ok(()),
        Err(error) => {
            let taken = answer["url"].as_str().map(|url| format!("; it was accepted: {url}"));
            Err(End::Unprinted(format!("{error}{}", taken.unwrap_or_default())))
        }
    }
}

/// The body of a successful answer. `Err` says why the server refused.
fn taken(answer: ApiAnswer, given: &Given) -> Result<Value, End> {
    match answer.status {
        200..=299 => Ok(answer.body),
        429 | 500.. => Err(End::OutOfReach(lines::problem(&answer.body, answer.status, given))),
        _ => Err(End::Refused(lines::problem(&answer.body, answer.status, given))),
    }
}

/// The URL of the run: the given one, or the one from the variables of GitHub Actions or GitLab CI.
fn run_url(args: &InvalidateArgs) -> Result<Option<String>, End> {
    if let Some(given) = args.run_url.as_deref().filter(|given| !given.trim().is_empty()) {
        return parse_run_url(given).map(Some).map_err(|error| End::Usage(error.to_string()));
    }
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let github = of("GITHUB_SERVER_URL").zip(of("GITHUB_REPOSITORY")).zip(of("GITHUB_RUN_ID"));
    let attempt = of("GITHUB_RUN_ATTEMPT").map_or(String::new(), |attempt| format!("/attempts/{attempt}"));
    let github = github
        .map(|((server, repository), run)| format!("{server}/{repository}/actions/runs/{run}{attempt}"));
    Ok(github.or_else(|| of("CI_JOB_URL")).and_then(|url| parse_run_url(&url).ok()))
}
