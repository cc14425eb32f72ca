//! `unstale backup`, `restore` and `doctor` with a bucket of S3, as they are run.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use tempfile::TempDir;
use unstale::store::{Db, instance_lock};

use crate::{
    history::given::fill,
    support::{
        bucket_server::{BucketFault, BucketServer},
        program,
    },
};

const OBJECT: &str = "s3://backups/eu/copy of monday.db";

struct Given {
    folder: TempDir,
    server: BucketServer,
}

impl Given {
    async fn new() -> Self {
        let given = Self { folder: tempfile::tempdir().unwrap(), server: BucketServer::start().await };
        let db = Db::open(&format!("sqlite://{}", given.file("unstale.db").display())).await.unwrap();
        fill(&db, 30).await;
        db.close().await;
        given
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = program::program();
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("UNSTALE_DATABASE", "sqlite://unstale.db")
            .env("AWS_ENDPOINT_URL_S3", &self.server.address)
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "eu-central-1");
        tokio::task::spawn_blocking(move || program::run(&mut command)).await.unwrap()
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_to_a_bucket_and_comes_back() {
    let given = Given::new().await;
    given.server.set_region("eu-north-1");
    let (code, said, complaint) = given.run(&["backup", OBJECT]).await;
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(given.server.calls("in another region"), 1, "no content is sent where the bucket is not");
    assert_eq!((given.server.calls("HeadObject"), given.server.calls("PutObject")), (2, 1));
    assert!(said.contains(&format!("Backed up to {OBJECT}")) && said.contains("30 events"), "{said}");
    assert!(given.names().iter().all(|name| !name.contains("unstale-backup")), "{:?}", given.names());
    let (code, _, complaint) = given.run(&["backup", OBJECT]).await;
    assert!(code == 2 && complaint.contains("overwrites nothing"), "{complaint}");
    let (code, _, complaint) = given.run(&["restore", OBJECT]).await;
    assert!(code == 2 && complaint.contains("--replace"), "{complaint}");
    assert_eq!(given.server.calls("GetObject"), 0, "nothing is downloaded that cannot be put back");
    let lock = instance_lock::take(&given.file("unstale.db")).unwrap();
    let (code, _, complaint) = given.run(&["restore", OBJECT, "--replace"]).await;
    assert!(code == 2 && given.server.calls("GetObject") == 0, "the service runs: {complaint}");
    drop(lock);
    let (code, said, complaint) = given.run(&["restore", OBJECT, "--replace"]).await;
    assert!(code == 0 && said.contains(&format!("Restored {OBJECT}")), "{said}{complaint}");
    let (code, said, _) = given.run(&["audit", "verify"]).await;
    assert!(code == 0 && said.contains("31"), "the history has the restore too: {said}");
    assert_eq!(given.file("unstale.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(given.names().iter().all(|name| !name.contains(".unstale-")), "{:?}", given.names());
    let (code, _, complaint) = given.run(&["restore", OBJECT, "--database", "sqlite://new.db"]).await;
    assert_eq!(code, 0, "{complaint}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_back_changed_is_not_restored() {
    let given = Given::new().await;
    given.run(&["backup", OBJECT]).await;
    let key = "eu/copy of monday.db";
    given.server.change(key, |content| *content.last_mut().unwrap() ^= 1);
    let (code, _, complaint) = given.run(&["restore", OBJECT, "--database", "sqlite://new.db"]).await;
    assert!(code == 1 && complaint.contains("its SHA-256 is"), "{complaint}");
    assert!(given.names().iter().all(|name| !name.starts_with("new.db")), "{:?}", given.names());
    given.server.put(key, "no database, from somebody else");
    let (code, _, complaint) = given.run(&["restore", OBJECT, "--database", "sqlite://new.db"]).await;
    assert_eq!(code, 1, "{complaint}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_s3_refuses_comes_with_what_to_do() {
    let given = Given::new().await;
    let denied = Some(BucketFault::Denied);
    given.server.set_fault("PutObject", denied);
    given.server.set_fault("GetObject", denied);
    for (arguments, words) in [
        (&["backup", OBJECT][..], "\"Action\": \"s3:PutObject\""),
        (&["restore", OBJECT, "--replace"], "\"Action\": \"s3:GetObject\""),
        (&["backup", "s3://elsewhere/a.db"], "there is no bucket elsewhere"),
        (&["restore", "s3://backups/", "--replace"], "it names no object"),
        (&["backup", "s3://backups/../a.db"], "as a part"),
        (&["backup", "gs://backups/a.db"], "or s3://BUCKET/KEY"),
    ] {
        let (code, _, complaint) = given.run(arguments).await;
        assert!(code == 2 && complaint.contains(words), "{arguments:?}: {complaint}");
    }
    given.server.set_fault("GetObject", None);
    let (code, _, complaint) = given.run(&["restore", OBJECT, "--replace"]).await;
    assert!(code == 2 && complaint.contains(&format!("there is no object {OBJECT}")), "{complaint}");
    for place in ["s3://", "s3://backups/a b", "s3:/backups", "gs://backups"] {
        let (code, _, complaint) = given.run(&["serve", "--backup-dir", place]).await;
        assert!(code == 2 && complaint.contains("--backup-dir"), "{place}: {complaint}");
        assert!(complaint.contains("s3://"), "{complaint}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_how_old_the_newest_is() {
    let given = Given::new().await;
    let examine = async || {
        let (_, said, _) = given.run(&["doctor", "--json", "--backup-dir", "s3://backups/eu"]).await;
        let found: serde_json::Value = serde_json::from_str(&said).unwrap();
        let parts = found["parts"].as_array().unwrap().iter();
        let part = parts.into_iter().find(|part| part["name"] == "backups").unwrap().clone();
        let text = |field: &str| part[field].as_str().unwrap_or_default().to_owned();
        (text("condition"), text("message"), text("fix"))
    };
    assert_eq!(examine().await.0, "warning");
    given.server.put("eu/unstale-20240101T000000Z.db", "a backup");
    let (condition, message, _) = examine().await;
    assert!(condition == "error" && message.contains("the newest in s3://backups/eu is"), "{message}");
    given.server.set_fault("ListObjectsV2", Some(BucketFault::Denied));
    let (condition, message, fix) = examine().await;
    assert!(condition == "error" && message.contains("s3:ListBucket on s3://backups/eu"), "{message}");
    assert!(fix.contains("\"arn:aws:s3:::backups\"") && fix.contains("\"eu/*\""), "{fix}");
}
