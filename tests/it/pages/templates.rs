//! Every template is reached: by a handler, or by a template that is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// All files of a folder and of its folders with this ending.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

/// The names in quotes behind each `before`.
fn names<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = String> + 'a {
    text.split(before).skip(1).filter_map(|rest| {
        let name = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        Some(name.to_owned())
    })
}

#[test]
fn every_template_is_reached() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("templates");
    let texts: BTreeMap<String, String> = files(&folder, "html")
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(texts.len() >= 16, "{:?}", texts.keys());
    let mut reached = BTreeSet::new();
    let mut to_read: Vec<String> = ["src/web", "src/http"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), "rs"))
        .flat_map(|path| names(&fs::read_to_string(path).unwrap(), "template(path =").collect::<Vec<_>>())
        .collect();
    while let Some(name) = to_read.pop() {
        let text = texts.get(&name).unwrap_or_else(|| panic!("there is no template {name}"));
        if reached.insert(name) {
            for before in ["{% extends", "{% include", "{% import"] {
                to_read.extend(names(text, before));
            }
        }
    }
    let unused: Vec<_> = texts.keys().filter(|name| !reached.contains(*name)).collect();
    assert_eq!(unused, Vec::<&String>::new(), "no page shows them");
}

#[test]
fn no_template_switches_escaping_off() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for path in files(&folder, "html") {
        let text = fs::read_to_string(&path).unwrap();
        for forbidden in ["|safe", "| safe", "escape=", "<style", " style=\"", " onclick", "http://"] {
            assert!(!text.contains(forbidden), "{} has {forbidden}", path.display());
        }
    }
}

/// On a phone each row is a card, where the name of the column stands beside its value.
#[test]
fn every_cell_of_a_table_names_its_column() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut cells = 0;
    for path in files(&folder, "html") {
        let text = fs::read_to_string(&path).unwrap();
        for cell in text.split("<td").skip(1) {
            let (attributes, content) = cell.split_once('>').unwrap();
            cells += 1;
            // What names itself: buttons, the wide rows below a URL, the URL itself and its verdict.
            let is_plain = attributes.contains("colspan=")
                || ["class=\"what\"", "class=\"verdict\""].iter().any(|class| attributes.contains(class));
            let acts = content.split("</td>").next().is_some_and(|content| {
                content.contains("<button") || content.contains("dialog::ask") || content.contains("<a ")
            });
            assert!(
                attributes.contains("data-label=\"") || is_plain || acts,
                "{}: <td{attributes}>",
                path.display()
            );
        }
    }
    assert!(cells > 60, "{cells}");
}
