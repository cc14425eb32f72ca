//! What somebody asked to have refreshed and was refused: the history keeps it as far as it names anything.

use super::{
    encoding::encode_path,
    item::{Item, PATH_MAX, TAG_MAX, is_scheme, without_signature},
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
    if line.is_empty() || line.chars().any(char::is_control) {
        return None;
    }
    if line.starts_with('#') {
        return (line.chars().count() <= TAG_MAX).then(|| Item::from_trusted(line));
    }
    let path = path(line)?;
    let path = without_signature(&path).unwrap_or(path);
    let encoded = encode_path(&path).map_or(path, |encoded| encoded.text);
    (encoded.chars().count() <= PATH_MAX).then(|| Item::from_trusted(encoded))
}

/// The path of a line, whoever's URL it is; `None` where somebody's name and password may stand in it.
fn path(line: &str) -> Option<String> {
    let rest = match line.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => Some(rest),
        _ => line.strip_prefix("//"),
    };
    let before = rest.unwrap_or(line);
    let end = before.find(['/', '?', '#']).unwrap_or(before.len());
    if before[..end].contains('@') {
        return None;
    }
    let path = if rest.is_some() { &before[end..] } else { line };
    let path = path.split('#').next().unwrap_or(path);
    Some(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
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
        ];
        let items: Vec<String> = attempted(&typed.join("\n")).iter().map(ToString::to_string).collect();
        assert_eq!(items, ["/a"]);
    }
}
