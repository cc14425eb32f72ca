//! Keeps the import law of `src/lib.rs`: who may use whom, who may use which crate, and how large a file may be.

mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::paths_in;

/// Each room of the library and the rooms that it may use beside the [free](FREE) ones. A room that is not here may not
/// be made without a law.
const ROOMS: [(&str, &[&str]); 16] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("notify", &[]),
    ("heartbeats", &[]),
    ("failpoint", &[]),
    ("http", &[]),
    ("store", &["domain"]),
    ("cloudfront", &["domain"]),
    ("identity", &["domain"]),
    ("commands", &["domain", "store"]),
    ("workers", &["domain", "store", "cloudfront"]),
    ("web", &["domain", "store", "commands", "identity"]),
    ("api", &["domain", "store", "commands"]),
    ("config", &["domain", "cloudfront", "identity", "commands", "workers", "web"]),
    ("app", &["domain", "store", "cloudfront", "identity", "commands", "workers", "web", "api", "config"]),
    (
        "cli",
        &["domain", "store", "cloudfront", "identity", "commands", "workers", "web", "api", "config", "app"],
    ),
];

/// Free to all but the pure heart.
const FREE: [&str; 5] = ["clock", "notify", "heartbeats", "failpoint", "http"];

/// Crates, by how their names begin, and the only rooms that may use them.
const CRATES: [(&str, &[&str]); 7] = [
    ("aws_config", &["cloudfront"]),
    ("aws_credential", &["cloudfront"]),
    ("aws_sdk", &["cloudfront"]),
    ("aws_smithy", &["cloudfront"]),
    ("aws_types", &["cloudfront"]),
    ("sqlx", &["store"]),
    ("cloudfront_sandbox", &["cli"]),
];

/// Crates, by how their names begin, that the pure heart does without.
const IMPURE: [&str; 10] =
    ["tokio", "sqlx", "axum", "aws_sdk", "hyper", "tracing", "tower", "reqwest", "futures", "getrandom"];

const LINES_MAX: usize = 400;

/// What a file of `src/` breaks. `file` is its path below `src/`.
fn violations(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let module = module_path(file);
    let room = module.first().map_or("", String::as_str);
    for path in paths_in(text) {
        let path = absolute(&module, &path);
        let first = path.first().map_or("", String::as_str);
        if first == "crate" || first == "unstale" {
            let used = path.get(1).map_or("", String::as_str);
            if !may_use(room, used) {
                found.push(format!("{file}: {room} uses {}", path.join("::")));
            }
            continue;
        }
        for (name, only) in CRATES {
            if first.starts_with(name) && !only.contains(&room) {
                found.push(format!("{file}: only {only:?} may use {}", path.join("::")));
            }
        }
        if room == "domain" && IMPURE.iter().any(|name| first.starts_with(name)) {
            found.push(format!("{file}: domain is pure, but uses {}", path.join("::")));
        }
    }
    if !text.starts_with("//!") {
        found.push(format!("{file}: it does not begin with what it is for"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        found.push(format!("{file}: {lines} lines are more than a person takes in; split it"));
    }
    found
}

fn may_use(room: &str, used: &str) -> bool {
    let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
    let top = room.is_empty();
    let for_all = FREE.contains(&used) && room != "domain";
    let law = ROOMS.iter().find(|(name, _)| *name == room);
    top || for_all
        || room == used
        || !is_room(used)
        || law.is_some_and(|(_, allowed)| allowed.contains(&used))
}

/// `store/batches/mod.rs` is `store::batches`. `main.rs` and `lib.rs` are the root.
fn module_path(file: &str) -> Vec<String> {
    let name = file.trim_end_matches(".rs");
    let name = name.strip_suffix("/mod").unwrap_or(name);
    let root = name == "main" || name == "lib";
    if root { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

/// Resolves `self` and `super`; a path within the crate then begins with `crate`.
fn absolute(module: &[String], path: &[String]) -> Vec<String> {
    let relative = |word: &String| word == "self" || word == "super";
    if !path.first().is_some_and(relative) {
        return path.to_vec();
    }
    let up = path.iter().filter(|word| *word == "super").count();
    let kept = module.len().saturating_sub(up);
    let rest = path.iter().skip_while(|word| relative(word)).cloned();
    ["crate".to_owned()].into_iter().chain(module[..kept].to_vec()).chain(rest).collect()
}

/// All Rust files below a folder, in order.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn the_library_keeps_its_law() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let files = rust_files(&src);
    assert!(files.len() > 50, "only {} files: does this test still look in the right place?", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        let room = module_path(&name).into_iter().next();
        if room.is_some_and(|room| ROOMS.iter().all(|(known, _)| *known != room)) {
            found.push(format!("{name}: this room has no law in tests/it/layers.rs"));
        }
        found.extend(violations(&name, &text));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What these lines break, after a first line that every file has.
fn broken(file: &str, lines: &str) -> Vec<String> {
    violations(file, &format!("//! What it is for.\n{lines}"))
}

#[test]
fn a_broken_law_is_found() {
    for (file, line) in [
        ("store/x.rs", "use crate::commands::CommandContext;"),
        ("store/x.rs", "use crate::{domain::item::Item, cloudfront::{CloudFront}};"),
        ("store/x.rs", "pub(crate) use crate::workers;"),
        ("store/x.rs", "use super::super::worker::WorkerContext;"),
        ("store/batches/x.rs", "fn f() { super::super::super::web::serve(); }"),
        ("store/batches/mod.rs", "fn f() { super::super::web::serve(); }"),
        ("store/x.rs", "fn f() { let y = crate::web::serve; }"),
        ("store/x.rs", "macro_rules! m { () => { $crate::web::serve() }; }"),
        ("cloudfront/x.rs", "use crate::store::Db;"),
        ("commands/x.rs", "use crate::cloudfront::CloudFront;"),
        ("workers/x.rs", "use crate::commands;"),
        ("web/x.rs", "fn f(c: &crate::cloudfront::CloudFront) {}"),
        ("web/a/b.rs", "use crate::workers::WorkerContext;"),
        ("app.rs", "use crate::cli::Args;"),
        ("clock.rs", "use super::store::Db;"),
        ("domain/x.rs", "use crate::clock::Clock;"),
        ("domain/x.rs", "use tokio::sync::Mutex;"),
        ("domain/x.rs", "fn f() { tracing::info!(\"x\"); }"),
        ("domain/x.rs", "use tower_http::trace;"),
        ("commands/x.rs", "use sqlx::Row;"),
        ("workers/x.rs", "use aws_sdk_cloudfront::Client;"),
        ("web/x.rs", "use ::sqlx::Row;"),
        ("web/x.rs", "use cloudfront_sandbox::Sandbox;"),
        ("web/x.rs", "/* one */ use crate::workers /* two */ ::WorkerContext;"),
    ] {
        assert_eq!(broken(file, line).len(), 1, "{file}: {line}: {:?}", broken(file, line));
    }
}

#[test]
fn a_law_that_is_kept_is_not_complained_about() {
    for (file, line) in [
        ("store/x.rs", "use crate::domain::{item::Item, time::Timestamp};"),
        ("store/x.rs", "use sqlx::Row; use super::{Conn, db::execute};"),
        ("store/batches/x.rs", "use super::super::db::execute;"),
        ("store/x.rs", "// use crate::web::serve;"),
        ("store/x.rs", "/// See [`crate::workers::WorkerContext`].\nfn f() {}"),
        ("store/x.rs", "const S: &str = \"use crate::web::serve;\";"),
        ("store/x.rs", "const S: &str = r#\"crate::web::\"x\"#;"),
        ("store/x.rs", "const C: char = '\"'; // crate::web::serve\nconst D: char = '\"';"),
        ("cloudfront/x.rs", "use aws_sdk_cloudfront::{Client, error::SdkError};"),
        ("workers/x.rs", "use crate::{clock::Clock, cloudfront, domain, store::Db, wake::Notifier};"),
        ("web/x.rs", "use crate::domain::aws_cli; fn f() { aws_cli::create_invalidation() }"),
        ("web/x.rs", "fn f() { event.aws_request_id.clone(); }"),
        ("main.rs", "fn main() { unstale::cli::run() }"),
        ("cli/demo.rs", "use cloudfront_sandbox::Sandbox; use crate::app::App;"),
        ("clock.rs", "mod tests { use super::Clock; }"),
    ] {
        assert_eq!(broken(file, line), [""; 0], "{file}: {line}");
    }
}

#[test]
fn a_file_says_what_it_is_for_and_can_be_taken_in() {
    assert_eq!(violations("commands/x.rs", "fn f() {}").len(), 1);
    assert_eq!(broken("commands/x.rs", &"\n".repeat(LINES_MAX)).len(), 1);
    assert_eq!(broken("commands/x.rs", &"\n".repeat(LINES_MAX - 1)).len(), 0);
}
