//! The items of the command, and where each came from.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use crate::domain::invalidations::item::trimmed;

use super::expanded;

/// The maximum size of a list of items in bytes.
const ITEMS_MAX: u64 = 2 * 1024 * 1024;
/// The number of characters of an item that messages show.
const TOLD: usize = 120;

/// The items in the order in which they are sent: first the arguments, then those of a file or of standard input.
#[derive(Debug, Default)]
pub struct Given {
    pub items: Vec<String>,
    arguments: usize,
    /// The name of the file, for messages.
    source: String,
    /// The line number of each item from the file, counted from 1.
    lines: Vec<usize>,
}

impl Given {
    /// Reads the arguments and the file. If neither is given, it reads standard input unless that is a terminal.
    pub fn read(arguments: &[String], file: Option<&str>) -> Result<Self, String> {
        let folder = std::env::current_dir().unwrap_or_default();
        if let Some(words) = expanded::refusal(arguments, Path::new("/"), &folder) {
            return Err(words);
        }
        let mut given = Self { items: arguments.to_vec(), arguments: arguments.len(), ..Self::default() };
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
        if let Some(words) = expanded::root_refusal(&given.items, Path::new("/")) {
            return Err(words);
        }
        if given.items.is_empty() {
            return Err("name at least one item, such as /index.html or '/images/*'".to_owned());
        }
        Ok(given)
    }

    fn add(&mut self, name: &str, source: impl Read) -> Result<(), String> {
        name.clone_into(&mut self.source);
        let text = read(name, source)?;
        for (index, line) in text.lines().enumerate() {
            let line = trimmed(line);
            if !line.is_empty() {
                self.items.push(line.to_owned());
                self.lines.push(index + 1);
            }
        }
        Ok(())
    }

    /// The place of the item that the server calls `/items/1`, such as `argument 2` or `changed.txt line 4`.
    pub fn place(&self, pointer: &str) -> Option<String> {
        let index = index(pointer)?;
        if index < self.arguments {
            return Some(format!("argument {}", index + 1));
        }
        let line = self.lines.get(index - self.arguments)?;
        Some(format!("{} line {line}", self.source))
    }

    /// The item as far as it may be shown in a log. The query is cut off, and an item with `@` is not shown,
    /// because these may contain a signature or a password.
    pub fn told(&self, pointer: &str) -> Option<String> {
        let item = self.items.get(index(pointer)?)?;
        let plain = item.split('?').next().filter(|plain| !plain.contains('@'))?;
        Some(plain.chars().take(TOLD).filter(|c| !c.is_control()).collect())
    }
}

fn index(pointer: &str) -> Option<usize> {
    pointer.strip_prefix("/items/")?.parse().ok()
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
        let items: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let mut given = Given { arguments: items.len(), items, ..Given::default() };
        given.add("changed.txt", text.as_bytes()).unwrap();
        given
    }

    #[test]
    fn each_item_has_a_place() {
        let given = given(&["/a", "/b"], "\u{feff}/c\n\n  /d?x=1  \r\n");
        assert_eq!(given.items, ["/a", "/b", "/c", "/d?x=1"]);
        let places: Vec<_> = (0..5).map(|index| given.place(&format!("/items/{index}"))).collect();
        let wanted = ["argument 1", "argument 2", "changed.txt line 1", "changed.txt line 3"];
        assert_eq!(places[..4], wanted.map(|place| Some(place.to_owned())));
        assert_eq!(places[4], None);
        assert_eq!(given.place("/reason"), None);
        assert_eq!(given.told("/items/3").as_deref(), Some("/d"));
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
