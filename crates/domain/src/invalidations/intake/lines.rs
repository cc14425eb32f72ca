//! Splits a text into lines, and takes off what terminals and build servers put around them.

use std::borrow::Cow;

use super::gsutil;
use crate::invalidations::item::trimmed;

/// One line that is not blank. Carriage returns within a line begin a further one with the same number, because
/// tools write their progress so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// From 1. Blank lines count.
    pub number: usize,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// The line with the blanks around it.
    pub raw: &'a str,
    /// The line without the blanks around it.
    pub text: &'a str,
    /// Whether somebody plainly typed this: a path, a URL or a tag, perhaps in quotation marks.
    pub is_plain: bool,
}

impl<'a> Line<'a> {
    /// The line of this text, which may have its end behind it.
    fn new(number: usize, start: usize, whole: &'a str) -> Self {
        let raw = whole.strip_suffix('\n').unwrap_or(whole);
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let text = trimmed(raw);
        Self { number, start, raw, text, is_plain: is_typed(text) }
    }

    /// The line without escape sequences of a terminal and without the time that a build server puts before it.
    /// Blanks around it are kept.
    pub(super) fn body(&self) -> Cow<'a, str> {
        let plain = without_escapes(self.raw);
        match plain {
            Cow::Borrowed(text) => Cow::Borrowed(without_time(text)),
            Cow::Owned(text) => Cow::Owned(without_time(&text).to_owned()),
        }
    }
}

fn is_typed(text: &str) -> bool {
    let text = text.trim_start_matches(['"', '\'', '`']);
    text.starts_with(['/', '#']) || starts_with_http(text)
}

/// Whether the text begins with `http://` or `https://`, in any case.
pub(super) fn starts_with_http(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

/// The lines of the text that are not blank.
pub(super) fn split(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = index + 1;
        let whole = Line::new(number, start, line);
        // A carriage return within a line that somebody typed is no progress of a tool. Such a line is refused later.
        let is_typed = whole.is_plain && !gsutil::is_bar(whole.text);
        if is_typed || !whole.raw.contains('\r') {
            lines.push(whole);
        } else {
            let mut begin = start;
            for part in line.split_inclusive('\r') {
                lines.push(Line::new(number, begin, part));
                begin += part.len();
            }
        }
        start += line.len();
    }
    lines.retain(|line| !line.text.is_empty());
    lines
}

/// Takes off the sequences that colour a terminal (ECMA-48, `CSI … final`).
fn without_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find(|c: char| ('@'..='~').contains(&c));
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Takes off a time as GitHub Actions writes it, `2026-11-28T06:08:21.1234567Z `, Jenkins,
/// `[2026-11-28T06:08:21.123Z] `, or GitLab, `2026-11-28T06:08:21.123456Z 00O ` (GitLab Runner 17 with
/// `FF_TIMESTAMPS`), and the name of a container that Docker Compose writes, `web-1  | `.
fn without_time(text: &str) -> &str {
    let rest = match text.strip_prefix('[') {
        Some(rest) => behind_time(rest, "Z] "),
        None => behind_time(text, "Z ").map(|rest| behind_stream(rest).unwrap_or(rest)),
    };
    rest.or_else(|| behind_container(text)).unwrap_or(text)
}

/// Behind the number and the letter of GitLab's streams, `00O ` or `01E+`.
fn behind_stream(text: &str) -> Option<&str> {
    let [first, second, stream, end, ..] = *text.as_bytes() else { return None };
    let is_stream = first.is_ascii_hexdigit() && second.is_ascii_hexdigit() && b"OE".contains(&stream);
    (is_stream && b" +".contains(&end)).then(|| &text[4..])
}

/// Behind `service-1  | `: the name of a service, the number of its container, two blanks and a bar. `git diff --stat`
/// has numbers behind its bar.
fn behind_container(text: &str) -> Option<&str> {
    // Most lines have no bar, and one letter is found sooner than three blanks.
    let (name, rest) = if text.contains('|') { text.split_once("  | ")? } else { return None };
    if rest.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_digit()) || rest.starts_with("Bin ") {
        return None;
    }
    let (service, number) = name.trim_end_matches(' ').rsplit_once('-')?;
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !service.is_empty() && service.bytes().all(is_name)).then_some(rest)
}

fn behind_time<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let bytes = text.as_bytes();
    let shape = b"0000-00-00T00:00:00.";
    let fits = bytes.len() > shape.len()
        && shape.iter().zip(bytes).all(|(want, byte)| match want {
            b'0' => byte.is_ascii_digit(),
            other => other == byte,
        });
    let rest = fits.then(|| text[shape.len()..].trim_start_matches(|c: char| c.is_ascii_digit()))?;
    rest.strip_prefix(end)
}
