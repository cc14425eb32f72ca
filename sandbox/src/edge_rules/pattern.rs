//! Owns patterns of paths, in which `*` stands for any letters.

/// Whether `text` is like `pattern`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The earliest place leaves the most for the parts that follow.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn an_asterisk_stands_for_any_letters() {
        for (pattern, text) in [
            ("*", "/"),
            ("/a", "/a"),
            ("/a/*", "/a/"),
            ("/a/*.js", "/a/b/c.js"),
            ("*.js", "/a.js"),
            ("/*/b*c", "/a/b/b/c"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("/a", "/a/"), ("/a/*", "/a"), ("/a*a", "/a"), ("*.js", "/a.json"), ("", "/"), ("/*b*b", "/b")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
