//! The program and its files: one service for a file whatever its name, other versions, a file that is taken away, and
//! the memory that passwords take.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::process::{PASSWORD, Service, add, complained, run, sign_in};
use crate::support::Raw;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
/// Within this time it is noticed that the file was taken away.
const NOTICED: Duration = Duration::from_secs(10);

async fn raw(folder: &Path) -> Raw {
    Raw::connect(&format!("sqlite://{}", folder.join("unstale.db").display())).await
}

#[test]
fn one_service_serves_a_file_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Service::start(folder.path());
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let file = folder.path().join("unstale.db");
    std::os::unix::fs::symlink(&file, elsewhere.join("unstale.db")).unwrap();
    let second = run(&elsewhere, &SERVE, "");
    assert!(complained(&second).contains("another Unstale is serving"), "{}", complained(&second));
    fs::remove_file(elsewhere.join("unstale.db")).unwrap();
    fs::hard_link(&file, elsewhere.join("unstale.db")).unwrap();
    let second = run(&elsewhere, &SERVE, "");
    assert_eq!(second.status.code(), Some(1));
    assert!(complained(&second).contains("another Unstale is serving"), "{}", complained(&second));
}

#[test]
fn no_command_works_on_a_served_file_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let _service = Service::start(folder.path());
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let file = folder.path().join("unstale.db");
    fs::hard_link(&file, elsewhere.join("unstale.db")).unwrap();
    for args in [
        &["token", "create", "deploy", "--role", "operator"][..],
        &["token", "list"],
        &["user", "list"],
        &["audit", "verify"],
        &["audit", "export", "--format", "csv"],
    ] {
        let refused = run(&elsewhere, args, "");
        assert!(!refused.status.success(), "{args:?}");
        let words = complained(&refused);
        assert!(words.contains("is another name of a file that Unstale is serving"), "{args:?}: {words}");
        assert!(refused.stdout.is_empty(), "{args:?}");
    }
    // By its own name, and through a symbolic link to that, commands work beside the service.
    fs::remove_file(elsewhere.join("unstale.db")).unwrap();
    std::os::unix::fs::symlink(&file, elsewhere.join("unstale.db")).unwrap();
    for (place, name) in [(folder.path(), "one"), (&elsewhere, "two")] {
        let made = run(place, &["token", "create", name, "--role", "operator"], "");
        assert!(made.status.success(), "{}", complained(&made));
        assert!(run(place, &["audit", "verify"], "").status.success());
    }
}

#[test]
fn what_is_no_database_of_unstale_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let file = path("unstale.db");
    let refused = |words: &str| {
        for args in [&SERVE[..], &["user", "list"], &["audit", "verify"]] {
            let refused = run(folder.path(), args, "");
            assert!(!refused.status.success(), "{args:?}");
            let said = complained(&refused);
            assert!(said.contains(words) && !said.contains("hard links"), "{args:?}: {said}");
        }
    };
    fs::create_dir(&file).unwrap();
    refused("is a folder");
    fs::remove_dir(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    refused("is a pipe");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(path("nowhere/unstale.db"), &file).unwrap();
    refused("where there is nothing");
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unstale.db");
    fs::write(&file, "").unwrap();
    let mut raw = raw(folder.path()).await;
    raw.run("CREATE TABLE invoice (id INTEGER PRIMARY KEY)").await.unwrap();
    drop(raw);
    let before = fs::read(&file).unwrap();
    for args in [&SERVE[..], &["user", "list"], &["token", "list"], &["audit", "verify"]] {
        let refused = run(folder.path(), args, "");
        assert!(!refused.status.success(), "{args:?}");
        let words = complained(&refused);
        assert!(words.contains("tables of another program"), "{args:?}: {words}");
    }
    assert!(fs::read(&file).unwrap() == before, "it was written to");
}

#[tokio::test]
async fn nothing_is_brought_up_to_date_beneath_a_service_of_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path());
    let mut raw = raw(folder.path()).await;
    let steps = "SELECT count(*) FROM _sqlx_migrations";
    // As if this program knew one step more than the one that serves.
    raw.run("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .await
        .unwrap();
    let before = raw.number(steps).await;
    let second = run(folder.path(), &SERVE, "");
    assert!(complained(&second).contains("another Unstale is serving"), "{}", complained(&second));
    let added = add(&folder, "ada@example.com", PASSWORD);
    assert_eq!(added.status.code(), Some(1));
    assert!(complained(&added).contains("older than this program"), "{}", complained(&added));
    assert_eq!(raw.number(steps).await, before, "nothing was brought up to date");
    drop(service);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    assert!(add(&folder, "ada@example.com", PASSWORD).status.success());
    let mut raw = raw(folder.path()).await;
    raw.run(
        "INSERT INTO _sqlx_migrations SELECT 9000, 'later', installed_on, success, checksum, execution_time
             FROM _sqlx_migrations WHERE version = 1; PRAGMA wal_checkpoint(TRUNCATE)",
    )
    .await
    .unwrap();
    drop(raw);
    let file = folder.path().join("unstale.db");
    let before = fs::read(&file).unwrap();
    for args in [&SERVE[..], &["user", "list"], &["token", "list"], &["user", "disable", "ada@example.com"]] {
        let refused = run(folder.path(), args, "");
        assert_eq!(refused.status.code(), Some(1), "{args:?}");
        let words = complained(&refused);
        assert!(words.contains("are of version 9000") && words.contains("Nothing was changed"), "{words}");
    }
    assert!(fs::read(&file).unwrap() == before, "it was written to");
}

/// Waits until the service's readiness has this status.
fn until_ready_is(service: &Service, status: &str) -> String {
    let began = Instant::now();
    loop {
        let answer = service.get("/readyz", "");
        if answer.starts_with(&format!("HTTP/1.1 {status}")) {
            return answer;
        }
        assert!(began.elapsed() < NOTICED, "{answer}");
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_file_that_is_taken_away_or_replaced_ends_all_answers_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    assert!(add(&folder, "ada@example.com", PASSWORD).status.success());
    let service = Service::start(folder.path());
    let cookie = sign_in(&service);
    until_ready_is(&service, "200");
    let path = |name: &str| folder.path().join(name);
    for name in ["unstale.db", "unstale.db-wal", "unstale.db-shm"] {
        for replaced in [false, true] {
            fs::rename(path(name), path("away")).unwrap();
            if replaced {
                fs::copy(path("away"), path(name)).unwrap();
            }
            let answer = until_ready_is(&service, "503");
            assert!(answer.contains(r#""ready":false"#), "{answer}");
            assert!(answer.contains(r#""file":"not the one that was opened"#), "{answer}");
            for (page, session) in [("/", cookie.as_str()), ("/sign-in", ""), ("/api/v1/distributions", "")] {
                let answer = service.get(page, session);
                assert!(answer.starts_with("HTTP/1.1 503"), "{name} {page}: {answer}");
                assert!(
                    answer.contains("The database's file is not where it was") || answer.contains("&#39;"),
                    "{answer}"
                );
            }
            let answer = service.post("/sign-in", "email=ada%40example.com&password=x");
            assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
            assert!(service.get("/healthz", "").starts_with("HTTP/1.1 200"), "the process lives");
            fs::rename(path("away"), path(name)).unwrap();
            until_ready_is(&service, "200");
            assert!(service.get("/", &cookie).starts_with("HTTP/1.1 200"), "it goes on");
        }
    }
    fs::remove_dir_all(folder.path()).unwrap();
    until_ready_is(&service, "503");
}

/// The kibibytes that the process has in memory, and the most that it had.
fn memory(service: &Service) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{}/status", service.pid())).unwrap();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (number("VmRSS:"), number("VmHWM:"))
}

const MIB: u64 = 1024;

#[test]
fn passwords_take_little_memory_and_give_it_back() {
    let folder = tempfile::tempdir().unwrap();
    assert!(add(&folder, "ada@example.com", PASSWORD).status.success());
    let service = Service::start_with(
        folder.path(),
        &[("UNSTALE_TRUSTED_PROXIES", "127.0.0.1/32"), ("UNSTALE_REQUEST_RATE", "0")],
    );
    sign_in(&service);
    let idle = memory(&service).0;
    let wrong = |network: usize, try_: usize| {
        let body = format!("email=nobody{network}.{try_}%40example.com&password=wrong");
        let request = service.form("/sign-in", &body).replacen(
            "Connection:",
            &format!("X-Forwarded-For: 10.0.{network}.7\r\nConnection:"),
            1,
        );
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut service.request(&request), &mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let mut statuses: Vec<u16> = (0..35).map(|try_| wrong(0, try_)).collect();
    thread::scope(|scope| {
        let tries: Vec<_> = (0..25)
            .map(|client| {
                scope.spawn(move || (0..12).map(|network| wrong(network + 1, client)).collect::<Vec<_>>())
            })
            .collect();
        statuses.extend(tries.into_iter().flat_map(|tries| tries.join().unwrap()));
    });
    assert!(statuses.iter().filter(|status| **status == 422).count() > 250, "{statuses:?}");
    let began = Instant::now();
    while memory(&service).0 > idle + 20 * MIB {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{} of {idle} kB at rest are left",
            memory(&service).0
        );
        thread::sleep(Duration::from_millis(200));
    }
    let (rest, peak) = memory(&service);
    eprintln!("idle {idle} kB, peak {peak} kB, then {rest} kB");
    assert!(peak < idle + 65 * MIB, "peak {peak} kB over {idle} kB");
}
