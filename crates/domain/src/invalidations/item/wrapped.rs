//! Marks around a whole line: quotes of a shell, of code or of a text, and the angle brackets of a mail.

use super::{ItemError, characters::escaped};

/// What may stand around one path: how it begins and how it ends.
const PAIRS: [(char, char); 24] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('‘', '’'),
    ('«', '»'),
    ('»', '«'),
    ('”', '”'),
    ('’', '’'),
    ('‚', '‘'),
    ('‚', '’'),
    ('‹', '›'),
    ('›', '‹'),
    ('´', '´'),
    ('`', '´'),
    ('`', '\''),
    ('′', '′'),
    ('″', '″'),
    ('＂', '＂'),
    ('＇', '＇'),
    ('「', '」'),
    ('『', '』'),
];
/// So many marks around one another are taken off.
const LAYERS: usize = 3;

/// The line without the marks around it, and whether there were any.
pub(super) fn unwrapped(line: &str) -> Result<(&str, bool), ItemError> {
    let mut inner = line;
    for _ in 0..LAYERS {
        let Some(within) = within_quotes(inner).or_else(|| within_brackets(inner)) else { break };
        inner = within.trim();
    }
    if inner.is_empty() {
        return Err(ItemError::Empty);
    }
    check_quotes(inner)?;
    Ok((inner, inner.len() < line.len()))
}

fn within_quotes(line: &str) -> Option<&str> {
    PAIRS.iter().find_map(|(begin, end)| {
        let within = line.strip_prefix(*begin)?.strip_suffix(*end)?;
        (!within.contains([*begin, *end])).then_some(within)
    })
}

/// `<https://www.example.com/x>` as mails have it, also `<URL:https://…>` (RFC 3986, appendix C).
fn within_brackets(line: &str) -> Option<&str> {
    let within = line.strip_prefix('<')?.strip_suffix('>')?;
    let within = within.strip_prefix("URL:").unwrap_or(within);
    (within.contains("://") && !within.contains(['<', '>'])).then_some(within)
}

/// A quotation mark at one end only, or at both around more than one thing. One at the end belongs to the path where its
/// partner stands in the line too, as in `/search?q="d"`.
pub(super) fn check_quotes(line: &str) -> Result<(), ItemError> {
    let begins = line.chars().next().filter(|c| PAIRS.iter().any(|(begin, _)| begin == c));
    let ends = || line.chars().next_back().filter(|c| is_end(*c) && !has_partner(line, *c));
    match begins.or_else(ends) {
        // A tag says by itself what it may be made of.
        Some(mark) if !line.starts_with('#') => Err(ItemError::StrayQuote { mark, code: escaped(mark) }),
        _ => Ok(()),
    }
}

fn is_end(c: char) -> bool {
    PAIRS.iter().any(|(_, end)| *end == c)
}

/// Does the mark at the end of the line close one that stands before it?
fn has_partner(line: &str, mark: char) -> bool {
    let mut begins = PAIRS.iter().filter(|(_, end)| *end == mark).map(|(begin, _)| *begin);
    begins.any(|begin| {
        if begin == mark { line.matches(mark).count().is_multiple_of(2) } else { line.contains(begin) }
    })
}
