//! Keeps the law of `src/lib.rs` among the program's own modules: who may use whom, and how large a file may be.
//!
//! Between the crates of the workspace the compiler keeps it: `crates/*/Cargo.toml` says who may use whom and what.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layers that are crates of their own, as the program names them.
const CRATES: [&str; 6] = ["domain", "store", "cloudfront", "identity", "outgoing", "edge"];

/// Each module of the program, and the layers and modules that it may use.
const MODULES: [(&str, &[&str]); 8] = [
    ("commands", &["domain", "store"]),
    ("workers", &["domain", "store", "cloudfront", "outgoing", "edge"]),
    ("http", &["domain", "store", "commands", "identity"]),
    ("web", &["domain", "store", "commands", "identity", "http"]),
    ("api", &["domain", "store", "commands", "http"]),
    ("config", &["domain", "edge"]),
    ("app", ALL_BUT_CLI.split_at(12).0),
    ("cli", &ALL_BUT_CLI),
];

/// What wires all together uses all of it; `cli` also `app`, which is the last.
const ALL_BUT_CLI: [&str; 13] = [
    "domain",
    "store",
    "cloudfront",
    "identity",
    "outgoing",
    "edge",
    "commands",
    "workers",
    "http",
    "web",
    "api",
    "config",
    "app",
];

/// What `domain` does without, by how the names of crates begin.
const IMPURE: [&str; 10] =
    ["tokio", "sqlx", "axum", "aws-sdk", "hyper", "tracing", "tower", "reqwest", "futures", "getrandom"];

/// Files of the crates that touch the disk only before the service answers anybody: certificates, the database's file.
const BEFORE_SERVING: [&str; 2] = ["cloudfront/src/http_client.rs", "store/src/db/opening.rs"];
/// How code names the part of the standard library that blocks on files.
const BLOCKING: [&str; 2] = ["fs::", "File::"];

const LINES_MAX: usize = 400;

/// What a file of `src/` breaks. `file` is its path below `src/`, and its text is as rustfmt leaves it.
fn violations(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let depth = module_depth(file);
    let module = file.split(['/', '.']).next().unwrap_or_default();
    if let Some((_, allowed)) = MODULES.iter().find(|(name, _)| *name == module) {
        let has_law =
            |used: &String| CRATES.contains(&used.as_str()) || MODULES.iter().any(|(name, _)| name == used);
        for used in used_modules(text).into_iter().filter(has_law) {
            if used != module && !allowed.contains(&used.as_str()) {
                found.push(format!("{file}: {module} uses {used}"));
            }
        }
        // The tests at a file's end are one module deeper.
        let own = text.split("#[cfg(test)]").next().unwrap_or_default();
        if own.contains(&"super::".repeat(depth)) {
            found.push(format!("{file}: it leaves its layer with `super`; write `crate`"));
        }
        if module != "cli" && text.contains("cloudfront_sandbox") {
            found.push(format!("{file}: only cli may use the sandbox"));
        }
    } else if depth > 0 {
        found.push(format!("{file}: this module has no law in tests/it/layers.rs"));
    }
    // The command line has nobody beside it who would have to wait.
    if module != "cli" && mixes_async_with_files(text) {
        found.push(format!("{file}: an async file leaves the disk to `file_thread`"));
    }
    found.extend(shape(file, text));
    found
}

/// Does it hold async functions as well as calls that block on files? Who blocks stands in a file of its own, so that a
/// reader sees at the call that it is handed to another thread.
fn mixes_async_with_files(text: &str) -> bool {
    let own = text.split("#[cfg(test)]").next().unwrap_or_default();
    let own = own.replace("tokio::fs::", "");
    let is_async = ["async fn ", "async move ", "async {"].iter().any(|form| own.contains(form));
    let is_whole = |(at, _): (usize, &str)| !own[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    is_async && BLOCKING.iter().any(|name| own.match_indices(name).any(is_whole))
}

/// What every file has to keep.
fn shape(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(format!("{file}: it does not begin with what it is for"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        found.push(format!("{file}: {lines} lines are more than a person takes in; split it"));
    }
    found
}

/// How many modules below the crate's root a file is: 0 for `lib.rs`, 1 for `app.rs`, 2 for `web/auth.rs`.
fn module_depth(file: &str) -> usize {
    let name = file.trim_end_matches(".rs");
    let name = name.strip_suffix("/mod").unwrap_or(name);
    if name == "main" || name == "lib" { 0 } else { name.split('/').count() }
}

/// The first names behind each `crate::` outside of comments, those of a list in braces too.
fn used_modules(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut used = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0;
        used.push(name(list.trim_start()));
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => used.push(name(list[at + 1..].trim_start())),
                _ => {}
            }
        }
    }
    used
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
fn the_program_keeps_its_law() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&src);
    assert!(files.len() > 50, "only {} files: does this test still look in the right place?", files.len());
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let name = file.strip_prefix(&src).unwrap().to_str().unwrap();
            violations(name, &fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Who takes IDs and items as they are written: `store` from its rows, `cloudfront` from its answers.
const TRUSTING: [&str; 2] = ["crates/store/", "crates/cloudfront/"];
/// Files of `domain` that read for `store` what it has kept.
const READ_FOR_THE_STORE: [&str; 5] = [
    "crates/domain/src/actor.rs",
    "crates/domain/src/audit/form.rs",
    "crates/domain/src/audit/form/parts.rs",
    "crates/domain/src/audit/target.rs",
    "crates/domain/src/invalidations/idempotency.rs",
];

/// Does a file take a text for an ID or item without looking at it, where it has to be parsed?
fn trusts_where_it_parses(file: &str, text: &str) -> bool {
    let may = TRUSTING.iter().any(|folder| file.starts_with(folder)) || READ_FOR_THE_STORE.contains(&file);
    let own = text.split("#[cfg(test)]").next().unwrap_or_default();
    !may && own.contains("::from_trusted")
}

#[test]
fn only_what_is_stored_or_said_by_cloudfront_is_trusted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "crates"].iter().flat_map(|folder| rust_files(&root.join(folder)));
    let found: Vec<String> = files
        .map(|path| (path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), path))
        // Files of unit tests that stand in a folder of their own.
        .filter(|(name, _)| !name.ends_with("/tests.rs") && !name.contains("/tests/"))
        .filter(|(name, path)| trusts_where_it_parses(name, &fs::read_to_string(path).unwrap()))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, [""; 0], "parse what comes from outside, and make new ones with `new`");
    let line = "fn f(id: &str) -> PersonId { PersonId::from_trusted(id) }";
    assert!(trusts_where_it_parses("src/web/x.rs", line));
    assert!(trusts_where_it_parses("crates/domain/src/x.rs", "ids.map(PersonId::from_trusted)"));
    assert!(!trusts_where_it_parses("crates/store/src/x.rs", line));
    assert!(!trusts_where_it_parses("src/web/x.rs", &format!("#[cfg(test)]\nmod tests {{ {line} }}")));
}

#[test]
fn the_crates_below_keep_their_shape() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let found: Vec<String> = rust_files(&crates)
        .iter()
        .flat_map(|file| {
            let (name, text) = (file.to_str().unwrap(), fs::read_to_string(file).unwrap());
            let is_early = BEFORE_SERVING.iter().any(|early| name.ends_with(early));
            let mixes = mixes_async_with_files(&text) && !is_early;
            let mixes = mixes.then(|| format!("{name}: an async file leaves the disk to `file_thread`"));
            shape(name, &text).into_iter().chain(mixes)
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    let domain = fs::read_to_string(crates.join("domain/Cargo.toml")).unwrap();
    let impure = |line: &&str| IMPURE.iter().any(|name| line.starts_with(name));
    assert_eq!(domain.lines().find(impure), None, "domain is pure");
    for (name, only) in [("sqlx", "store"), ("aws-", "cloudfront")] {
        for layer in fs::read_dir(&crates).unwrap().map(|entry| entry.unwrap().file_name()) {
            let manifest = fs::read_to_string(crates.join(&layer).join("Cargo.toml")).unwrap();
            let uses = manifest.lines().any(|line| line.starts_with(name));
            assert_eq!(uses, layer == only, "{name} in {}", layer.display());
        }
        let program = fs::read_to_string(crates.join("../Cargo.toml")).unwrap();
        let (_, own) = program.split_once("\n[dependencies]\n").unwrap();
        let (own, _) = own.split_once("\n[").unwrap();
        assert!(!own.lines().any(|line| line.starts_with(name)), "{name} in the program");
    }
}

/// What these lines break, after a first line that every file has.
fn broken(file: &str, lines: &str) -> Vec<String> {
    violations(file, &format!("//! What it is for.\n{lines}"))
}

#[test]
fn a_broken_law_is_found() {
    for (file, line) in [
        ("commands/x.rs", "use crate::cloudfront::CloudFront;"),
        ("commands/x.rs", "use crate::{domain::item::{Item}, cloudfront::{CloudFront}};"),
        ("commands/x.rs", "use crate::{\n    cloudfront::CloudFront,\n    domain::item::Item,\n};"),
        ("workers/x.rs", "use crate::commands;"),
        ("workers/x.rs", "pub(crate) use crate::commands;"),
        ("web/x.rs", "fn f(c: &crate::cloudfront::CloudFront) {}"),
        ("web/a/b.rs", "use crate::workers::WorkerContext;"),
        ("web/a/b.rs", "use super::super::super::workers::WorkerContext;"),
        ("web/a/mod.rs", "fn f() { super::super::workers::tick(); }"),
        ("web/x.rs", "macro_rules! m { () => { $crate::workers::tick() }; }"),
        ("web/x.rs", "use cloudfront_sandbox::Sandbox;"),
        ("app.rs", "use crate::cli::Args;"),
        ("new/x.rs", ""),
        ("workers/x.rs", "async fn f() { std::fs::write(p, t) }"),
        ("web/x.rs", "use std::{fs, io};\nasync fn f() {\n    fs::read(p)\n}"),
        ("workers/x.rs", "fn f() { let work = async move { File::open(p) }; }"),
    ] {
        assert_eq!(broken(file, line).len(), 1, "{file}: {line}: {:?}", broken(file, line));
    }
}

#[test]
fn a_law_that_is_kept_is_not_complained_about() {
    for (file, line) in [
        ("commands/x.rs", "use crate::domain::{item::Item, time::Timestamp};"),
        ("web/a/b.rs", "use super::super::auth::Visitor;"),
        ("web/x.rs", "// use crate::workers::tick;"),
        ("web/x.rs", "    /// See [`crate::workers::WorkerContext`].\nfn f() {}"),
        ("workers/x.rs", "use crate::{clock::Clock, cloudfront, domain, store::Db, notify::Notifier};"),
        ("main.rs", "fn main() { unstale::cli::run() }"),
        ("cli/demo.rs", "use cloudfront_sandbox::Sandbox; use crate::app::App;"),
        ("cli/demo.rs", "async fn f() { std::fs::create_dir_all(p) }"),
        ("workers/x.rs", "fn f() { std::fs::write(p, t) }"),
        ("workers/x.rs", "async fn f() { PartialFile::create(p) }"),
        ("web/x.rs", "async fn f() { tokio::fs::read(p).await }"),
        ("web/x.rs", "async fn f() {}\n#[cfg(test)]\nmod tests { fn g() { std::fs::read(p) } }"),
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

/// Who may queue batches for CloudFront, and why what they queue fits the budgets of the month and no freeze window holds it.
const QUEUES: [(&str, &str); 4] = [
    ("commands/invalidations/accepted.rs", "it takes proofs of both"),
    ("commands/invalidations/retry_invalidation.rs", "it is held to both first"),
    (
        "commands/invalidations/resolve_not_there.rs",
        "held to freeze windows; the same items, which count already",
    ),
    ("workers/submitter/halves.rs", "the same items, which count and were sent already"),
];

#[test]
fn nothing_is_queued_past_the_budgets_and_the_freeze_windows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<String> = Vec::new();
    for file in rust_files(&source) {
        let text = fs::read_to_string(&file).unwrap();
        if ["batches::insert(", "batches::requeue_failed("].iter().any(|call| text.contains(call)) {
            found.push(file.strip_prefix(&source).unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    let mut known = QUEUES.map(|(file, _)| file.to_owned());
    known.sort();
    assert_eq!(
        found, known,
        "whoever queues batches has to hold the budgets of the month and the freeze windows first"
    );
}
