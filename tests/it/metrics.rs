//! `/metrics`, as far as no Prometheus is needed: `tests/outside/test_metrics.py` has one.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::Method;
use unstale::{
    domain::secret::SecretHash,
    http::{
        HttpOptions,
        metrics::{MetricsExporter, MetricsOptions, names},
    },
};

use crate::support::{Answer, TestApp, World, options as usual_options, program};

const TOKEN: &str = "0123456789abcdef";

fn options(token: Option<&str>) -> HttpOptions {
    let exporter = MetricsExporter::install([("cloudfront", "GetInvalidation")]).unwrap();
    let token = token.map(|token| SecretHash::of(token.as_bytes()));
    HttpOptions { metrics: Some(MetricsOptions { exporter, token }), ..usual_options() }
}

async fn ask(app: &TestApp, authorization: &str) -> Answer {
    app.stranger().send(Method::GET, "/metrics", &[("authorization", authorization)], Vec::new()).await
}

fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).expect(name);
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn without_a_token_there_are_none_beside_the_pages() {
    for app in [TestApp::new().await, TestApp::over(World::new().await, options(None)).await] {
        let answer = ask(&app, &format!("Bearer {TOKEN}")).await;
        assert_eq!(answer.status, 404);
        assert!(answer.body.contains("UNSTALE_METRICS_TOKEN") && !answer.body.contains("unstale_ready"));
        app.finish().await;
    }
}

#[tokio::test]
async fn who_has_the_token_reads_them() {
    let app = TestApp::over(World::new().await, options(Some(TOKEN))).await;
    for wrong in ["", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Basic 0123456789abcdef", TOKEN] {
        let answer = ask(&app, wrong).await;
        assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true), "{wrong}");
        assert!(!answer.body.contains("unstale_ready"));
    }
    let admin = app.admin().await;
    assert_eq!(admin.get("/metrics").await.status, 401, "a session is no token");
    let answer = ask(&app, "bearer 0123456789abcdef").await;
    assert_eq!(answer.status, 200);
    assert_eq!(value(&answer.body, "unstale_audit_intact").to_string(), "1");
    app.finish().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_no_old_number() {
    let app = TestApp::over(World::new().await, options(Some(TOKEN))).await;
    let authorization = format!("Bearer {TOKEN}");
    let before = ask(&app, &authorization).await.body;
    assert!(value(&before, "unstale_accounts_paused").abs() < f64::EPSILON);
    app.world.database.raw().await.run("ALTER TABLE account RENAME TO away").await.unwrap();
    let after = ask(&app, &authorization).await;
    app.world.database.raw().await.run("ALTER TABLE away RENAME TO account").await.unwrap();
    assert_eq!(after.status, 200);
    assert!(value(&after.body, "unstale_accounts_paused").is_nan());
    assert!(value(&after.body, "unstale_audit_intact").is_nan());
    app.finish().await;
}

#[test]
fn a_token_that_cannot_be_used_stops_the_start() {
    for (variable, given) in
        [("UNSTALE_METRICS_TOKEN", "short"), ("UNSTALE_METRICS_TOKEN_FILE", "/no/such/file")]
    {
        let mut serve = program::program();
        let folder = tempfile::tempdir().unwrap();
        serve.arg("serve").current_dir(&folder).env("AWS_EC2_METADATA_DISABLED", "true").env(variable, given);
        let (code, _, said) = program::run(&mut serve);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(variable) && !said.contains("\"short\""), "{said}");
    }
}

/// The words of a text that are names of metrics.
fn told(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("unstale_")).map(str::to_owned).collect()
}

#[test]
fn the_docs_describe_each_metric() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/OPERATIONS.md")).unwrap();
    let table = text.split("## Metrics").nth(1).unwrap().split("\n## ").next().unwrap();
    let known: BTreeSet<String> = names().map(str::to_owned).collect();
    assert_eq!(told(table), known);
}
