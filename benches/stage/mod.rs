//! What every benchmark stands on: the sandbox, the real program, somebody at its pages, and the report.
#![allow(dead_code, reason = "no benchmark needs all of it")]

mod browser;
pub mod chronicle;
pub mod presser;
pub mod progress;
pub mod report;

use std::{
    error::Error,
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_sdk_cloudfront::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{InvalidationBatch, Paths},
};
use cloudfront_sandbox::{Config, Sandbox};
use tempfile::TempDir;

pub use browser::Browser;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

pub const DISTRIBUTION: &str = "E2QWRUHAPOMQZL";
const EMAIL: &str = "operator@example.com";
const PASSWORD: &str = "correct horse battery staple";
pub const CLIENTS: usize = 8;
const LOAD: Duration = Duration::from_secs(5);

/// What it is called with.
pub struct Arguments {
    pub unstale: PathBuf,
    /// An earlier build, which is measured in turns with that one.
    pub beside: Option<PathBuf>,
    /// A history of the same length that the earlier build has written.
    pub beside_database: Option<PathBuf>,
    /// Where to write a history, instead of measuring one.
    pub write: Option<PathBuf>,
    pub aws: Option<PathBuf>,
    pub python: Option<PathBuf>,
    pub numbers: Vec<u64>,
}

impl Arguments {
    pub fn read() -> Outcome<Self> {
        let mut it = Self {
            unstale: env!("CARGO_BIN_EXE_unstale").into(),
            beside: None,
            beside_database: None,
            write: None,
            aws: None,
            python: None,
            numbers: Vec::new(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut path = || words.next().map(PathBuf::from).ok_or(format!("{word} lacks its file"));
            match word.as_str() {
                "--unstale" => it.unstale = path()?,
                "--beside" => it.beside = Some(path()?),
                "--beside-database" => it.beside_database = Some(path()?),
                "--write" => it.write = Some(path()?),
                "--aws" => it.aws = Some(path()?),
                "--python" => it.python = Some(path()?),
                // What cargo itself adds.
                "--bench" => {}
                other => it.numbers.push(other.parse().map_err(|_| format!("what is {other}?"))?),
            }
        }
        Ok(it)
    }

    /// This build, and the one beside it.
    fn programs(&self) -> impl Iterator<Item = PathBuf> {
        [Some(self.unstale.clone()), self.beside.clone()].into_iter().flatten()
    }
}

/// What a build is measured with: a sandbox and a folder of its own.
pub struct WorkerContext {
    pub program: PathBuf,
    pub sandbox: Sandbox,
    folder: TempDir,
}

impl WorkerContext {
    pub async fn new(program: PathBuf, configure: impl FnOnce(Config) -> Config) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let sandbox = Sandbox::start(configure(Config::new(folder.path().join("origin")))).await?;
        Ok(Self { program, sandbox, folder })
    }

    /// One for this build, and one for the build beside it. Each has somebody who may sign in.
    pub async fn of_each(arguments: &Arguments, configure: impl Fn(Config) -> Config) -> Outcome<Vec<Self>> {
        let mut all = Vec::new();
        for program in arguments.programs() {
            let worker_context = Self::new(program, &configure).await?;
            worker_context.add_person()?;
            all.push(worker_context);
        }
        Ok(all)
    }

    /// Ends the sandboxes.
    pub async fn stop_each(builds: Vec<Self>) {
        for build in builds {
            build.sandbox.stop().await;
        }
    }

    /// Where it keeps what it writes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The service's program, with its surroundings but nothing of this machine's AWS set-up.
    pub fn unstale(&self) -> Command {
        let mut command = Command::new(&self.program);
        self.surround(&mut command);
        command.env("UNSTALE_DATABASE", self.database()).env("UNSTALE_LOG", "warn");
        // All requests come from one client.
        command.env("UNSTALE_REQUEST_RATE", "0").env("UNSTALE_DAILY_ITEMS", "0");
        command
    }

    pub fn database(&self) -> String {
        format!("sqlite://{}", self.folder().join("unstale.db").display())
    }

    pub fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder())
            .env("AWS_ENDPOINT_URL_CLOUDFRONT", self.sandbox.api_url())
            .env("UNSTALE_EDGE", self.sandbox.edge_url())
            .env("AWS_ACCESS_KEY_ID", "AKIABENCH")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
    }

    pub fn add_person(&self) -> Outcome<()> {
        self.add_person_as("operator")
    }

    pub fn add_person_as(&self, role: &str) -> Outcome<()> {
        self.add_named(EMAIL, role)
    }

    /// Adds a person with this address.
    pub fn add_named(&self, email: &str, role: &str) -> Outcome<()> {
        let mut command = self.unstale();
        command.args(["user", "add", email, "--role", role, "--password-stdin"]);
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

    /// The time that its threads have had of the processors: that of the program, and of the system for it.
    ///
    /// `proc_pid_stat(5)`: in hundredths of a second on Linux, fields 14 and 15.
    pub fn cpu_time(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program is in brackets, and may have blanks.
        let fields = stat.rsplit_once(')').ok_or("no name in stat")?.1;
        let ticks: Vec<u64> =
            fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
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

/// Starts a service for each build, and signs somebody in at each once it knows the distribution.
pub async fn start_each(
    builds: &[WorkerContext],
    start: fn(&WorkerContext) -> Outcome<Service>,
) -> Outcome<(Vec<Service>, Vec<Browser>)> {
    let (mut services, mut browsers) = (Vec::new(), Vec::new());
    for build in builds {
        let mut service = start(build)?;
        service.ready().await?;
        let browser = Browser::sign_in(&service).await?;
        browser.wait_for_distribution().await?;
        services.push(service);
        browsers.push(browser);
    }
    Ok((services, browsers))
}

/// The numbers of so many builds in the order in which they are asked in a round: each comes first as often as the others,
/// because the next one is asked while the first still works on what it was asked.
pub fn order(round: usize, builds: usize) -> impl Iterator<Item = usize> {
    (0..builds).map(move |place| (place + round) % builds)
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new key for a form.
pub fn key() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}

pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
