//! The page of the system: what is wrong, and what to do about it.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    backup_status::{BackupProblem, BackupStatus},
    domain::backups::BackupPlace,
    http::{HttpOptions, ScheduledBackups},
};

use crate::support::{Answer, TestApp, World, options, seconds};

const PAGE: &str = "/settings/system";

/// The rows of the page: the part, its state, and what was found.
fn rows(page: &Answer) -> Vec<[String; 3]> {
    let cells = page.texts(".parts td");
    assert!(!cells.is_empty() && cells.len().is_multiple_of(3), "{cells:?}");
    cells.chunks(3).map(|row| [row[0].clone(), row[1].clone(), row[2].clone()]).collect()
}

fn row(page: &Answer, part: &str) -> (String, String) {
    let found = rows(page).into_iter().find(|row| row[0] == part).unwrap_or_else(|| panic!("no row {part}"));
    let [_, state, what] = found;
    (state, what)
}

fn assert_row(page: &Answer, part: &str, state: &str, words: &[&str]) {
    let (is, what) = row(page, part);
    assert_eq!(is, state, "{part}: {what}");
    for words in words {
        assert!(what.contains(words), "{part}: {what}");
    }
}

#[tokio::test]
async fn a_service_that_is_well_says_so() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let page = admin.visit(PAGE).await;
    assert_row(&page, "Service", "OK", &["ready"]);
    assert_row(&page, "Database", "OK", &["unstale.db", "KiB"]);
    assert_row(&page, "Distributions", "OK", &["read from CloudFront"]);
    assert_row(&page, "Backups", "Warning", &["the service makes none", "UNSTALE_BACKUP_DIR"]);
    assert_row(&page, "Metrics", "Off", &["UNSTALE_METRICS_LISTEN"]);
    assert_row(&page, "Sign-in", "OK", &["Local accounts"]);
    assert!(!rows(&page).iter().any(|row| row[1] == "Error"), "{:?}", rows(&page));
    page.assert_says("No worker has started");
    assert!(admin.visit("/settings").await.has(&format!("a[href='{PAGE}']")));
    assert_eq!(app.operator().await.get(PAGE).await.status, 403);
    app.finish().await;
}

#[tokio::test]
async fn workers_are_shown_and_one_that_has_ended_is_an_error() {
    let options = options();
    let heartbeats = options.heartbeats.clone();
    let app = TestApp::over(World::new().await, options).await;
    let poller = heartbeats.of("poller");
    drop(heartbeats.of("warmer"));
    let page = app.admin().await.visit(PAGE).await;
    let workers = page.texts("main table:not(.parts) td");
    assert_eq!(workers[..3], ["poller", "OK", "just now"]);
    assert_eq!(workers[3..], ["warmer", "Error", "it has ended"]);
    assert_row(&page, "Service", "Error", &["workers: silent: warmer", "The log of the service"]);
    drop(poller);
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_stands_there_with_what_to_do() {
    let app = TestApp::new().await;
    app.world.fault(Fault::new("CreateInvalidation", FaultKind::Expired));
    let id = app.world.request("/a").await;
    app.world.submit().await;
    app.world.advance(seconds(90));
    let admin = app.admin().await;
    let mut raw = app.world.database.raw().await;
    let broken =
        "UPDATE audit_check SET broken_at = 7, problem = 'it was changed', file_problem = 'no such folder'";
    raw.run(broken).await.unwrap();
    let page = admin.visit(PAGE).await;
    assert_row(
        &page,
        "AWS account",
        "Error",
        &["nothing is sent for 1 min 30 s", "ExpiredToken", "credentials"],
    );
    assert_row(&page, "History", "Error", &["broken at event 7: it was changed", "unstale audit verify"]);
    assert_row(&page, "Signed heads", "Warning", &["to the file: no such folder"]);
    raw.run("UPDATE audit_check SET broken_at = NULL, problem = '', file_problem = ''").await.unwrap();
    app.world.sandbox.set_faults(Vec::new());
    app.world.live(60).await;
    assert_eq!(app.world.state(&id).await, "completed");
    app.finish().await;
}

#[tokio::test]
async fn the_age_of_the_newest_backup_is_told() {
    let every = seconds(6 * 3_600);
    let with = |newest| {
        let (place, status) = (BackupPlace::Folder("/mnt/backups".into()), BackupStatus::default());
        let backups = Some(ScheduledBackups { place, every, newest, status });
        HttpOptions { backups, ..options() }
    };
    let app = TestApp::over(World::new().await, with(|_, now| Ok(Some(now.minus(seconds(7_200)))))).await;
    let page = app.admin().await.visit(PAGE).await;
    assert_row(&page, "Backups", "OK", &["the newest in /mnt/backups is 2 hours old"]);
    app.finish().await;
    let app = TestApp::over(World::new().await, with(|_, now| Ok(Some(now.minus(seconds(50_000)))))).await;
    let page = app.admin().await.visit(PAGE).await;
    assert_row(&page, "Backups", "Error", &["no backup was made"]);
    app.finish().await;
    let away = with(|_, _| Err(std::io::Error::new(std::io::ErrorKind::NotFound, "it is not there")));
    let app = TestApp::over(World::new().await, away).await;
    let page = app.admin().await.visit(PAGE).await;
    assert_row(&page, "Backups", "Error", &["cannot be read: it is not there", "its disk is mounted"]);
    app.finish().await;
}

#[tokio::test]
async fn why_the_last_backup_failed_stands_there() {
    let status = BackupStatus::default();
    let place = BackupPlace::parse("s3://backups/eu").unwrap();
    let backups = ScheduledBackups {
        place,
        every: seconds(6 * 3_600),
        newest: |_, _| panic!("a bucket is no folder"),
        status: status.clone(),
    };
    let app = TestApp::over(World::new().await, HttpOptions { backups: Some(backups), ..options() }).await;
    let admin = app.admin().await;
    let page = admin.visit(PAGE).await;
    assert_row(&page, "Backups", "Warning", &["there is no backup in s3://backups/eu yet"]);
    let now = app.world.clock.now();
    let problem = |message: &str, fix: &str| BackupProblem {
        at: now.minus(seconds(300)),
        message: message.to_owned(),
        fix: fix.to_owned(),
    };
    status.found(now.minus(seconds(7_200)));
    status.failed(problem("S3 does not allow s3:PutObject", "Add <this> statement"));
    status.removed(Some(problem("S3 does not allow s3:DeleteObject", "Or a lifecycle rule")));
    let page = admin.visit(PAGE).await;
    let rows: Vec<_> = rows(&page).into_iter().filter(|row| row[0] == "Backups").collect();
    let [age, failure, removal] = rows.as_slice() else { panic!("{rows:?}") };
    assert!(age[1] == "OK" && age[2].contains("the newest in s3://backups/eu is 2 hours old"), "{age:?}");
    assert!(
        failure[1] == "Error" && failure[2].contains("the last one failed 5 min ago: S3 does not"),
        "{failure:?}"
    );
    assert!(failure[2].contains("Add <this> statement"), "{failure:?}");
    assert!(removal[1] == "Warning" && removal[2].contains("s3:DeleteObject"), "{removal:?}");
    status.made(now);
    status.removed(None);
    let page = admin.visit(PAGE).await;
    assert_eq!(page.texts(".parts td").iter().filter(|text| *text == "Backups").count(), 1);
    app.finish().await;
}
