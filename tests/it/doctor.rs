//! `unstale doctor`, as it is run.

use std::{fs, net::TcpListener};

use cloudfront_sandbox::{Config, Fault, FaultKind, Sandbox, Seed};
use serde_json::Value;
use tempfile::TempDir;
use unstale::store::Db;

use crate::{
    history::given::fill,
    support::{Raw, WORKSHOP, program},
};

struct Given {
    folder: TempDir,
    sandbox: Sandbox,
    /// Nobody answers here.
    silent: String,
}

impl Given {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { seed: Seed::Sites, ..Config::new(folder.path().join("origin")) };
        let sandbox = Sandbox::start(config).await.unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        Self { folder, sandbox, silent }
    }

    fn address(&self) -> String {
        format!("sqlite://{}", self.folder.path().join("unstale.db").display())
    }

    async fn filled(&self) {
        let db = Db::open(&self.address()).await.unwrap();
        fill(&db, 30).await;
        db.close().await;
    }

    /// Its exit code, and what it found.
    fn examine(&self, environment: &[(&str, &str)]) -> (i32, Value) {
        let (code, said) = self.run(&["--json"], environment);
        (code, serde_json::from_str(&said).unwrap())
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
        let mut doctor = program::program();
        doctor
            .arg("doctor")
            .args(arguments)
            .env_clear()
            .env("UNSTALE_DATABASE", self.address())
            .env("UNSTALE_LISTEN", &self.silent)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL_CLOUDFRONT", self.sandbox.api_url())
            .envs(environment.iter().copied());
        let (code, said, _) = program::run(&mut doctor);
        (code, said)
    }
}

/// The condition of a part, its message and its fix. Where there are several parts of this name, those of the worst.
fn part<'a>(found: &'a Value, name: &str) -> (&'a str, &'a str, &'a str) {
    let parts = found["parts"].as_array().unwrap().iter().filter(|part| part["name"] == name);
    let rank = |part: &&Value| {
        ["ok", "not_checked", "warning", "error"].iter().position(|c| part["condition"] == **c)
    };
    let part = parts.max_by_key(rank).unwrap_or_else(|| panic!("no {name} in {found}"));
    let text = |field: &str| part[field].as_str().unwrap_or_default();
    (text("condition"), text("message"), text("fix"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_well_but_for_the_backups() {
    let given = Given::new().await;
    given.filled().await;
    let (code, found) = given.examine(&[]);
    assert_eq!((code, found["condition"].as_str()), (0, Some("warning")), "{found}");
    for name in [
        "settings",
        "database",
        "disk",
        "integrity",
        "tables",
        "clock",
        "aws",
        "permissions",
        "optional",
        "sign_in",
    ] {
        assert_eq!(part(&found, name).0, "ok", "{name}: {found}");
    }
    assert_eq!(part(&found, "history"), ("ok", "30 events, intact", ""));
    assert!(part(&found, "backups").2.contains("UNSTALE_BACKUP_DIR"));
    assert_eq!(part(&found, "create_invalidation").0, "not_checked");
    assert_eq!(part(&found, "service").0, "not_checked");
    let calls = given.sandbox.calls();
    assert!(calls.iter().all(|call| call.operation != "CreateInvalidation"), "{calls:?}");
    let (code, said) = given.run(&[], &[]);
    assert!(code == 0 && said.contains("Errors: 0, warnings: 1."), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_start_there_is_no_database_and_none_is_made() {
    let given = Given::new().await;
    let (code, found) = given.examine(&[]);
    assert_eq!((code, part(&found, "database").0), (0, "not_checked"), "{found}");
    assert!(!given.folder.path().join("unstale.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_history_and_a_file_that_is_no_database_are_errors() {
    let given = Given::new().await;
    given.filled().await;
    let mut raw = Raw::connect(&given.address()).await;
    raw.let_events_change().await;
    raw.forge(7, "WEB-7:", "WEB-8:").await;
    drop(raw);
    let (code, found) = given.examine(&[]);
    let (condition, message, _) = part(&found, "history");
    assert_eq!((code, condition), (1, "error"));
    assert!(message.starts_with("broken at event 7: it was changed"), "{message}");
    let trigger = "the trigger audit_event_is_not_updated is missing or was changed";
    assert!(part(&found, "tables").0 == "error" && part(&found, "tables").1 == trigger, "{found}");
    fs::write(given.folder.path().join("unstale.db"), "no database at all, but long enough to be read")
        .unwrap();
    let (code, found) = given.examine(&[]);
    assert_eq!((code, part(&found, "database").0), (1, "error"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_refuses_comes_with_what_to_do() {
    let given = Given::new().await;
    let denied = |operation| Fault::new(operation, FaultKind::AccessDenied);
    given.sandbox.set_faults(vec![denied("ListInvalidations"), denied("ListCachePolicies")]);
    let (code, found) = given.examine(&[]);
    let (condition, message, fix) = part(&found, "permissions");
    assert_eq!((code, condition), (1, "error"), "{found}");
    assert!(message.starts_with("ListInvalidations: AccessDenied"), "{message}");
    assert!(fix.contains("\"cloudfront:ListInvalidations\"") && fix.contains(":distribution/"), "{fix}");
    assert_eq!(part(&found, "optional").0, "warning", "{found}");
    let (code, found) = given.examine(&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]);
    let (condition, _, fix) = part(&found, "aws");
    assert_eq!((code, condition), (1, "error"), "{found}");
    assert!(fix.contains("AWS_PROFILE"), "{fix}");
    assert!(!found.to_string().contains(WORKSHOP), "nothing is asked of a distribution that is not known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_that_stopped_are_an_error() {
    let given = Given::new().await;
    given.filled().await;
    let folder = given.folder.path().join("backups");
    let environment = [("UNSTALE_BACKUP_DIR", folder.to_str().unwrap())];
    assert_eq!(part(&given.examine(&environment).1, "backups").0, "warning", "the folder is not there");
    fs::create_dir(&folder).unwrap();
    assert_eq!(part(&given.examine(&environment).1, "backups").0, "warning", "none yet");
    fs::write(folder.join("unstale-20240101T000000Z.db"), "a backup").unwrap();
    fs::write(folder.join("unstale-20990101T000000Z.db"), "of a wrong clock").unwrap();
    let (code, found) = given.examine(&environment);
    assert_eq!((code, part(&found, "backups").0), (1, "error"), "{found}");
    let now = unstale::clock::Clock::system().now().to_string();
    let second = now.replace(['-', ':'], "");
    let second = second.split(['.', 'Z']).next().unwrap();
    fs::write(folder.join(format!("unstale-{second}Z.db")), "a backup").unwrap();
    assert_eq!(part(&given.examine(&environment).1, "backups").0, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_and_another_program_at_the_address_are_told() {
    let given = Given::new().await;
    let (code, found) = given.examine(&[("UNSTALE_OIDC_ISSUER", "https://idp.example")]);
    assert_eq!((code, part(&found, "sign_in").0), (1, "error"), "{found}");
    let (code, found) = given.examine(&[("UNSTALE_SECRETS_KEY_FILE", "/nowhere/key")]);
    assert_eq!((code, part(&found, "settings").0), (1, "error"), "{found}");
    let (code, found) = given.examine(&[("UNSTALE_DATABASE", "sqlite:///nowhere/unstale.db")]);
    assert_eq!((code, part(&found, "database").0), (1, "error"), "{found}");
    let other = given.sandbox.api_url();
    let (_, found) = given.examine(&[("UNSTALE_LISTEN", other.trim_start_matches("http://"))]);
    assert_eq!(part(&found, "service").0, "warning", "{found}");
}
