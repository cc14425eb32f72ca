//! Reads the paths that a piece of Rust names: those of `use`, with their braces unfolded, and those in the code.

/// Every path of two or more words, and every path of a `use`.
pub fn paths_in(text: &str) -> Vec<Vec<String>> {
    let words = words(&bare(text));
    let mut paths = Vec::new();
    let mut index = 0;
    while index < words.len() {
        if words[index] == "use" {
            let end = words[index..].iter().position(|word| word == ";").map_or(words.len(), |n| index + n);
            unfold(&mut words[index + 1..end].iter().map(String::as_str).peekable(), &[], &mut paths);
            index = end;
        } else {
            let path = path_at(&words[index..]);
            index += (2 * path.len()).max(1);
            if path.len() > 1 {
                paths.push(path);
            }
        }
    }
    paths
}

/// The words of a path that begins here: `a::b::c`.
fn path_at(words: &[String]) -> Vec<String> {
    let mut path = Vec::new();
    for pair in words.chunks(2) {
        if !is_name(&pair[0]) {
            break;
        }
        path.push(pair[0].clone());
        if pair.get(1).is_none_or(|word| word != "::") {
            break;
        }
    }
    path
}

/// Unfolds the tree of a `use`.
fn unfold<'a>(
    words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    before: &[String],
    paths: &mut Vec<Vec<String>>,
) {
    let mut path = before.to_vec();
    let mut open = false;
    while let Some(word) = words.next() {
        match word {
            "::" => {}
            "{" => {
                unfold(words, &path, paths);
                open = false;
                path.clear();
            }
            "," | "}" => {
                if open {
                    paths.push(path);
                }
                path = before.to_vec();
                open = false;
                if word == "}" {
                    return;
                }
            }
            "as" => {
                words.next();
            }
            name => {
                path.push(name.to_owned());
                open = true;
            }
        }
    }
    if open {
        paths.push(path);
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and single signs.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c.is_alphanumeric() || c == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        if !word.trim().is_empty() {
            words.push(word.to_owned());
        }
        rest = after;
    }
    words
}

/// The text without comments and without what stands in quotes.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = skipped(rest);
        if skipped > 0 {
            bare.push(' ');
            rest = &rest[skipped..];
        } else {
            bare.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    bare
}

/// How many bytes of comment or literal begin here.
fn skipped(rest: &str) -> usize {
    let until = |from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |n| from + n + end.len());
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return until(2, "*/");
    }
    if let Some(after) = rest.strip_prefix('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after[hashes..].starts_with('"') {
            return until(hashes + 2, &format!("\"{}", "#".repeat(hashes)));
        }
        return 0;
    }
    if rest.starts_with('"') {
        return closing_quote(rest);
    }
    character(rest)
}

/// The length of a text literal.
fn closing_quote(rest: &str) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix('\'') else { return 0 };
    let mut chars = after.char_indices();
    match chars.next() {
        Some((_, '\\')) => after[2..].find('\'').map_or(0, |n| n + 4),
        Some((_, c)) if after[c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
        _ => 0,
    }
}
