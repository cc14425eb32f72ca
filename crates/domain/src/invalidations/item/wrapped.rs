//! Removes marks around a whole line: quotation marks of a shell, of code or of a text, and the angle brackets of
//! an e-mail.

use super::{ItemError, characters::escaped};

/// The quotation marks that can be around a path: the one before it and the one after it.
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
/// How many nested pairs of marks are removed.
const LAYERS: usize = 3;

/// The line without the marks around it, and whether there were any. `Err` if nothing is left, or if a quotation
/// mark has no partner.
pub(super) fn unwrapped(line: &str) -> Result<(&str, bool), ItemError> {
    if has_plain_ends(line) {
        return Ok((line, false));
    }
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

/// Whether the line begins and ends with what is no mark, as most do.
fn has_plain_ends(line: &str) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'*');
    let bytes = line.as_bytes();
    bytes.first().is_some_and(is_plain) && bytes.last().is_some_and(is_plain)
}

fn within_quotes(line: &str) -> Option<&str> {
    let ends = (line.chars().next()?, line.chars().next_back()?);
    let (begin, end) = PAIRS.into_iter().find(|pair| *pair == ends)?;
    let within = line.strip_prefix(begin)?.strip_suffix(end)?;
    (!within.contains([begin, end])).then_some(within)
}

/// The text in angle brackets if it is a URL: `<https://www.example.com/x>`, as in e-mails, or `<URL:https://…>`
/// (RFC 3986, appendix C).
fn within_brackets(line: &str) -> Option<&str> {
    let within = line.strip_prefix('<')?.strip_suffix('>')?;
    let within = within.strip_prefix("URL:").unwrap_or(within);
    (within.contains("://") && !within.contains(['<', '>'])).then_some(within)
}

/// Refuses a line with a quotation mark at one end only, or at both ends of more than one text. A mark at the end
/// is accepted as part of the path if its partner is in the line too, as in `/search?q="d"`.
pub(super) fn check_quotes(line: &str) -> Result<(), ItemError> {
    let begins = line.chars().next().filter(|c| PAIRS.iter().any(|(begin, _)| begin == c));
    let ends = || line.chars().next_back().filter(|c| is_end(*c) && !has_partner(line, *c));
    match begins.or_else(ends) {
        // A tag can contain ASCII quotation marks. The check of tags refuses other ones.
        Some(mark) if !line.starts_with('#') => Err(ItemError::StrayQuote { mark, code: escaped(mark) }),
        _ => Ok(()),
    }
}

fn is_end(c: char) -> bool {
    PAIRS.iter().any(|(_, end)| *end == c)
}

/// Whether the mark at the end of the line has a partner before it.
fn has_partner(line: &str, mark: char) -> bool {
    let mut begins = PAIRS.iter().filter(|(_, end)| *end == mark).map(|(begin, _)| *begin);
    begins.any(|begin| {
        if begin == mark { line.matches(mark).count().is_multiple_of(2) } else { line.contains(begin) }
    })
}
