//! Keeps the promise that every function of the store is called here.

use std::{fs, path::Path};

use super::super::layers::rust_files;

/// Functions that have no rows: how a database is opened and closed is in every test.
const ELSEWHERE: [&str; 7] =
    ["open", "open_beside_service", "open_to_look", "read", "begin", "close", "commit"];

#[test]
fn every_function_of_the_store_runs_on_both_engines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests: String = rust_files(&root.join("tests/it/store"))
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let mut functions = 0;
    let store = root.join("crates/store/src");
    for file in rust_files(&store) {
        let inside = file.strip_prefix(&store).unwrap().with_extension("");
        let modules: Vec<&str> =
            inside.iter().map(|name| name.to_str().unwrap()).filter(|name| *name != "mod").collect();
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some(rest) = line.trim_start().strip_prefix("pub async fn ") else { continue };
            let name = rest.split(['(', '<']).next().unwrap();
            if modules.contains(&"db") && ELSEWHERE.contains(&name) {
                continue;
            }
            functions += 1;
            let is_called = modules.iter().any(|module| tests.contains(&format!("{module}::{name}(")));
            assert!(is_called, "no test in tests/it/store calls {}::{name}(…)", modules.join("::"));
        }
    }
    assert!(
        functions > 40,
        "only {functions} functions were found: does this test still look in the right place?"
    );
}
