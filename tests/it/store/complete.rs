//! Keeps the promise that every function of the store is called here.

use std::{fs, path::Path};

use super::super::layers::rust_files;

/// Functions that have no rows: how a database is opened and closed is in every test.
const ELSEWHERE: [&str; 7] =
    ["open", "open_beside_service", "open_to_look", "read", "begin", "close", "commit"];

/// A public async function of the store.
pub struct StoreFunction {
    /// The modules on the way to its file.
    pub modules: Vec<String>,
    pub name: String,
    /// What stands between its name and its body.
    pub signature: String,
}

/// All of them, read from the source.
pub fn store_functions(store: &Path) -> Vec<StoreFunction> {
    let mut functions = Vec::new();
    for file in rust_files(store) {
        let inside = file.strip_prefix(store).unwrap().with_extension("");
        let modules: Vec<String> = inside
            .iter()
            .map(|name| name.to_str().unwrap().to_owned())
            .filter(|name| name != "mod")
            .collect();
        for function in fs::read_to_string(&file).unwrap().split("pub async fn ").skip(1) {
            let signature = function.split('{').next().unwrap();
            let name = signature.split(['(', '<']).next().unwrap();
            let (modules, name) = (modules.clone(), name.to_owned());
            functions.push(StoreFunction { modules, name, signature: signature.to_owned() });
        }
    }
    functions
}

/// The text of all tests in a folder.
pub fn tests_below(folder: &Path) -> String {
    rust_files(folder).iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn every_function_of_the_store_runs_on_both_engines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = tests_below(&root.join("tests/it/store"));
    let functions = store_functions(&root.join("crates/store/src"));
    assert!(
        functions.len() > 40,
        "only {} functions were found: does this test still look in the right place?",
        functions.len()
    );
    for StoreFunction { modules, name, .. } in functions {
        if modules.iter().any(|module| module == "db") && ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        let is_called = modules.iter().any(|module| tests.contains(&format!("{module}::{name}(")));
        // Methods of the database itself.
        let is_method = modules.iter().any(|module| module == "db");
        let is_called = is_called || (is_method && tests.contains(&format!("db.{name}(")));
        let is_called = is_called || (is_method && tests.contains(&format!("Db::{name}(")));
        // Those of the two sides of a copy, and of its tables.
        let is_copying = modules.iter().any(|module| module == "table_copy");
        let sides = ["CopySource::", "CopyTarget::", "Table::", "target."];
        let is_called =
            is_called || (is_copying && sides.iter().any(|side| tests.contains(&format!("{side}{name}("))));
        assert!(is_called, "no test in tests/it/store calls {}::{name}(…)", modules.join("::"));
    }
}
