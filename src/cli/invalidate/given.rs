//! The items of the command, and where each came from.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use serde_json::{Value, json};

use crate::domain::invalidations::item::trimmed;

use super::expanded;

/// The maximum size of a list of items in bytes.
const ITEMS_MAX: u64 = 2 * 1024 * 1024;
/// The number of characters of an item that messages show.
const TOLD: usize = 120;

/// The lines in the order in which they are sent: first the arguments, then those of a file or of standard input.
#[derive(Debug, Default)]
pub struct Given {
    /// Each argument, and each line of the file, blank ones too.
    lines: Vec<String>,
    arguments: usize,
    /// The name of the file, for messages. Empty if there is none.
    source: String,
    /// Whether the lines are names of files.
    are_keys: bool,
}

impl Given {
    /// Reads the arguments and the file. If neither is given, it reads standard input unless that is a terminal.
    pub fn read(arguments: &[String], file: Option<&str>, are_keys: bool) -> Result<Self, String> {
        let folder = std::env::current_dir().unwrap_or_default();
        if let Some(words) = expanded::refusal(arguments, Path::new("/"), &folder) {
            return Err(words);
        }
        let mut given =
            Self { lines: arguments.to_vec(), arguments: arguments.len(), are_keys, ..Self::default() };
        match file {
            Some("-") => given.add("standard input", io::stdin())?,
            Some(name) => {
                let file = File::open(name).map_err(|error| format!("{name} cannot be read: {error}"))?;
                given.add(name, file)?;
            }
            None if arguments.is_empty() && !io::stdin().is_terminal() => {
                given.add("standard input", io::stdin())?;
            }
            None => {}
        }
        if let Some(words) = expanded::root_refusal(&given.lines, Path::new("/")) {
            return Err(words);
        }
        if given.lines.iter().all(|line| trimmed(line).is_empty()) {
            return Err("name at least one item, such as /index.html or '/images/*'".to_owned());
        }
        Ok(given)
    }

    fn add(&mut self, name: &str, source: impl Read) -> Result<(), String> {
        name.clone_into(&mut self.source);
        let text = read(name, source)?;
        self.lines.extend(text.split('\n').map(str::to_owned));
        Ok(())
    }

    /// The field of the request and its value: a list of items or keys, or the text of a file, of which each line may be
    /// an item or the output of a tool.
    pub fn field(&self) -> (&'static str, Value) {
        if self.are_keys {
            let name = |line: &&String| !trimmed(line).is_empty();
            let keys: Vec<&str> =
                self.lines.iter().filter(name).map(|line| line.trim_end_matches('\r')).collect();
            ("keys", json!(keys))
        } else if self.source.is_empty() {
            ("items", json!(self.lines))
        } else {
            ("text", json!(self.lines.join("\n")))
        }
    }

    /// The place of the item that the server calls `/items/1`, such as `argument 2` or `changed.txt line 4`.
    pub fn place(&self, pointer: &str) -> Option<String> {
        self.place_of(index(pointer)?)
    }

    /// The place of the line with this index, from 0.
    pub fn place_of(&self, index: usize) -> Option<String> {
        let index = self.position(index)?;
        if index < self.arguments {
            return Some(format!("argument {}", index + 1));
        }
        let is_there = index < self.lines.len();
        is_there.then(|| format!("{} line {}", self.source, index - self.arguments + 1))
    }

    /// The line as far as it may be shown in a log. The query is cut off, and a line with `@` is not shown, because
    /// these may contain a signature or a password.
    pub fn told(&self, pointer: &str) -> Option<String> {
        let item = self.lines.get(self.position(index(pointer)?)?)?;
        let plain = trimmed(item).split('?').next().filter(|plain| !plain.contains('@'))?;
        Some(plain.chars().take(TOLD).filter(|c| !c.is_control()).collect())
    }

    /// The position among all lines of the one that the server counts as this. A list of keys has no blank lines.
    fn position(&self, index: usize) -> Option<usize> {
        if !self.are_keys {
            return Some(index);
        }
        let written = self.lines.iter().enumerate().filter(|(_, line)| !trimmed(line).is_empty());
        written.map(|(position, _)| position).nth(index)
    }
}

fn index(pointer: &str) -> Option<usize> {
    let rest = pointer.strip_prefix("/items/").or_else(|| pointer.strip_prefix("/keys/"))?;
    rest.parse().ok()
}

fn read(name: &str, source: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = source.take(ITEMS_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{name} cannot be read: {error}"))?;
    if bytes.len() as u64 > ITEMS_MAX {
        return Err(format!("{name} is larger than 2 MiB; split it into several requests"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(format!(
            "{name} is UTF-16, as PowerShell's > writes it; write it as UTF-8, with Out-File -Encoding utf8"
        ));
    }
    String::from_utf8(bytes).map_err(|error| format!("{name} cannot be read as text: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str], text: &str) -> Given {
        let lines: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let mut given = Given { arguments: lines.len(), lines, ..Given::default() };
        given.add("changed.txt", text.as_bytes()).unwrap();
        given
    }

    #[test]
    fn each_line_has_a_place() {
        let given = given(&["/a", "/b"], "/c\n\n  /d?x=1  \r\n");
        let (field, value) = given.field();
        assert_eq!((field, value.as_str()), ("text", Some("/a\n/b\n/c\n\n  /d?x=1  \r\n")));
        let places: Vec<_> = (0..7).map(|index| given.place_of(index)).collect();
        let wanted =
            ["argument 1", "argument 2", "changed.txt line 1", "changed.txt line 2", "changed.txt line 3"];
        assert_eq!(places[..5], wanted.map(|place| Some(place.to_owned())));
        assert_eq!(places[6], None);
        assert_eq!(given.place("/reason"), None);
        assert_eq!(given.told("/items/4").as_deref(), Some("/d"));
    }

    #[test]
    fn names_of_files_are_a_list_without_blank_lines() {
        let given = Given { are_keys: true, ..given(&[], "100% cotton.html\r\n\nc#.html\n") };
        assert_eq!(given.field(), ("keys", json!(["100% cotton.html", "c#.html"])));
        assert_eq!(given.place("/keys/1").as_deref(), Some("changed.txt line 3"));
    }

    #[test]
    fn what_may_be_a_password_is_not_told_again() {
        assert_eq!(given(&["https://me:word@x/"], "").told("/items/0"), None);
    }

    #[test]
    fn a_text_of_another_encoding_is_named() {
        let text = |bytes: &[u8]| read("F", bytes).unwrap_err();
        assert!(text(b"\xff\xfe/\0a\0").contains("F is UTF-16"));
        assert!(text(b"/\xfc").contains("cannot be read as text"));
    }
}
