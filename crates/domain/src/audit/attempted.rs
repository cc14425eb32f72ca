//! The items of a refused request, as far as its lines can be read. The history records them.

use std::borrow::Cow;

use crate::{
    encoding::encode_path,
    invalidations::{
        item::{Item, PATH_MAX, TAG_MAX, is_scheme, trimmed, without_signature},
        plan::LINES_MAX,
    },
};

/// The items of lines that may be invalid, for a distribution that may not exist. A line that cannot be an item is
/// left out.
#[must_use]
pub fn attempted(typed: &str) -> Vec<Item> {
    let mut items: Vec<Item> = typed.lines().take(LINES_MAX).filter_map(item).collect();
    items.sort();
    items.dedup();
    items
}

fn item(line: &str) -> Option<Item> {
    let line = trimmed(line);
    if line.is_empty() || line.chars().any(char::is_control) {
        return None;
    }
    if line.starts_with('#') {
        return (line.chars().count() <= TAG_MAX).then(|| Item::of_checked(line));
    }
    let path = path(line)?;
    let path = without_signature(&path).unwrap_or(&path);
    let encoded = encode_path(path).map_or_else(|| path.to_owned(), Cow::into_owned);
    (encoded.chars().count() <= PATH_MAX).then(|| Item::of_checked(encoded))
}

/// The path of a line, for a URL of any host. `None` if the line may contain a user name and a password.
fn path(line: &str) -> Option<String> {
    if may_have_a_password(line) {
        return None;
    }
    let rest = match line.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => Some(rest),
        _ => line.strip_prefix("//"),
    };
    let before = rest.unwrap_or(line);
    let end = before.find(['/', '?', '#']).unwrap_or(before.len());
    let path = if rest.is_some() { &before[end..] } else { line };
    let path = path.split('#').next().unwrap_or(path);
    Some(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

/// Whether the line may contain a password. A refused line may hold a malformed URL: in quotes, with a damaged
/// scheme, or after another URL. The check therefore does not parse the URL.
fn may_have_a_password(line: &str) -> bool {
    let line = line.replace("%40", "@");
    let authority = |rest: &str| rest.split(['/', '?', '#', ' ']).next().unwrap_or(rest).contains('@');
    let after_slashes = line.split("//").skip(1).any(authority);
    let before_at = line.split('@').next().filter(|before| before.len() < line.len());
    after_slashes
        || (!line.starts_with('/')
            && before_at.is_some_and(|before| !before.is_empty() && before.contains([':', '%', '\\'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_something_is_kept() {
        let long = "/x".repeat(PATH_MAX);
        let wide = format!("/{}", "ü".repeat(PATH_MAX / 2));
        let typed = [
            "/b",
            "",
            " a ",
            "#tv",
            "/b",
            "https://www.example.com/c?d#e",
            "https://example.com",
            "/\u{7}",
            &long,
            &wide,
            "/ü*",
            "/go?to=https://x.example/y",
        ];
        let items: Vec<String> = attempted(&typed.join("\n")).iter().map(ToString::to_string).collect();
        assert_eq!(items, ["#tv", "/", "/%C3%BC*", "/a", "/b", "/c?d", "/go?to=https://x.example/y"]);
    }

    #[test]
    fn no_secret_of_a_url_is_kept() {
        let typed = [
            "https://h.example/a?Expires=1&Signature=word&Key-Pair-Id=K1",
            "https://me:word@h.example/b",
            "//me:word@h.example/c",
            "me:word@h.example/d",
            "\"https://me:word@h.example/e\"",
            "https:/me:word@h.example/f",
            "https:\\\\me:word@h.example\\g",
            "https%3A//me:word@h.example/h",
            "https%3A%2F%2Fme%3Aword%40h.example/h",
            "/i https://me:word@h.example/i",
            "/i,//me:word@h.example/i",
        ];
        let items: Vec<String> = attempted(&typed.join("\n")).iter().map(ToString::to_string).collect();
        let told = items.join(" ");
        assert!(!told.contains("word") && items.contains(&"/a".to_owned()), "{told}");
    }
}
