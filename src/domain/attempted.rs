//! What somebody asked to have refreshed and was refused: the history keeps it as far as it names anything.

use super::{
    encoding::encode_path,
    item::{Item, PATH_MAX},
    plan::LINES_MAX,
};

/// The items of lines that may be wrong, or of a distribution that may not be there. A line that can be no item is left
/// out.
#[must_use]
pub fn attempted(typed: &str) -> Vec<Item> {
    let mut items: Vec<Item> = typed.lines().take(LINES_MAX).filter_map(item).collect();
    items.sort();
    items.dedup();
    items
}

fn item(line: &str) -> Option<Item> {
    let line = line.trim();
    if line.is_empty() || line.chars().any(char::is_control) || line.chars().count() > PATH_MAX {
        return None;
    }
    if line.starts_with('#') {
        return Some(Item::from_trusted(line));
    }
    let path = match line.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        None if line.starts_with('/') => line.to_owned(),
        None => format!("/{line}"),
    };
    Some(Item::from_trusted(encode_path(&path).map_or(path, |encoded| encoded.text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_something_is_kept() {
        let long = "/x".repeat(PATH_MAX);
        let typed = format!(
            "/b\n\n a \n#tv\n/b\nhttps://www.example.com/c?d\nhttps://example.com\n/\x07\n{long}\n/ü*"
        );
        let items: Vec<String> = attempted(&typed).iter().map(ToString::to_string).collect();
        assert_eq!(items, ["#tv", "/", "/%C3%BC*", "/a", "/b", "/c?d"]);
    }
}
