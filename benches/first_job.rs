//! Measures the first job, request to CloudFront, against the sandbox: each figure beside its peer and its aim.
//!
//! Run it with `scripts/bench`, which finds the AWS CLI: `first_job [--unstale PROGRAM] [--aws PROGRAM]`. Times of
//! arrival are those of the sandbox's own log of calls.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{
    error::Error,
    fmt::{self, Display},
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_sdk_cloudfront::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{InvalidationBatch, Paths},
};
use cloudfront_sandbox::{Config, Sandbox};

type Outcome<T> = Result<T, Box<dyn Error>>;

const DISTRIBUTION: &str = "E2QWRUHAPOMQZL";
const EMAIL: &str = "operator@example.com";
const PASSWORD: &str = "correct horse battery staple";
const POSTS: usize = 101;
const CLI_RUNS: usize = 9;
const STARTS: usize = 31;
const CLIENTS: usize = 8;
const LOAD: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::start(Config {
        complete_after: Duration::from_millis(50),
        ..Config::new(folder.path().join("origin"))
    })
    .await?;
    let bench = Bench { arguments, sandbox, folder: folder.path().to_owned() };
    bench.add_person()?;
    let mut report = Report::default();

    let mut service = Service::start(&bench)?;
    service.ready().await?;
    let browser = Browser::sign_in(&service).await?;
    bench.posts(&browser, &mut report).await?;
    bench.history(&browser, &mut report).await?;
    report.row("resident memory after that load", mib(service.resident()?), "", "");
    service.stop()?;

    bench.starts(&mut report).await?;
    bench.idle(&mut report).await?;
    let size = fs::metadata(&bench.arguments.unstale)?.len();
    report.row("size of the binary, stripped", mib(size), "", "under 40 MiB");
    report.print();
    bench.sandbox.stop().await;
    Ok(())
}

/// What it is called with.
struct Arguments {
    unstale: PathBuf,
    aws: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Outcome<Self> {
        let (mut unstale, mut aws) = (env!("CARGO_BIN_EXE_unstale").to_owned(), None);
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--unstale" => unstale = words.next().ok_or("--unstale PROGRAM lacks the program")?,
                "--aws" => aws = words.next(),
                // What cargo itself adds.
                "--bench" => {}
                other => return Err(format!("what is {other}?").into()),
            }
        }
        Ok(Self { unstale: unstale.into(), aws: aws.map(PathBuf::from) })
    }
}

/// What everything is measured with.
struct Bench {
    arguments: Arguments,
    sandbox: Sandbox,
    folder: PathBuf,
}

impl Bench {
    /// The service's program, with its surroundings but nothing of this machine's AWS set-up.
    fn unstale(&self) -> Command {
        let mut command = Command::new(&self.arguments.unstale);
        self.surround(&mut command);
        let database = format!("sqlite://{}", self.folder.join("unstale.db").display());
        command.env("UNSTALE_DATABASE", database).env("UNSTALE_LOG", "warn");
        // The pace that spares AWS is not what is measured here.
        command.env("UNSTALE_CREATE_RATE", "1000").env("UNSTALE_CREATE_BURST", "1000");
        command
    }

    fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", &self.folder)
            .env("AWS_ENDPOINT_URL_CLOUDFRONT", self.sandbox.api_url())
            .env("AWS_ACCESS_KEY_ID", "AKIABENCH")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
    }

    fn add_person(&self) -> Outcome<()> {
        let mut command = self.unstale();
        command.args(["user", "add", EMAIL, "--role", "operator", "--password-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut input = child.stdin.take().ok_or("it has no input")?;
        writeln!(input, "{PASSWORD}")?;
        drop(input);
        if child.wait()?.success() { Ok(()) } else { Err("user add failed".into()) }
    }

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

    fn sdk(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = aws_sdk_cloudfront::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(Credentials::new("AKIABENCH", "secret", None, None, "bench"))
            .region(Region::new("us-east-1"))
            .endpoint_url(self.sandbox.api_url())
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .build();
        Client::from_conf(config)
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

    fn arrivals(&self) -> usize {
        self.sandbox.calls().iter().filter(|call| call.operation == "CreateInvalidation").count()
    }

    /// When the next `CreateInvalidation` arrived, by the sandbox's log.
    async fn arrival_after(&self, before: usize) -> Outcome<Duration> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            let calls = self.sandbox.calls();
            let found = calls.iter().filter(|call| call.operation == "CreateInvalidation").nth(before);
            if let Some(call) = found {
                return Ok(Duration::from_micros(u64::try_from(call.at.as_microsecond())?));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("nothing arrived at CloudFront within 10 s".into())
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
            let mut service = Service::start(self)?;
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
        let mut service = Service::start(self)?;
        service.ready().await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        report.row("resident memory, idle for 5 s", mib(service.resident()?), "", "under 40 MiB");
        service.stop()
    }
}

async fn create(client: &Client, round: usize) -> Outcome<()> {
    let paths = Paths::builder().quantity(1).items(format!("/bare/{round}.css")).build()?;
    let reference = format!("bare-{round}-{}", now().as_nanos());
    let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build()?;
    client.create_invalidation().distribution_id(DISTRIBUTION).invalidation_batch(batch).send().await?;
    Ok(())
}

/// A running `unstale serve`.
struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    fn start(bench: &Bench) -> Outcome<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = bench.unstale();
        command.args(["serve", "--listen", &address.to_string()]);
        let child = command.stdout(Stdio::null()).spawn()?;
        Ok(Self { child, address })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it answers.
    async fn ready(&mut self) -> Outcome<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{}/healthz", self.url());
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if let Ok(answer) = client.get(&url).send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("unstale serve ended: {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("it was not ready within 20 s".into())
    }

    /// The bytes of memory that it holds now.
    fn resident(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    fn stop(&mut self) -> Outcome<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("unstale serve ended: {status}").into()) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who is signed in.
struct Browser {
    client: reqwest::Client,
    url: String,
}

impl Browser {
    async fn sign_in(service: &Service) -> Outcome<Self> {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(reqwest::header::ORIGIN, service.url().parse()?);
        let client = reqwest::Client::builder()
            .no_proxy()
            .cookie_store(true)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let browser = Self { client, url: service.url() };
        browser.post("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await?;
        Ok(browser)
    }

    async fn page(&self, path: &str) -> Outcome<String> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await?;
        if answer.status() != 200 {
            return Err(format!("GET {path}: {}", answer.status()).into());
        }
        Ok(answer.text().await?)
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Outcome<()> {
        let answer = self.client.post(format!("{}{path}", self.url)).form(fields).send().await?;
        match answer.status().as_u16() {
            303 => Ok(()),
            other => Err(format!("POST {path}: {other}").into()),
        }
    }

    /// The surveyor has to have seen the distribution first.
    async fn wait_for_distribution(&self) -> Outcome<()> {
        for _ in 0..200 {
            if self.page("/").await?.contains(DISTRIBUTION) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the distribution never came up in the form".into())
    }

    /// The hidden field of the form.
    async fn request_key(&self) -> Outcome<String> {
        let page = self.page("/").await?;
        let document = scraper::Html::parse_document(&page);
        let selector =
            scraper::Selector::parse("input[name=request_key]").map_err(|error| error.to_string())?;
        let field = document.select(&selector).next().ok_or("the form has no request_key")?;
        Ok(field.value().attr("value").unwrap_or_default().to_owned())
    }

    async fn invalidate(&self, key: &str, items: &str) -> Outcome<()> {
        let fields = [("distribution", DISTRIBUTION), ("items", items), ("reason", ""), ("request_key", key)];
        self.post("/invalidations", &fields).await
    }

    async fn rate(&self, path: &'static str) -> Outcome<f64> {
        let done = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CLIENTS {
            let (client, url, done) = (self.client.clone(), format!("{}{path}", self.url), done.clone());
            tasks.spawn(async move {
                while began.elapsed() < LOAD {
                    let answer = client.get(&url).send().await?.error_for_status()?;
                    answer.bytes().await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, reqwest::Error>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
        Ok(done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
    }
}

/// The middle and the slow end of a row of times.
#[derive(Clone, Copy)]
struct Spread {
    middle: Duration,
    slow: Duration,
    count: usize,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        Self { middle: at(50), slow: at(95), count: times.len() }
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (p95 {}, n = {})", millis(self.middle), millis(self.slow), self.count)
    }
}

/// What was found, a figure a line.
#[derive(Default)]
struct Report(Vec<[String; 4]>);

impl Report {
    fn row(&mut self, name: &str, figure: impl Display, peer: impl Display, aim: &str) {
        self.0.push([name.to_owned(), figure.to_string(), peer.to_string(), aim.to_owned()]);
    }

    fn print(&self) {
        let head = ["", "measured (p50)", "beside it", "aim"].map(str::to_owned);
        let rows: Vec<&[String; 4]> = std::iter::once(&head).chain(&self.0).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for [name, figure, peer, aim] in rows {
            let [a, b, c] = widths;
            println!("{}", format!("{name:a$}  {figure:b$}  {peer:c$}  {aim}").trim_end());
        }
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

fn mib(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    let mib = bytes as f64 / f64::from(1 << 20);
    format!("{mib:.1} MiB")
}
