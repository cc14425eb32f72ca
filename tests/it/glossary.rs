//! Holds the glossary of `docs/STYLE.md` against the code: its types and tables exist, a public type name stands for one
//! thing, and words that were given up do not come back.

use std::{collections::BTreeMap, fs, path::Path};

use crate::layers::rust_files;

/// Public in a private module, and so private in fact.
const MAY_REPEAT: [&str; 3] = ["Row", "Page", "Form"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn style() -> String {
    fs::read_to_string(root().join("docs/STYLE.md")).unwrap()
}

/// The texts of all our files, by name.
fn sources() -> Vec<(String, String)> {
    let files = ["src", "crates"].into_iter().flat_map(|folder| rust_files(&root().join(folder)));
    let read = |file: std::path::PathBuf| (file.display().to_string(), fs::read_to_string(&file).unwrap());
    files.map(read).collect()
}

/// The cells of each row of the glossary: term, meaning, type, table.
fn rows(style: &str) -> Vec<[String; 4]> {
    let (_, glossary) = style.split_once("## Glossary").unwrap();
    let (glossary, _) = glossary.split_once("\n## ").unwrap();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let rows = glossary.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| {
        let cells: Vec<String> = row.trim_matches('|').split('|').map(cell).collect();
        cells.try_into().unwrap_or_else(|cells| panic!("not four cells: {cells:?}"))
    })
    .collect()
}

/// Every public type with the files that it is declared in.
fn public_types(sources: &[(String, String)]) -> BTreeMap<String, Vec<&str>> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (file, text) in sources {
        for line in text.lines() {
            let Some(rest) = line.trim_start().strip_prefix("pub ") else { continue };
            let declared = ["struct ", "enum ", "trait "].iter().find_map(|word| rest.strip_prefix(word));
            let Some(declared) = declared else { continue };
            let name: String = declared.chars().take_while(|c| c.is_alphanumeric()).collect();
            found.entry(name).or_default().push(file);
        }
    }
    found
}

#[test]
fn the_glossarys_types_and_tables_exist() {
    let (style, sources) = (style(), sources());
    let rows = rows(&style);
    assert!(rows.len() > 25, "{} rows: does this test still look in the right place?", rows.len());
    let types = public_types(&sources);
    let tables: String = all_texts(&root().join("migrations/sqlite"));
    for [term, meaning, type_name, table] in rows {
        assert!(!term.is_empty() && !meaning.is_empty(), "{term}: {meaning}");
        assert!(
            type_name.is_empty() || types.contains_key(&type_name),
            "{term}: there is no type {type_name}"
        );
        let is_there = ["CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "]
            .iter()
            .any(|create| tables.contains(&format!("{create}{table} (")));
        assert!(table.is_empty() || is_there, "{term}: there is no table {table}");
    }
}

/// The texts of all files of a folder, one after the other.
fn all_texts(folder: &Path) -> String {
    fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_public_type_name_stands_for_one_thing() {
    let sources = sources();
    let types = public_types(&sources);
    assert!(types.len() > 200, "{} types: does this test still look in the right place?", types.len());
    let twice: Vec<_> = types
        .iter()
        .filter(|(name, files)| files.len() > 1 && !MAY_REPEAT.contains(&name.as_str()))
        .collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn words_that_were_given_up_do_not_come_back() {
    let style = style();
    let (_, given_up) = style.split_once("\nNot used: ").unwrap();
    let given_up: Vec<&str> = given_up.lines().next().unwrap().trim_end_matches('.').split(", ").collect();
    assert!(given_up.len() >= 9, "{given_up:?}");
    for (file, text) in sources() {
        // A product's own name for itself is what users read.
        let text = text.replace("the desk where a team refreshes", "");
        for word in text.split(|c: char| !c.is_alphabetic()) {
            let word = word.to_lowercase();
            let word = word.strip_suffix('s').unwrap_or(&word);
            assert!(!given_up.contains(&word), "{file} says {word}; docs/STYLE.md has the word for it");
        }
    }
}
