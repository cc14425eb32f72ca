//! What every benchmark stands on: the sandbox, the real program, somebody at its pages, and the report.
#![allow(dead_code, reason = "no benchmark needs all of it")]

pub mod chronicle;
pub mod presser;

use std::{
    error::Error,
    fmt::{self, Display},
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
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
use cloudfront_sandbox::Sandbox;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

pub const DISTRIBUTION: &str = "E2QWRUHAPOMQZL";
const EMAIL: &str = "operator@example.com";
const PASSWORD: &str = "correct horse battery staple";
pub const CLIENTS: usize = 8;
const LOAD: Duration = Duration::from_secs(5);

/// What it is called with.
#[derive(Clone)]
pub struct Arguments {
    pub unstale: PathBuf,
    pub aws: Option<PathBuf>,
    pub python: Option<PathBuf>,
    pub numbers: Vec<u64>,
}

impl Arguments {
    pub fn read() -> Outcome<Self> {
        let (mut unstale, mut aws, mut python) = (env!("CARGO_BIN_EXE_unstale").to_owned(), None, None);
        let mut numbers = Vec::new();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--unstale" => unstale = words.next().ok_or("--unstale PROGRAM lacks the program")?,
                "--aws" => aws = words.next().map(PathBuf::from),
                "--python" => python = words.next().map(PathBuf::from),
                // What cargo itself adds.
                "--bench" => {}
                other => numbers.push(other.parse().map_err(|_| format!("what is {other}?"))?),
            }
        }
        Ok(Self { unstale: unstale.into(), aws, python, numbers })
    }
}

/// What everything is measured with.
pub struct WorkerContext {
    pub arguments: Arguments,
    pub sandbox: Sandbox,
    pub folder: PathBuf,
}

impl WorkerContext {
    /// The service's program, with its surroundings but nothing of this machine's AWS set-up.
    pub fn unstale(&self) -> Command {
        let mut command = Command::new(&self.arguments.unstale);
        self.surround(&mut command);
        command.env("UNSTALE_DATABASE", self.database()).env("UNSTALE_LOG", "warn");
        // All requests come from one client.
        command.env("UNSTALE_REQUEST_RATE", "0").env("UNSTALE_DAILY_ITEMS", "0");
        command
    }

    pub fn database(&self) -> String {
        format!("sqlite://{}", self.folder.join("unstale.db").display())
    }

    pub fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", &self.folder)
            .env("AWS_ENDPOINT_URL_CLOUDFRONT", self.sandbox.api_url())
            .env("UNSTALE_EDGE", self.sandbox.edge_url())
            .env("AWS_ACCESS_KEY_ID", "AKIABENCH")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
    }

    pub fn add_person(&self) -> Outcome<()> {
        let mut command = self.unstale();
        command.args(["user", "add", EMAIL, "--role", "operator", "--password-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut input = child.stdin.take().ok_or("it has no input")?;
        writeln!(input, "{PASSWORD}")?;
        drop(input);
        if child.wait()?.success() { Ok(()) } else { Err("user add failed".into()) }
    }

    pub fn sdk(&self) -> Client {
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

    pub fn arrivals(&self) -> usize {
        self.sandbox.calls().iter().filter(|call| call.operation == "CreateInvalidation").count()
    }

    /// When the next `CreateInvalidation` arrived, by the sandbox's log.
    pub async fn arrival_after(&self, before: usize) -> Outcome<Duration> {
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
}

pub async fn create(client: &Client, round: usize) -> Outcome<()> {
    let paths = Paths::builder().quantity(1).items(format!("/bare/{round}.css")).build()?;
    let reference = format!("bare-{round}-{}", now().as_nanos());
    let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build()?;
    client.create_invalidation().distribution_id(DISTRIBUTION).invalidation_batch(batch).send().await?;
    Ok(())
}

/// A running `unstale serve`.
pub struct Service {
    pub child: Child,
    pub address: SocketAddr,
}

impl Service {
    /// As it is installed.
    pub fn start(worker_context: &WorkerContext) -> Outcome<Self> {
        Self::run(worker_context.unstale())
    }

    /// Without the pace that spares AWS.
    pub fn start_unpaced(worker_context: &WorkerContext) -> Outcome<Self> {
        Self::start_unpaced_with(worker_context, &[])
    }

    /// The same with these settings.
    pub fn start_unpaced_with(worker_context: &WorkerContext, settings: &[(&str, &str)]) -> Outcome<Self> {
        let mut command = worker_context.unstale();
        command.env("UNSTALE_CREATE_RATE", "1000").env("UNSTALE_CREATE_BURST", "1000");
        command.envs(settings.iter().copied());
        Self::run(command)
    }

    /// Where each request says which client it is of.
    pub fn start_behind_proxy(worker_context: &WorkerContext) -> Outcome<Self> {
        let mut command = worker_context.unstale();
        command.env("UNSTALE_TRUSTED_PROXIES", "127.0.0.1/32");
        Self::run(command)
    }

    fn run(mut command: Command) -> Outcome<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        command.args(["serve", "--listen", &address.to_string()]);
        let child = command.stdout(Stdio::null()).spawn()?;
        Ok(Self { child, address })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it answers.
    pub async fn ready(&mut self) -> Outcome<()> {
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
    pub fn resident(&self) -> Outcome<u64> {
        self.memory("VmRSS:")
    }

    /// The most that it ever held.
    pub fn most_resident(&self) -> Outcome<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    pub fn stop(&mut self) -> Outcome<()> {
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
pub struct Browser {
    pub client: reqwest::Client,
    pub url: String,
    /// Its session, for who sends requests by other means.
    cookie: String,
}

impl Browser {
    pub async fn sign_in(service: &Service) -> Outcome<Self> {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(reqwest::header::ORIGIN, service.url().parse()?);
        let client = reqwest::Client::builder()
            .no_proxy()
            .cookie_store(true)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let form = [("email", EMAIL), ("password", PASSWORD)];
        let answer = client.post(format!("{}/sign-in", service.url())).form(&form).send().await?;
        let set = answer.headers().get("set-cookie").ok_or("signing in set no cookie")?.to_str()?;
        let cookie = set.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { client, url: service.url(), cookie })
    }

    pub async fn page(&self, path: &str) -> Outcome<String> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await?;
        if answer.status() != 200 {
            return Err(format!("GET {path}: {}", answer.status()).into());
        }
        Ok(answer.text().await?)
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Outcome<()> {
        let answer = self.client.post(format!("{}{path}", self.url)).form(fields).send().await?;
        match answer.status().as_u16() {
            303 => Ok(()),
            other => Err(format!("POST {path}: {other}").into()),
        }
    }

    /// The plan of what is typed so far, as the form asks for it after each key.
    pub async fn plan(&self, items: &str) -> Outcome<String> {
        let fields = [("distribution", DISTRIBUTION), ("items", items), ("reason", ""), ("request_key", "")];
        let request = self.client.post(format!("{}/plan", self.url)).header("hx-request", "true");
        Ok(request.form(&fields).send().await?.error_for_status()?.text().await?)
    }

    /// Sync has to have read the distribution first.
    pub async fn wait_for_distribution(&self) -> Outcome<()> {
        for _ in 0..200 {
            if self.page("/").await?.contains(DISTRIBUTION) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the distribution never came up in the form".into())
    }

    /// The hidden field of the form.
    pub async fn request_key(&self) -> Outcome<String> {
        let page = self.page("/").await?;
        let document = scraper::Html::parse_document(&page);
        let selector =
            scraper::Selector::parse("input[name=request_key]").map_err(|error| error.to_string())?;
        let field = document.select(&selector).next().ok_or("the form has no request_key")?;
        Ok(field.value().attr("value").unwrap_or_default().to_owned())
    }

    pub async fn invalidate(&self, key: &str, items: &str) -> Outcome<()> {
        let fields = [("distribution", DISTRIBUTION), ("items", items), ("reason", ""), ("request_key", key)];
        self.post("/invalidations", &fields).await
    }

    pub async fn wait_until_nothing_is_under_way(&self) -> Outcome<()> {
        for _ in 0..1_200 {
            if self.page("/").await?.contains("Nothing is in flight.") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("it never came to rest".into())
    }

    /// The live stream, from now on.
    pub async fn events(&self) -> Outcome<Events> {
        let answer = self.client.get(format!("{}/events", self.url)).send().await?.error_for_status()?;
        Ok(Events(answer))
    }

    pub async fn rate(&self, path: &'static str) -> Outcome<f64> {
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

/// An open live stream.
pub struct Events(reqwest::Response);

impl Events {
    /// Waits for an action; gives when it came.
    pub async fn until(&mut self, action: &str) -> Outcome<Duration> {
        let mut text = String::new();
        while let Some(chunk) = self.0.chunk().await? {
            text.push_str(&String::from_utf8_lossy(&chunk));
            if text.contains(action) {
                return Ok(now());
            }
        }
        Err("the stream ended".into())
    }
}

/// A new key for a form.
pub fn key() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}

/// The middle and the slow end of a row of times.
#[derive(Clone, Copy)]
pub struct Spread {
    pub middle: Duration,
    pub slow: Duration,
    pub count: usize,
}

impl Spread {
    pub fn of(mut times: Vec<Duration>) -> Self {
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
pub struct Report(Vec<[String; 4]>);

impl Report {
    pub fn row(&mut self, name: &str, figure: impl Display, peer: impl Display, aim: &str) {
        self.0.push([name.to_owned(), figure.to_string(), peer.to_string(), aim.to_owned()]);
    }

    pub fn print(&self) {
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

pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

pub fn mib(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    let mib = bytes as f64 / f64::from(1 << 20);
    format!("{mib:.1} MiB")
}
