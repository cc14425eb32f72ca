//! The texts that people read: all of them in one list, held against the words of `docs/STYLE.md` and the names of menus.
//!
//! `cargo nextest run -E 'test(texts)' --no-capture` prints the list.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::pages::templates::files;

/// The attributes that are shown or read out.
const ATTRIBUTES: [&str; 5] = ["placeholder", "title", "aria-label", "data-label", "data-ask"];
/// What stands in a sentence, and does not end it.
const INLINE: [&str; 6] = ["span", "code", "strong", "a", "time", "em"];
/// What holds no text.
const SILENT: [&str; 3] = ["script", "style", "svg"];
/// The names of characters are Unicode's.
const NOT_OURS: [&str; 1] = ["item/characters.rs"];

/// Where a text is, and the text.
type Text = (String, String);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &str, ending: &str) -> Vec<Text> {
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let mut read: Vec<Text> = files(&root().join(folder), ending)
        .into_iter()
        .map(|path| (name(&path), fs::read_to_string(&path).unwrap()))
        .collect();
    read.sort();
    read
}

/// The text without what is between these marks. What takes its place is made of it.
fn without(text: &str, begins: &str, ends: &str, instead: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(begins);
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        let (inside, rest) =
            part.split_once(ends).unwrap_or_else(|| panic!("{begins} has no {ends}: {part}"));
        kept.push_str(&instead(inside));
        kept.push_str(rest);
    }
    kept
}

/// What is in quotation marks.
fn quoted(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// The parts of a text before, between and after its values, which are in braces.
fn beside_values(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('}').map_or(part, |it| it.1) })
}

fn has_word(text: &str) -> bool {
    beside_values(text).any(|part| part.contains(char::is_alphabetic))
}

/// The visible texts of a template. A value is shown as `{value}`, a choice as `|`.
fn texts_of_template(template: &str) -> Vec<String> {
    let template = without(template, "{#", "#}", |_| String::new());
    let mut found: Vec<String> = Vec::new();
    for call in template.split("{% call ").skip(1) {
        let call = call.split("%}").next().unwrap();
        let shown = |text: &&str| text.contains(' ') || text.starts_with(char::is_uppercase);
        found.extend(quoted(call).filter(shown).map(str::to_owned));
    }
    let plain = without(&template, "{%", "%}", |_| "|".to_owned());
    let mut plain =
        without(&plain, "{{", "}}", |value| format!("{{{}}}", value.trim().replace(['"', '<', '>'], "")));
    for name in SILENT {
        plain = without(&plain, &format!("<{name}"), &format!("</{name}>"), |_| String::new());
    }
    let mut parts = plain.split('<');
    let mut lines = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((tag, text)) = part.split_once('>') else { continue };
        for attribute in ATTRIBUTES {
            let begins = format!(" {attribute}=\"");
            let values = tag.split(&begins).skip(1);
            found.extend(values.map(|value| value.split('"').next().unwrap().to_owned()));
        }
        let name = tag.trim_start_matches('/').split([' ', '|']).next().unwrap();
        if !INLINE.contains(&name) {
            lines.push('\n');
        }
        lines.push_str(text);
    }
    found.extend(lines.lines().map(|line| line.trim_matches([' ', '|']).to_owned()));
    found.retain(|text| has_word(text));
    found.dedup();
    found
}

/// The sentences in the code of a file: string literals with a blank in them.
fn sentences_of_code(code: &str) -> Vec<String> {
    let code = code.split("mod tests {").next().unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.contains("reason = ");
    let code: Vec<&str> = code.lines().filter(is_code).collect();
    let code = code.join("\n").replace("\\\\", "").replace("\\\"", "'").replace("'\"'", "");
    quoted(&code).filter(|text| text.trim().contains(' ')).map(one_line).collect()
}

/// The literal without the line breaks that Rust leaves out.
fn one_line(literal: &str) -> String {
    literal.split("\\\n").map(str::trim_start).collect()
}

fn templates() -> Vec<Text> {
    let of = |(name, template): Text| {
        texts_of_template(&template).into_iter().map(move |text| (name.clone(), text)).collect::<Vec<_>>()
    };
    read("templates", "html").into_iter().flat_map(of).collect()
}

fn sentences() -> Vec<Text> {
    let folders = ["crates/domain/src", "src/web", "src/http", "src/api", "src/commands", "src/cli"];
    let of = |(name, code): Text| {
        sentences_of_code(&code).into_iter().map(move |text| (name.clone(), text)).collect::<Vec<_>>()
    };
    let is_ours = |(name, _): &Text| {
        !name.ends_with("tests.rs")
            && !name.contains("/tests/")
            && !NOT_OURS.iter().any(|file| name.ends_with(file))
    };
    folders.into_iter().flat_map(|folder| read(folder, "rs")).filter(is_ours).flat_map(of).collect()
}

/// What the page of the API shows of its description.
fn descriptions() -> Vec<Text> {
    let file = "docs/openapi.json";
    let mut to_read: Vec<Value> =
        vec![serde_json::from_str(&fs::read_to_string(root().join(file)).unwrap()).unwrap()];
    let mut found = Vec::new();
    while let Some(value) = to_read.pop() {
        match value {
            Value::Array(values) => to_read.extend(values),
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(text) if name == "description" || name == "summary" => {
                            found.push((file.to_owned(), text));
                        }
                        member => to_read.push(member),
                    }
                }
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The help of the program and of all its commands.
fn help() -> Vec<Text> {
    let mut commands = vec![Vec::new()];
    let mut found = Vec::new();
    while let Some(command) = commands.pop() {
        let asked =
            Command::new(env!("CARGO_BIN_EXE_unstale")).args(&command).arg("--help").output().unwrap();
        let text = String::from_utf8(asked.stdout).unwrap();
        let listed = text.split("Commands:\n").nth(1).unwrap_or_default();
        let listed = listed.lines().take_while(|line| !line.is_empty());
        let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.map(|line| line.split_whitespace().next().unwrap().to_owned());
        commands
            .extend(names.filter(|name| name != "help").map(|name| [command.clone(), vec![name]].concat()));
        let place = format!("unstale {} --help", command.join(" "));
        found.extend(text.lines().map(|line| (place.clone(), line.trim().to_owned())));
    }
    found.retain(|(_, line)| !line.is_empty());
    found
}

/// The words that texts do not use, each with the one to use, as `docs/STYLE.md` has them.
fn replaced_words() -> Vec<(String, String)> {
    let style = fs::read_to_string(root().join("docs/STYLE.md")).unwrap();
    let (_, line) = style.split_once("\nNot used in texts: ").unwrap();
    let line = line.lines().next().unwrap().trim_end_matches('.');
    let pair = |pair: &str| {
        let (word, better) = pair.split_once(" (").unwrap_or_else(|| panic!("no word to use: {pair}"));
        (word.to_owned(), better.trim_end_matches(')').to_owned())
    };
    line.split(", ").map(pair).collect()
}

/// Whether the text has the word, or one that begins with it, outside of values.
fn says(text: &str, word: &str) -> bool {
    let text = beside_values(text).collect::<Vec<_>>().join("…").to_lowercase();
    let begins = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '/');
    text.match_indices(word).any(|(at, _)| begins(at))
}

#[test]
fn texts_use_the_words_of_the_style_guide() {
    let words = replaced_words();
    let (templates, sentences) = (templates(), sentences());
    let (descriptions, help) = (descriptions(), help());
    let all = || templates.iter().chain(&sentences).chain(&descriptions).chain(&help);
    for (file, text) in all() {
        eprintln!("{file}: {text}");
    }
    for wanted in ["Withdraw request", "You have read-only access.", "No results. Remove a filter.", "Done"] {
        assert!(templates.iter().any(|(_, text)| text.contains(wanted)), "{wanted} is not found any more");
    }
    assert!(
        sentences.iter().any(|(_, text)| text == "included in {wildcard}"),
        "sentences are not found any more"
    );
    assert!(help.iter().any(|(place, line)| place.contains("audit verify") && line.starts_with("--head")));
    assert!(
        descriptions.iter().any(|(_, text)| text == "A valid token is needed"),
        "no description is found"
    );
    let wrong: Vec<String> = all()
        .flat_map(|(file, text)| {
            let said = words.iter().filter(move |(word, _)| says(text, word));
            said.map(move |(word, better)| format!("{file}: {text}\n    {word}: say {better}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_collector_of_texts_sees_what_people_see() {
    let template = "{# no #}{% if a %}<p class=\"x\">One <code>{{ b }}</code>{% else %}two</p>{% endif %}\n\
                    <input placeholder=\"three\" value=\"no\">{% call ask(\"no\", \"Four five\") %}<script>no</script>";
    assert_eq!(texts_of_template(template), ["Four five", "three", "One {b}|two"]);
    let code = "// no \"no no\"\nlet a = \"six \\\n    seven\"; let b = \"no\";\n#[cfg(test)]\nmod tests {\n\"no no\"";
    assert_eq!(sentences_of_code(code), ["six seven"]);
    assert!(
        says("It was narrowed.", "narrow") && !says("/narrow a", "narrow") && !says("unnarrow", "narrow")
    );
}

/// The names of the menu beside the settings.
fn settings_pages() -> Vec<String> {
    let code = fs::read_to_string(root().join("src/web/settings/mod.rs")).unwrap();
    let (_, entries) = code.split_once("const ENTRIES").unwrap();
    let entries = entries.split("];").next().unwrap();
    let strings: Vec<&str> = quoted(entries).collect();
    strings
        .chunks(3)
        .filter(|entry| entry[0].starts_with("/settings"))
        .map(|entry| entry[1].to_owned())
        .collect()
}

#[test]
fn names_of_menus_in_texts_are_those_of_the_pages() {
    let pages = settings_pages();
    assert!(pages.iter().any(|name| name == "Tokens"), "{pages:?}");
    let menu = fs::read_to_string(root().join("templates/macros/nav.html")).unwrap();
    assert!(menu.contains("\"/settings\", \"Settings\""), "the menu has another name for the settings");
    let mut all = [read("src", "rs"), read("crates/domain/src", "rs"), read("templates", "html")].concat();
    all.extend(read("docs", "md"));
    all.push(("README.md".to_owned(), fs::read_to_string(root().join("README.md")).unwrap()));
    let mut named = Vec::new();
    for (file, text) in &all {
        for (at, _) in text.match_indices("Settings › ") {
            let name = &text[at + "Settings › ".len()..];
            assert!(
                pages.iter().any(|page| name.starts_with(page.as_str())),
                "{file}: no page is named {name:.30}"
            );
            named.push(file.as_str());
        }
        let other = pages.iter().find(|page| text.contains(&format!("Settings, {page}")));
        assert!(other.is_none(), "{file}: write Settings › {}", other.unwrap());
    }
    for file in ["src/cli/probe/mod.rs", "src/api/caller.rs", "templates/api/page.html", "docs/API.md"] {
        assert!(named.contains(&file), "{file} names no page: does this test still look in the right place?");
    }
}
