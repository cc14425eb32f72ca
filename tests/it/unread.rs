//! Nobody reads the log or standard output: the reader is gone, stands still, or the disk is full.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write, pipe},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use crate::pages::process::{Service, complained, program, run};

const PATIENCE: Duration = Duration::from_mins(1);
const END: Duration = Duration::from_secs(10);

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// A pipe that nobody reads any more.
fn gone() -> Stdio {
    pipe().unwrap().1.into()
}

/// Starts the service with these outputs, at a port that was free.
fn serve(folder: &Path, out: impl Into<Stdio>, log: impl Into<Stdio>) -> Service {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = program(folder, &["serve", "--listen", &address]);
    let service = Service::at(command.stdout(out).stderr(log).spawn().unwrap(), address);
    let since = Instant::now();
    while TcpStream::connect(&service.address).is_err() {
        assert!(since.elapsed() < PATIENCE, "it does not start");
        thread::sleep(Duration::from_millis(20));
    }
    service
}

/// It answers, and it ends when it is told to.
fn lives_and_ends(mut service: Service) {
    for path in ["/healthz", "/sign-in", "/no-such-page", "/healthz"] {
        assert!(service.get(path, "").starts_with("HTTP/1.1 "), "{path} is not answered");
    }
    service.signal("TERM");
    let (code, took) = service.end(END);
    assert_eq!(code, Some(0), "after {took:?}");
}

#[test]
fn a_service_whose_log_reader_has_gone_serves_on_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = pipe().unwrap();
    let service = serve(folder.path(), writer.try_clone().unwrap(), writer);
    let lines = BufReader::new(reader).lines().map_while(Result::ok);
    // As `head` does, and then it is gone.
    assert!(lines.take(4).any(|line| line.contains("There is no account yet")));
    lives_and_ends(service);
}

#[test]
fn a_service_with_a_full_disk_under_its_log_starts_serves_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    lives_and_ends(serve(folder.path(), full(), full()));
    lives_and_ends(serve(folder.path(), gone(), gone()));
}

#[test]
fn a_reader_who_stands_still_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_reader, writer) = pipe().unwrap();
    let mut filling = writer.try_clone().unwrap();
    // It hangs until the reader goes with the test.
    thread::spawn(move || filling.write_all(&vec![b'x'; 4 * 1024 * 1024]));
    lives_and_ends(serve(folder.path(), writer.try_clone().unwrap(), writer));
}

#[test]
fn what_was_dropped_is_counted_and_told_when_the_log_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let opened = path.clone();
    let opening = thread::spawn(move || File::open(opened).unwrap());
    let log = OpenOptions::new().write(true).open(&path).unwrap();
    let reader = opening.join().unwrap();
    let service = serve(folder.path(), Stdio::null(), log);
    drop(reader);
    for _ in 0..3 {
        assert!(service.get("/sign-in", "").starts_with("HTTP/1.1 200"));
    }
    let (sender, lines) = channel();
    let back = BufReader::new(File::open(&path).unwrap());
    thread::spawn(move || back.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    assert!(service.get("/sign-in", "").starts_with("HTTP/1.1 200"));
    let told = loop {
        let line = lines.recv_timeout(PATIENCE).expect("nothing is said of what was dropped");
        if let Some((_, told)) = line.split_once(" WARN unstale::log: ") {
            break told.to_owned();
        }
    };
    let number = told.split(' ').next().unwrap();
    assert!(number.parse::<u32>().is_ok_and(|number| number > 0), "{told}");
    assert!(
        told.ends_with("dropped: it could not be written")
            || told.ends_with("dropped: they could not be written")
    );
    let next = lines.recv_timeout(PATIENCE).unwrap();
    assert!(next.contains("answered") && next.contains("/sign-in"), "{next}");
    lives_and_ends(service);
}

#[test]
fn commands_whose_output_nobody_reads_end_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let add = |name: &str| {
        run(folder, &["user", "add", name, "--role", "viewer", "--password-stdin"], "correct horse battery\n")
    };
    assert!(add("ada@example.com").status.success());
    assert!(run(folder, &["token", "create", "first", "--role", "viewer"], "").status.success());
    for args in [
        &["--help"][..],
        &["serve", "--help"],
        &["user", "list"],
        &["token", "list"],
        &["audit", "export", "--format", "jsonl"],
        &["audit", "export", "--format", "csv", "--search", "ada"],
        &["audit", "verify"],
    ] {
        let output = program(folder, args).stdout(gone()).output().unwrap();
        assert_eq!((output.status.code(), complained(&output).as_str()), (Some(0), ""), "{args:?}");
        // Nor does it matter that nobody can be told.
        let output = program(folder, args).stdout(gone()).stderr(gone()).status().unwrap();
        assert_eq!(output.code(), Some(0), "{args:?}");
    }
}

#[test]
fn commands_say_that_a_full_disk_did_not_take_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ada = &["user", "add", "ada@example.com", "--role", "viewer", "--password-stdin"];
    assert!(run(folder, ada, "correct horse battery\n").status.success());
    let words = "standard output cannot be written: No space left on device";
    for (args, code) in [
        (&["user", "list"][..], 1),
        (&["audit", "export", "--format", "jsonl"], 1),
        // What was done was done, and what was found out stays so.
        (&["user", "disable", "ada@example.com"], 0),
        (&["audit", "verify"], 0),
    ] {
        let output = program(folder, args).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert!(complained(&output).contains(words), "{args:?}: {}", complained(&output));
        let unheard = program(folder, args).stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(unheard.code(), Some(code), "{args:?}");
    }
    let output = program(folder, &["audit", "export", "--format", "jsonl", "--output", "/dev/full"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complained(&output).contains("/dev/full cannot be written: No space left"),
        "{}",
        complained(&output)
    );
}

#[test]
fn a_token_that_could_not_be_printed_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, out) in [("one", gone()), ("two", full().into())] {
        let made =
            program(folder, &["token", "create", name, "--role", "viewer"]).stdout(out).output().unwrap();
        assert_eq!(made.status.code(), Some(1), "{name}");
        let words = complained(&made);
        assert!(words.contains(&format!("the token {name} was made but could not be printed")), "{words}");
        assert!(words.contains(&format!("unstale token revoke {name}")), "{words}");
    }
}
