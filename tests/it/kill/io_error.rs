//! A disk that fails: writes and syncs end with an I/O error, or the file system has become read-only. Nothing is
//! promised meanwhile, nothing breaks, and it goes on by itself.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use reqwest::StatusCode;

use super::{
    program::{Person, Program, sandbox},
    reckoning::reckon,
};
use crate::support::{Raw, WORKSHOP};

/// What SQLite writes with. Not `write`, which the log and the runtime use too.
const WRITES: [&str; 4] =
    ["posix/io/rw/pwrite", "posix/io/rw/pwrite64", "posix/io/sync/fsync", "posix/io/sync/fdatasync"];
/// `EIO` and `EROFS`, as Linux numbers them.
const ERRORS: [u32; 2] = [5, 30];

/// Makes the service's writes fail, or not any more.
fn tell(control: &Path, program: &Program, command: &str) {
    for name in WRITES {
        let command = command.replace("NAME", name);
        let mut ctrl = Command::new("fiu-ctrl");
        let told = ctrl.arg("-f").arg(control).args(["-c", &command]).arg(program.pid().to_string());
        assert!(told.status().unwrap().success(), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_disk_is_said_and_outlived() {
    if Command::new("fiu-run").arg("-h").output().is_err() {
        eprintln!("SKIPPED: fiu-run is missing; scripts/test installs it (fiu-utils)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    let database = format!("sqlite://{}", folder.path().join("unstale.db").display());
    let mut program = Program::at(sandbox(&folder).await, database);
    program.add_person();
    program.start_faulty(&control).await;
    let person = Person::signed_in(&program).await;
    let mut accepted = Vec::new();
    for error in ERRORS {
        accepted.extend(fail_and_recover(&control, &program, &person, error).await);
    }
    reckon(&program, &accepted).await;
    program.kill();
    let mut raw = Raw::connect(&program.database).await;
    assert_eq!(raw.texts("PRAGMA integrity_check").await, ["ok"]);
}

/// Gives what was accepted.
async fn fail_and_recover(control: &Path, program: &Program, person: &Person, error: u32) -> Vec<String> {
    tell(control, program, &format!("enable name=NAME,failinfo={error}"));
    for number in 0..10 {
        let form = Person::form(WORKSHOP, &format!("/failing/{error}/{number}"));
        let answer = person.post("/invalidations", &form).await;
        assert_eq!(answer, Some(StatusCode::SERVICE_UNAVAILABLE), "error {error}");
    }
    tell(control, program, "disable name=NAME");
    let since = Instant::now();
    let item = format!("/mended/{error}");
    let form = Person::form(WORKSHOP, &item);
    while !person.send(&form).await {
        assert!(since.elapsed() < Duration::from_secs(10), "it did not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    vec![item]
}
