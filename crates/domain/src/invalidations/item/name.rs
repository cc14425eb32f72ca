//! The path under which viewers ask for a file of a given name.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What would be an escape, a query, a fragment or a wildcard, and what browsers encode.
pub(crate) const NOT_PLAIN_IN_LINKS: AsciiSet = CONTROLS
    .add(b'%')
    .add(b'?')
    .add(b'#')
    .add(b'*')
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'^')
    .add(b'\\');

/// The path that Chromium asks for when a page links to the file of this name below a folder. `folder` is a path that
/// ends with a slash.
///
/// A name is not a URL: each `%`, `?`, `#` and `*` in it is part of the name and is encoded, so that it is no escape,
/// query, fragment or wildcard. Blanks, `"`, `<`, `>`, `` ` ``, `{`, `}`, `|`, `^`, `\` and what is not ASCII are
/// encoded as browsers encode them (seen with Chromium 156). Letters are neither composed nor decomposed.
#[must_use]
pub fn path_of_name(folder: &str, name: &str) -> String {
    // With room for a few escapes.
    let mut path = String::with_capacity(folder.len() + name.len() + 16);
    path.push_str(folder);
    path.extend(utf8_percent_encode(name, &NOT_PLAIN_IN_LINKS));
    path
}

#[cfg(test)]
mod tests {
    use super::path_of_name;

    #[test]
    fn names_are_no_urls() {
        for (key, path) in [
            ("100% cotton.html", "100%25%20cotton.html"),
            ("a%20b.html", "a%2520b.html"),
            ("what?.html", "what%3F.html"),
            ("c#.html", "c%23.html"),
            ("star*", "star%2A"),
            ("a b|c^d'e(f)~g+h[1]{2}`.html", "a%20b%7Cc%5Ed'e(f)~g+h[1]%7B2%7D%60.html"),
            ("\u{fc}/\u{f1}.html", "%C3%BC/%C3%B1.html"),
            ("e\u{301}.html", "e%CC%81.html"),
            ("semi;colon:at@eq=amp&bang!dollar$comma,.html", "semi;colon:at@eq=amp&bang!dollar$comma,.html"),
        ] {
            assert_eq!(path_of_name("/a/", key), format!("/a/{path}"), "{key}");
        }
    }
}
