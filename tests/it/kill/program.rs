//! The real program over a CloudFront stand-in, started and killed at will, and a person at its pages.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use cloudfront_sandbox::{Config, Sandbox, Seed};
use reqwest::{Client, StatusCode, redirect::Policy};
use tempfile::TempDir;
use tokio::time::timeout;
use unstale::store::{Db, distributions, invalidations};

use crate::support::{WORKSHOP, all_seen, uuid};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unstale");
const EMAIL: &str = "ops@example.com";
const PASSWORD: &str = "correct horse battery";
/// Far more than a start, an end or a request takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// What catching up takes after many kills in a row.
const REST: Duration = Duration::from_secs(20);

/// The program and all that it needs.
pub struct Program {
    pub sandbox: Arc<Sandbox>,
    pub database: String,
    address: SocketAddr,
    /// Kept for as long as the program is.
    folder: Option<TempDir>,
    child: Option<Child>,
}

/// A stand-in that completes at once, with its own time.
pub async fn sandbox(folder: &TempDir) -> Arc<Sandbox> {
    let config = Config {
        complete_after: Duration::from_millis(500),
        seed: Seed::Sites,
        ..Config::new(folder.path().join("origin"))
    };
    Arc::new(Sandbox::start(config).await.unwrap())
}

impl Program {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("unstale.db").display());
        let mut program = Self::at(sandbox(&folder).await, database);
        program.folder = Some(folder);
        program.add_person();
        program
    }

    /// On a database that is there, without anybody in it.
    pub fn at(sandbox: Arc<Sandbox>, database: String) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { sandbox, database, address, folder: None, child: None }
    }

    fn command(&self) -> Command {
        self.surrounded(Command::new(PROGRAM))
    }

    fn surrounded(&self, mut command: Command) -> Command {
        command
            .env_remove("UNSTALE_ABORT_AT")
            .env("UNSTALE_DAILY_ITEMS", "0")
            .env("UNSTALE_DATABASE", &self.database)
            // Beside PostgreSQL it would be made where the test runs. Replicas of one test share it.
            .env(
                "UNSTALE_AUDIT_KEY",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.audit-key", std::process::id())),
            )
            .env("UNSTALE_LOG", "warn")
            .env("AWS_ENDPOINT_URL_CLOUDFRONT", self.sandbox.api_url())
            .env("UNSTALE_EDGE", self.sandbox.edge_url())
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    pub fn add_person(&self) {
        let mut adding = self
            .command()
            .args(["user", "add", EMAIL, "--role", "operator", "--password-stdin"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(adding.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(adding.wait().unwrap().success());
    }

    /// Starts it, to be ended at a named step if one is given, and waits until it answers.
    pub async fn start(&mut self, abort_at: Option<&str>) {
        self.start_as(self.command(), abort_at).await;
    }

    /// Starts it under libfiu, which makes its calls to the system fail when told to over `control`.
    pub async fn start_faulty(&mut self, control: &Path) {
        let mut command = Command::new("fiu-run");
        command.arg("-x").arg("-f").arg(control).arg(PROGRAM);
        self.start_as(self.surrounded(command), None).await;
    }

    async fn start_as(&mut self, mut command: Command, abort_at: Option<&str>) {
        command.args(["serve", "--listen", &self.address.to_string()]);
        command.args(["--create-rate", "1000", "--create-burst", "1000"]);
        if let Some(step) = abort_at {
            command.env("UNSTALE_ABORT_AT", step);
        }
        self.child = Some(command.spawn().unwrap());
        let since = Instant::now();
        let client = Client::new();
        while client.get(format!("http://{}/healthz", self.address)).send().await.is_err() {
            // A step may come before the first answer.
            let ended = self.child.as_mut().unwrap().try_wait().unwrap().is_some();
            if ended && abort_at.is_some() {
                return;
            }
            assert!(since.elapsed() < PATIENCE && !ended, "it does not start");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// SIGKILL: no last word.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        let _ = child.kill();
        child.wait().unwrap();
    }

    /// Waits for the end at the named step.
    pub async fn ended_by_itself(&mut self) -> bool {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if self.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                self.child = None;
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Waits until nothing is under way any more: however much there is, it must become less, within the minute for which
    /// a killed replica's lease holds and one more.
    pub async fn until_all_have_ended(&self) {
        self.until_at_most(0).await;
    }

    /// Some rest while people go on pressing, for as long as much is under way. What comes of it is seen at the end.
    pub async fn rest(&self) {
        let _ = timeout(REST, self.until_at_most(100)).await;
    }

    async fn until_at_most(&self, few: usize) {
        let db = Db::open(&self.database).await.unwrap();
        let (mut fewest, mut since) = (usize::MAX, Instant::now());
        loop {
            let mut conn = db.read().await.unwrap();
            let left = invalidations::active(&mut conn, &all_seen(), 1_000_000).await.unwrap();
            drop(conn);
            if left.len() <= few {
                break;
            }
            if left.len() < fewest {
                (fewest, since) = (left.len(), Instant::now());
            }
            assert!(
                since.elapsed() < 2 * PATIENCE,
                "{} do not end, the first of them {:?}",
                left.len(),
                left[0]
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        db.close().await;
    }

    /// Waits until the distributions were read once, so that there is something to choose.
    async fn until_surveyed(&self) {
        let db = Db::open(&self.database).await.unwrap();
        let since = Instant::now();
        let distribution = unstale::domain::id::DistributionId::from_trusted(WORKSHOP);
        while distributions::find(&mut db.read().await.unwrap(), &distribution).await.unwrap().is_none() {
            assert!(since.elapsed() < PATIENCE, "the distributions are not read");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        db.close().await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    client: Client,
    base: String,
}

impl Person {
    pub async fn signed_in(program: &Program) -> Self {
        program.until_surveyed().await;
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let base = format!("http://{}", program.address);
        let person = Self { client, base };
        let form = [("email", EMAIL), ("password", PASSWORD)].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(person.post("/sign-in", &form).await, Some(StatusCode::SEE_OTHER));
        person
    }

    /// The same person at another replica: the session is in the database.
    pub fn at(&self, program: &Program) -> Self {
        // Cookies know no ports.
        Self { client: self.client.clone(), base: format!("http://{}", program.address) }
    }

    /// A form for one item, with the key that makes pressing twice harmless.
    pub fn form(distribution: &str, item: &str) -> [(String, String); 4] {
        [("distribution", distribution), ("items", item), ("reason", "kill"), ("request_key", &uuid())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    }

    /// Sends a form; gives whether it was told that it is accepted.
    pub async fn send(&self, form: &[(String, String)]) -> bool {
        match self.post("/invalidations", form).await {
            Some(StatusCode::SEE_OTHER) => true,
            None | Some(StatusCode::SERVICE_UNAVAILABLE) => false,
            Some(other) => panic!("answered with {other}"),
        }
    }

    pub async fn post(&self, path: &str, form: &[(String, String)]) -> Option<StatusCode> {
        let request =
            self.client.post(format!("{}{path}", self.base)).header("origin", &self.base).form(form);
        request.send().await.ok().map(|response| response.status())
    }
}
