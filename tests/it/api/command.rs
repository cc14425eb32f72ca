//! `unstale invalidate`, as it is run.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use super::program::Program;
use crate::support::{TestApp, WORKSHOP};

/// What a run said, and its exit code.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub complaint: String,
}

/// Runs it for the workshop in a folder, with this on standard input.
pub async fn run(app: &TestApp, secret: &str, folder: &Path, arguments: &[&str], input: &str) -> Run {
    let arguments = [&["--distribution", WORKSHOP], arguments].concat();
    run_anywhere(app, secret, folder, &arguments, input).await
}

/// Runs it in a folder, with this on standard input.
pub async fn run_anywhere(
    app: &TestApp,
    secret: &str,
    folder: &Path,
    arguments: &[&str],
    input: &str,
) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unstale"));
    command
        .args(["invalidate", "--server", &app.address])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("UNSTALE_TOKEN", secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let input = input.to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // It may end before it has read anything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    let Output { status, stdout, stderr } = ran.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: status.code().unwrap(), out: text(stdout), complaint: text(stderr) }
}

pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_bad_item_is_named_by_where_it_was_given() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let text = "\u{feff}/a\n\n# a comment\n/a%zz\n";
    let folder = folder(&[("changed.txt", text)]);
    let path = folder.path();
    let ran = run(&app, &program.secret, path, &["--file", "changed.txt"], "").await;
    assert_eq!(ran.code, 3);
    for wanted in
        ["  changed.txt line 3: # a comment is a tag", "  changed.txt line 4: /a%zz has a % without"]
    {
        assert!(ran.complaint.contains(wanted), "{}", ran.complaint);
    }
    let ran = run(&app, &program.secret, path, &["--file", "-"], "/a\n/b*c\n").await;
    assert!(ran.complaint.contains(". standard input line 2: /b*c has * in the middle"), "{}", ran.complaint);
    let ran = run(&app, &program.secret, path, &[], "/b*c\n").await;
    assert!(ran.complaint.contains(". standard input line 1: /b*c has"), "{}", ran.complaint);
    let ran = run(&app, &program.secret, path, &["/a", "/a /b", "--file", "changed.txt"], "").await;
    for wanted in ["  argument 2: /a /b has more than one path", "  changed.txt line 4: /a%zz"] {
        assert!(ran.complaint.contains(wanted), "{}", ran.complaint);
    }
    assert!(!ran.complaint.contains("/items/"), "{}", ran.complaint);
    let secret = "https://me:word@www.example.com/";
    let ran = run(&app, &program.secret, path, &[secret], "").await;
    assert!(
        ran.complaint.contains("argument 1 is a URL with a user name") && !ran.complaint.contains("word@"),
        "{}",
        ran.complaint
    );
    let ran = run(&app, &program.secret, path, &["--dry-run", "a", "/a"], "").await;
    assert!(ran.code == 0 && ran.out.contains("the same as argument 1"), "{}", ran.out);
    app.finish().await;
}

#[tokio::test]
async fn a_star_that_the_shell_expanded_is_refused_before_anything_is_sent() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[("index.html", ""), ("app.js", ""), (".hidden", "")]);
    let before = app.kept().await;
    let root = std::fs::read_dir("/").unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let root: Vec<String> = root.filter(|name| !name.starts_with("/.")).collect();
    let root: Vec<&str> = root.iter().map(String::as_str).collect();
    let with_more = [&["--reason", "release", "/index.html"][..], &root].concat();
    for arguments in [&root, &with_more] {
        let ran = run(&app, &program.secret, folder.path(), arguments, "").await;
        assert_eq!(ran.code, 2, "{}", ran.complaint);
        assert!(ran.complaint.contains("quote it: '/*'"), "{}", ran.complaint);
    }
    let listed = format!("/index.html\n{}\n", root.join("\n"));
    std::fs::write(folder.path().join(".list"), &listed).unwrap();
    for (arguments, input) in
        [(&[][..], listed.as_str()), (&["--file", ".list"], ""), (&["--file", "-"], &listed)]
    {
        let ran = run(&app, &program.secret, folder.path(), arguments, input).await;
        assert!(ran.code == 2 && ran.complaint.contains("quote it: '/*'"), "{arguments:?} {}", ran.complaint);
    }
    for names in [["app.js", "index.html"], ["./app.js", "./index.html"]] {
        let ran = run(&app, &program.secret, folder.path(), &names, "").await;
        assert!(ran.code == 2 && ran.complaint.contains("quote it: '*'"), "{}", ran.complaint);
    }
    assert_eq!(app.kept().await, before, "nothing was sent");
    for good in [&["/*"][..], &["*"], &["/app.js", "/index.html"], &["index.html"]] {
        let ran = run(&app, &program.secret, folder.path(), &[&["--dry-run"], good].concat(), "").await;
        assert_eq!(ran.code, 0, "{good:?} {}", ran.complaint);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_list_in_another_encoding_is_named() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[]);
    std::fs::write(folder.path().join("list.txt"), b"\xff\xfe/\0a\0").unwrap();
    let ran = run(&app, &program.secret, folder.path(), &["--file", "list.txt"], "").await;
    assert!(ran.code == 2 && ran.complaint.contains("list.txt is UTF-16"), "{}", ran.complaint);
    app.finish().await;
}

/// A program that reads the answer must not take the one of the start for the end.
#[tokio::test]
async fn a_wait_that_is_over_prints_no_answer() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[]);
    let ran =
        run(&app, &program.secret, folder.path(), &["--wait", "--json", "--timeout", "1", "/a"], "").await;
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{}", ran.complaint);
    assert!(
        ran.complaint.starts_with("unstale: it had not ended after 1 s; it continues automatically: http")
    );
    assert_eq!(ran.complaint.lines().count(), 1, "no progress where nobody looks: {}", ran.complaint);
    app.finish().await;
}
