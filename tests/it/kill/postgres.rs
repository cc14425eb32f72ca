//! PostgreSQL restarts under load, and three replicas share one database while one after the other is killed.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    press,
    program::{Person, Program, sandbox},
    reckoning::reckon,
};
use crate::{simulation::Rng, support::WORKSHOP};

/// A server of its own for one test, whose commits outlive its crash.
struct Server {
    holder: Child,
    address: String,
    bin: String,
    data: String,
}

impl Server {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres");
        let tell = "echo $UNSTALE_TEST_POSTGRES; echo $UNSTALE_TEST_POSTGRES_BIN; echo $UNSTALE_TEST_POSTGRES_DATA; cat";
        let mut holder = Command::new(script)
            .args(["sh", "-c", tell])
            .env_remove("UNSTALE_TEST_POSTGRES")
            .env("UNSTALE_TEST_POSTGRES_DURABLE", "on")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let (address, bin, data) = (line(), line(), line());
        Self { holder, address, bin, data }
    }

    /// The server ends as in a crash and begins anew.
    fn restart(&self) {
        let pg_ctl =
            format!("{}/pg_ctl restart -D {} -m immediate -w -s -l {}.log", self.bin, self.data, self.data);
        // The server refuses to run as root.
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let done = if root {
            Command::new("runuser")
                .args(["-u", "postgres", "--", "sh", "-c", &pg_ctl])
                .current_dir("/")
                .status()
        } else {
            Command::new("sh").args(["-c", &pg_ctl]).status()
        };
        assert!(done.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn restarts_of_the_server_lose_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::at(sandbox(&folder).await, server.address.clone());
    program.add_person();
    program.start(None).await;
    let person = Person::signed_in(&program).await;
    let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let pressing = tokio::spawn(press(person.clone(), Arc::clone(&over), count));
    for round in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        server.restart();
        let since = Instant::now();
        let form = Person::form(WORKSHOP, &format!("/after/{round}"));
        while !person.send(&form).await {
            assert!(since.elapsed() < Duration::from_secs(10), "it did not recover");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    over.store(true, Ordering::SeqCst);
    let accepted = pressing.await.unwrap();
    assert!(!accepted.is_empty());
    reckon(&program, &accepted).await;
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn three_replicas_share_the_work_though_they_are_killed() {
    let server = Server::start();
    let kills: u64 = std::env::var("UNSTALE_KILLS").map_or(6, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(&folder).await;
    let mut replicas: Vec<Program> =
        (0..3).map(|_| Program::at(Arc::clone(&sandbox), server.address.clone())).collect();
    replicas[0].add_person();
    for replica in &mut replicas {
        replica.start(None).await;
    }
    let person = Person::signed_in(&replicas[0]).await;
    let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let people: Vec<_> = replicas
        .iter()
        .map(|replica| tokio::spawn(press(person.at(replica), Arc::clone(&over), Arc::clone(&count))))
        .collect();
    let mut rng = Rng::new(kills);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(300 + rng.below(700))).await;
        let one = usize::try_from(rng.below(3)).unwrap();
        replicas[one].kill();
        replicas[one].start(None).await;
    }
    over.store(true, Ordering::SeqCst);
    let mut accepted = Vec::new();
    for one in people {
        accepted.extend(one.await.unwrap());
    }
    assert!(accepted.len() as u64 > kills);
    reckon(&replicas[0], &accepted).await;
}
