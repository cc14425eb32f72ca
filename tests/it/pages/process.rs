//! The program itself: its start, its end, its lock, and its commands.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_unstale");
const START: Duration = Duration::from_mins(1);
pub const PASSWORD: &str = "correct horse battery";

/// The program, with nothing of this machine's environment that it would read.
pub fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        // Nothing listens there.
        .env("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:1")
        .env("UNSTALE_EDGE", "http://127.0.0.1:1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub fn run(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = program(folder, args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A service that runs, ended by force at the latest with the test.
pub struct Service {
    child: Child,
    pub address: String,
    /// What it said before it was ready.
    words: Vec<String>,
}

impl Service {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub fn start_with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0"]);
        let child = command.envs(variables.iter().copied()).spawn().unwrap();
        let mut service = Self::at(child, String::new());
        let stdout = service.child.stdout.take().unwrap();
        // Somebody has to read the log, or the service waits for it.
        let mut log = service.child.stderr.take().unwrap();
        thread::spawn(move || log.read_to_end(&mut Vec::new()));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        loop {
            let line = lines.recv_timeout(START).expect("the service does not start");
            if let Some(address) = line.strip_prefix("Unstale is ready at http://") {
                address.clone_into(&mut service.address);
                return service;
            }
            service.words.push(line);
        }
    }

    /// One whose output somebody else has; it may still be starting.
    pub fn at(child: Child, address: String) -> Self {
        Self { child, address, words: Vec::new() }
    }

    fn link(&self) -> Option<String> {
        let words = self.words.join("\n");
        words.split("/setup?key=").nth(1).map(|key| format!("/setup?key={}", key.trim()))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for the end; gives the exit code and how long it took.
    pub fn end(&mut self, within: Duration) -> (Option<i32>, Duration) {
        let started = Instant::now();
        while started.elapsed() < within {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), started.elapsed());
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the service did not end within {within:?}");
    }

    pub fn request(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(START)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    pub fn get(&self, path: &str, cookie: &str) -> String {
        let close = "Connection: close\r\n";
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n{close}\r\n", self.address);
        let mut answer = String::new();
        self.request(&request).read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn post(&self, path: &str, body: &str) -> String {
        let mut answer = String::new();
        self.request(&self.form(path, body)).read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn form(&self, path: &str, body: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {1}\r\n\r\n{body}",
            self.address,
            body.len()
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn add(folder: &TempDir, email: &str, password: &str) -> Output {
    let args = ["user", "add", email, "--role", "operator", "--password-stdin"];
    run(folder.path(), &args, &format!("{password}\n"))
}

fn cookie_of(answer: &str) -> String {
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect(answer);
    set.split(';').next().unwrap().to_owned()
}

pub fn sign_in(service: &Service) -> String {
    let body = format!("email=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let answer = service.post("/sign-in", &body);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    cookie_of(&answer)
}

#[test]
fn it_ends_in_order_at_sigterm_with_a_stream_and_a_slow_request_open() {
    let folder = tempfile::tempdir().unwrap();
    assert!(add(&folder, "ada@example.com", PASSWORD).status.success());
    let mut service = Service::start(folder.path());
    let cookie = sign_in(&service);

    let request =
        format!("GET /events?after=0 HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n", service.address);
    let mut stream = BufReader::new(service.request(&request));
    let mut line = String::new();
    while !line.starts_with("id:") {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended early");
    }
    // A form of which only the half has come, and of which the service is known to wait for the rest.
    let half = service.form("/sign-in", "email=ada%40example.com&password=x");
    let half = half.replacen("Connection:", "Expect: 100-continue\r\nConnection:", 1);
    let mut slow = service.request(&half[..half.len() - 5]);
    let mut waits = [0; 25];
    slow.read_exact(&mut waits).unwrap();
    assert_eq!(waits.as_slice(), b"HTTP/1.1 100 Continue\r\n\r\n");
    // An open connection that asks for nothing must not hold anything up either.
    let _idle = service.request("");

    service.signal("TERM");
    // The rest of the form still arrives, and is answered.
    slow.write_all(&half.as_bytes()[half.len() - 5..]).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "the request at hand was dropped: {answer}");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.trim_end().ends_with('0'), "the stream was not ended in order: {rest:?}");
    let (code, took) = service.end(Duration::from_secs(10));
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[test]
fn a_request_that_never_ends_does_not_hold_the_end_up_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path());
    let half = service.form("/sign-in", "email=ada%40example.com&password=x");
    let _slow = service.request(&half[..half.len() - 5]);
    assert!(service.get("/healthz", "").starts_with("HTTP/1.1 200"));
    service.signal("INT");
    let (code, _) = service.end(Duration::from_secs(10));
    assert_eq!(code, Some(0));
}

#[test]
fn a_second_service_on_the_same_file_says_why_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let first = Service::start(folder.path());
    let started = Instant::now();
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"], "");
    let took = started.elapsed();
    assert_eq!(second.status.code(), Some(1));
    let words = complained(&second);
    assert!(words.contains("another Unstale is serving"), "{words}");
    assert!(words.contains("unstale.db"), "{words}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(said(&second), "");
    assert!(first.get("/healthz", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_taken_port_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["serve", "--listen", &address], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(complained(&output).contains(&format!("cannot listen on {address}")), "{}", complained(&output));
}

#[test]
fn the_first_start_prints_a_link_and_the_second_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path());
    let link = service.link().expect("no link was printed");
    assert!(service.get(&link, "").starts_with("HTTP/1.1 200"));
    let key = link.split('=').nth(1).unwrap();
    let body = format!("key={key}&email=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let answer = service.post("/setup", &body);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let cookie = cookie_of(&answer);
    assert!(service.get("/", &cookie).starts_with("HTTP/1.1 200"));
    service.signal("TERM");
    assert_eq!(service.end(Duration::from_secs(10)).0, Some(0));

    let second = Service::start(folder.path());
    assert_eq!(second.words, Vec::<String>::new());
    // The session is still good: a restart signs nobody out.
    assert!(second.get("/", &cookie).starts_with("HTTP/1.1 200"));
}

#[test]
fn people_are_added_and_listed_also_while_the_service_runs() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path());
    let added = add(&folder, "Ada@Example.com", PASSWORD);
    assert!(added.status.success(), "{}", complained(&added));
    assert_eq!(said(&added), "ada@example.com may sign in as operator.\n");
    sign_in(&service);
    for (email, password, words) in [
        ("ada@example.com", PASSWORD, "An account with this e-mail address exists already."),
        ("bob@example.com", "short", "Use at least 12 characters."),
        ("bob", PASSWORD, "Enter an e-mail address such as name@example.com."),
    ] {
        let output = add(&folder, email, password);
        assert_eq!(output.status.code(), Some(1));
        assert!(complained(&output).contains(words), "{}", complained(&output));
    }
    let list = run(folder.path(), &["user", "list"], "");
    assert!(list.status.success());
    let list = said(&list);
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(list.starts_with("ada@example.com\toperator\tsince 20"), "{list}");
}

#[test]
fn healthcheck_tells_whether_it_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path());
    let address = service.address.clone();
    let check = || run(folder.path(), &["healthcheck", "--listen", &address], "");
    assert_eq!(check().status.code(), Some(0));
    let port = address.rsplit(':').next().unwrap();
    let any = run(folder.path(), &["healthcheck", "--listen", &format!("0.0.0.0:{port}")], "");
    assert_eq!(any.status.code(), Some(0), "{}", complained(&any));
    service.signal("TERM");
    service.end(Duration::from_secs(10));
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(complained(&output).starts_with("unstale: "), "{}", complained(&output));
}

#[test]
fn a_wrong_flag_or_variable_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, words) in [
        ("UNSTALE_LISTEN", "everywhere", "--listen"),
        ("UNSTALE_PUBLIC_URL", "u.example.com", "--public-url"),
        ("UNSTALE_CREATE_RATE", "0", "--create-rate"),
        ("UNSTALE_DATABASE", "mysql://x", "mysql"),
        ("UNSTALE_LOG", "a=b=c", "UNSTALE_LOG"),
    ] {
        let output = program(folder.path(), &["serve"]).env(name, value).output().unwrap();
        assert!(!output.status.success(), "{name}={value}");
        assert!(complained(&output).contains(words), "{name}: {}", complained(&output));
    }
}

#[test]
fn people_are_shut_out_and_let_in_again_from_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    assert!(add(&folder, "ada@example.com", PASSWORD).status.success());
    let service = Service::start(folder.path());
    let cookie = sign_in(&service);
    let user = |args: &[&str], input: &str| run(folder.path(), &[&["user"], args].concat(), input);
    let done = user(&["disable", "ada@example.com"], "");
    assert!(done.status.success(), "{}", complained(&done));
    assert!(service.get("/history", &cookie).starts_with("HTTP/1.1 303"), "she is out at once");
    assert!(said(&user(&["disable", "ada@example.com"], "")).contains("nothing to change"));
    assert!(user(&["enable", "Ada@example.com"], "").status.success());
    let weak = user(&["reset-password", "ada@example.com", "--password-stdin"], "password1234\n");
    assert!(!weak.status.success() && complained(&weak).contains("easy to guess"), "{}", complained(&weak));
    let cookie = sign_in(&service);
    let reset =
        user(&["reset-password", "ada@example.com", "--password-stdin"], "seven purple llamas knit\n");
    assert!(reset.status.success(), "{}", complained(&reset));
    assert!(service.get("/history", &cookie).starts_with("HTTP/1.1 303"), "her session has ended");
    let nobody = user(&["disable", "eve@example.com"], "");
    assert!(!nobody.status.success() && complained(&nobody).contains("no account with the address eve@"));
}

#[test]
fn half_a_way_in_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (variables, named) in [
        (&[("UNSTALE_OIDC_CLIENT_ID", "x")][..], "UNSTALE_OIDC_ISSUER"),
        (&[("UNSTALE_TRUSTED_PROXIES", "0.0.0.0/0")], "--trusted-proxies"),
        (&[("UNSTALE_PROXY_USER_HEADER", "X-Forwarded-User")], "UNSTALE_PROXY_SECRET"),
        (&[("UNSTALE_SESSION_IDLE", "soon")], "--session-idle"),
    ] {
        let mut command = program(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert!(!output.status.success());
        assert!(complained(&output).contains(named), "{}", complained(&output));
    }
}
