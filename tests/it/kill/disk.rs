//! A full disk: nothing is promised, nothing breaks, and it goes on by itself once there is room.

use std::{
    fs::File,
    io::Write,
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

/// A small file system in memory, taken away at the end.
pub struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// `None`, and a line that says so, where mounting is not allowed.
    pub fn mount(at: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(at).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        eprintln!("SKIPPED: a small file system could not be mounted; it takes root");
        None
    }

    fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).unwrap();
        let block = [7; 1_024];
        while filler.write_all(&block).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_outlived() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("disk");
    let Some(disk) = SmallDisk::mount(&place) else { return };
    let database = format!("sqlite://{}", place.join("unstale.db").display());
    let mut program = Program::at(sandbox(&folder).await, database);
    program.add_person();
    program.start(None).await;
    let person = Person::signed_in(&program).await;
    let mut accepted = Vec::new();
    assert!(person.send(&Person::form(WORKSHOP, "/before")).await);
    accepted.push("/before".to_owned());
    program.until_all_have_ended().await;

    disk.fill();
    // What fits into the pages that the log has already is durable all the same.
    let mut refused = 0;
    for number in 0..200 {
        let item = format!("/full/{number}");
        match person.post("/invalidations", &Person::form(WORKSHOP, &item)).await {
            Some(StatusCode::SEE_OTHER) => accepted.push(item),
            Some(StatusCode::SERVICE_UNAVAILABLE) => refused += 1,
            other => panic!("answered with {other:?}"),
        }
    }
    assert!(refused > 0, "the disk was never full");

    disk.free();
    let since = Instant::now();
    let form = Person::form(WORKSHOP, "/after");
    while !person.send(&form).await {
        assert!(since.elapsed() < Duration::from_secs(10), "it did not recover");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    accepted.push("/after".to_owned());
    reckon(&program, &accepted).await;
    program.kill();
    let mut raw = Raw::connect(&program.database).await;
    assert_eq!(raw.texts("PRAGMA integrity_check").await, ["ok"]);
}
