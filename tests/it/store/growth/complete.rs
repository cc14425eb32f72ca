//! Keeps the promise that every public read of the store is measured.

use std::{fs, path::Path};

use super::super::complete::{StoreFunction, store_functions, tests_below};

/// The module under which the functions of a file are called: the last on its way that is public.
fn public_module<'a>(store: &Path, modules: &'a [String]) -> Option<&'a str> {
    let is_public = |depth: &usize| {
        let parent = modules[..*depth].join("/");
        let name = format!("pub mod {};", modules[*depth]);
        let files = if parent.is_empty() {
            vec!["lib.rs".to_owned()]
        } else {
            vec![format!("{parent}.rs"), format!("{parent}/mod.rs")]
        };
        files.iter().any(|file| fs::read_to_string(store.join(file)).is_ok_and(|text| text.contains(&name)))
    };
    (0..modules.len()).take_while(is_public).last().map(|depth| modules[depth].as_str())
}

#[test]
fn every_public_read_is_measured() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let measured = tests_below(&root.join("tests/it/store/growth"));
    let store = root.join("crates/store/src");
    let mut reads = 0;
    for StoreFunction { modules, name, signature } in store_functions(&store) {
        let Some(module) = public_module(&store, &modules).filter(|module| *module != "work") else {
            continue;
        };
        if !signature.contains("&mut Conn") {
            continue;
        }
        reads += 1;
        let call = format!("{module}::{name}(conn");
        assert!(measured.contains(&call), "no test in tests/it/store/growth measures {module}::{name}(…)");
    }
    assert!(reads > 100, "only {reads} reads were found: does this test still look in the right place?");
}
