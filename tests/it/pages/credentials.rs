//! The program with credentials that cannot be had: each cause in its own words, through the real SDK.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::Child,
    thread,
};

use unstale::{
    domain::invalidations::problem::{Problem, ProblemKind},
    store::{Db, distributions::survey},
};

use super::process::program;

/// The service, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the service says of its distributions in this environment.
async fn trouble(folder: &Path, environment: &[(&str, &str)]) -> Problem {
    let data = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", data.path().join("unstale.db").display());
    let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0", "--database", &database]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.envs(environment.iter().copied());
    let mut child = command.spawn().unwrap();
    // Read on, so that the service can write on.
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let running = Running(child);
    let told = log.find(|line| {
        assert!(!line.contains("hunter2"), "a secret is in the log: {line}");
        line.contains("the distributions could not be read")
    });
    assert!(told.is_some(), "it says nothing");
    let db = Db::open(&database).await.unwrap();
    let mut problem = None;
    for _ in 0..100 {
        problem = survey::read(&mut db.read().await.unwrap()).await.unwrap().problem;
        if problem.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    drop(running);
    problem.unwrap()
}

fn config(folder: &Path, text: &str) -> String {
    let file = folder.join("aws-config");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[tokio::test]
async fn a_sign_in_that_is_over_names_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let session =
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n";
    let account = "sso_account_id = 123456789012\nsso_role_name = Deploy\n";
    let file = config(
        folder.path(),
        &format!(
            "[profile web]\nsso_session = corp\n{account}\n{session}\n[profile old]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n{account}"
        ),
    );
    for profile in ["web", "old"] {
        let problem = trouble(folder.path(), &[("AWS_CONFIG_FILE", &file), ("AWS_PROFILE", profile)]).await;
        assert_eq!(problem.kind, ProblemKind::SignInNeeded, "{problem:?}");
        let wanted = format!("Sign in again: aws sso login --profile {profile},");
        assert!(problem.advice(&[]).contains(&wanted), "{problem:?}");
    }
}

#[tokio::test]
async fn a_program_for_credentials_is_heard_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let said = "printf 'no VPN: \\033[31mcall 4711\\033[0m\\nsecret=hunter2' >&2; exit 3";
    let tool = folder.path().join("tool");
    std::fs::write(&tool, format!("#!/bin/sh\n{said}\n")).unwrap();
    let file = config(folder.path(), &format!("[profile p]\ncredential_process = sh {}\n", tool.display()));
    let problem = trouble(folder.path(), &[("AWS_CONFIG_FILE", &file), ("AWS_PROFILE", "p")]).await;
    assert_eq!(problem.kind, ProblemKind::CredentialProcess, "{problem:?}");
    let advice = problem.advice(&[]);
    assert!(advice.contains("exit status: 3. Stderr: no VPN: call 4711 secret=[hidden]"), "{advice}");
    assert!(advice.contains("the profile p names"), "{advice}");
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_named_with_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = config(folder.path(), "[profile other]\nregion = us-east-1\n");
    let problem = trouble(folder.path(), &[("AWS_CONFIG_FILE", &file), ("AWS_PROFILE", "deploy")]).await;
    assert_eq!(problem.kind, ProblemKind::ProfileMissing, "{problem:?}");
    let home = folder.path().join(".aws/credentials");
    let wanted = format!("The profile deploy is not in {file} nor in {}.", home.display());
    assert!(problem.advice(&[]).contains(&wanted), "{}", problem.advice(&[]));
}

/// The SDK does not say which one is missing where no file has a profile at all.
#[tokio::test]
async fn a_profile_is_named_also_where_no_file_has_any() {
    let folder = tempfile::tempdir().unwrap();
    let bare = config(folder.path(), "[deploy]\nregion = us-east-1\n");
    for file in ["/no/such/file", "/tmp", &bare] {
        let problem = trouble(folder.path(), &[("AWS_CONFIG_FILE", file), ("AWS_PROFILE", "deploy")]).await;
        assert_eq!(problem.kind, ProblemKind::ProfileMissing, "{problem:?}");
        let wanted = format!("The profile deploy is not in {file} nor in ");
        assert!(problem.advice(&[]).contains(&wanted), "{}", problem.advice(&[]));
    }
}

#[tokio::test]
async fn a_profile_without_credentials_is_not_said_to_be_unset() {
    let folder = tempfile::tempdir().unwrap();
    let file = config(folder.path(), "[profile deploy]\nregion = us-east-1\n");
    let problem = trouble(folder.path(), &[("AWS_CONFIG_FILE", &file), ("AWS_PROFILE", "deploy")]).await;
    assert_eq!(problem.kind, ProblemKind::NoCredentials, "{problem:?}");
    let advice = problem.advice(&[]);
    assert!(advice.starts_with("The profile deploy is there, but"), "{advice}");
}

#[tokio::test]
async fn a_token_file_of_a_profile_is_told_and_so_is_a_role_that_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let file = config(
        folder.path(),
        "[profile web]\nrole_arn = arn:aws:iam::123456789012:role/Unstale\nweb_identity_token_file = /no/such/token\n",
    );
    let problem = trouble(folder.path(), &[("AWS_CONFIG_FILE", &file), ("AWS_PROFILE", "web")]).await;
    assert_eq!(problem.kind, ProblemKind::TokenFile, "{problem:?}");
    assert!(problem.advice(&[]).contains("web_identity_token_file of the profile web"), "{problem:?}");
    let problem = trouble(folder.path(), &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such/token")]).await;
    assert!(problem.advice(&[]).contains("AWS_ROLE_ARN is not"), "{problem:?}");
}

#[tokio::test]
async fn a_token_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/not-there/token"),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Unstale"),
    ];
    let problem = trouble(folder.path(), &environment).await;
    assert_eq!(problem.kind, ProblemKind::TokenFile, "{problem:?}");
    assert!(problem.advice(&[]).contains("/var/run/secrets/not-there/token"), "{problem:?}");
}

#[tokio::test]
async fn without_any_credentials_it_is_said_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let problem = trouble(folder.path(), &[]).await;
    assert_eq!(problem.kind, ProblemKind::NoCredentials, "{problem:?}");
    assert!(problem.advice(&[]).contains("Give Unstale a role"), "{problem:?}");
}

/// STS as it refuses, at an address of its own.
fn refusing_sts() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let who = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/Unstale";
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{who}</Message></Error><RequestId>r1</RequestId></ErrorResponse>"
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 16_384];
            let _ = stream.read(&mut asked);
            let _ = write!(
                stream,
                "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_told_in_the_words_of_sts() {
    let folder = tempfile::tempdir().unwrap();
    let sts = refusing_sts();
    let file = config(
        folder.path(),
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/Unstale\nsource_profile = base\n[profile base]\naws_access_key_id = AKIATEST\naws_secret_access_key = x\n",
    );
    let environment =
        [("AWS_CONFIG_FILE", file.as_str()), ("AWS_PROFILE", "role"), ("AWS_ENDPOINT_URL_STS", &sts)];
    let problem = trouble(folder.path(), &environment).await;
    assert_eq!(
        (problem.kind, problem.code.as_str()),
        (ProblemKind::RoleRefused, "AccessDenied"),
        "{problem:?}"
    );
    assert!(problem.message.contains("user/ci is not authorized to perform: sts:AssumeRole"), "{problem:?}");
    assert!(problem.advice(&[]).contains("trust policy"), "{problem:?}");
    // With a token, STS is asked otherwise.
    let token = config(folder.path(), "a.b.c");
    let environment = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Unstale"),
        ("AWS_ENDPOINT_URL_STS", &sts),
    ];
    assert_eq!(trouble(folder.path(), &environment).await.kind, ProblemKind::RoleRefused);
}

/// Who mends the file does not restart the service.
#[tokio::test]
async fn a_profile_that_is_added_later_is_found_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = config(folder.path(), "");
    let database = format!("sqlite://{}", folder.path().join("unstale.db").display());
    let mut command = program(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--database", &database]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.env("AWS_CONFIG_FILE", &file).env("AWS_PROFILE", "late");
    let mut child = command.spawn().unwrap();
    // Read on, so that the service can write on.
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let _running = Running(child);
    assert!(log.any(|line| line.contains("could not be read")));
    let db = Db::open(&database).await.unwrap();
    let until = async |wanted: ProblemKind| {
        for _ in 0..400 {
            let found = survey::read(&mut db.read().await.unwrap()).await.unwrap();
            if found.problem.is_some_and(|problem| problem.kind == wanted) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("it never says {wanted:?}");
    };
    until(ProblemKind::ProfileMissing).await;
    std::fs::write(&file, "[profile late]\naws_access_key_id = AKIATEST\naws_secret_access_key = x\n")
        .unwrap();
    // Nothing listens there, but credentials there are.
    until(ProblemKind::Network).await;
}
