//! Refuses control characters and invisible characters. They often come with copied text, and they change the path.

use super::ItemError;

/// Common invisible characters with their names in Unicode.
const NAMED: [(char, &str); 12] = [
    ('\u{a0}', "no-break space"),
    ('\u{ad}', "soft hyphen"),
    ('\u{200b}', "zero width space"),
    ('\u{200c}', "zero width non-joiner"),
    ('\u{200d}', "zero width joiner"),
    ('\u{200e}', "left-to-right mark"),
    ('\u{200f}', "right-to-left mark"),
    ('\u{202e}', "right-to-left override"),
    ('\u{202f}', "narrow no-break space"),
    ('\u{2060}', "word joiner"),
    ('\u{3000}', "ideographic space"),
    ('\u{feff}', "byte-order mark"),
];

/// Whether the line has no characters but those of most paths, so that it is one path, and nothing of a shell is in it.
pub(crate) fn are_plain(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'))
}

/// Refuses control characters and invisible characters.
pub(super) fn check(line: &str) -> Result<(), ItemError> {
    if line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(());
    }
    if line.contains('\t') {
        return Err(ItemError::Tab);
    }
    if line.chars().any(char::is_control) {
        return Err(ItemError::ControlCharacter);
    }
    if line.is_ascii() {
        return Ok(());
    }
    invisible_in(line).map_or(Ok(()), |(at, c)| Err(refusal(&line[..at], c)))
}

/// The first character that is invisible or that changes the direction of the text, with its byte position.
fn invisible_in(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(at, c)| is_invisible(*c) && !is_joining(text, *at, *c))
}

/// Refuses percent-encoded control characters in a path and at the end of its query string. In the middle of a
/// query string they are accepted, because a parameter can have a text of several lines.
pub(crate) fn check_encoded(path: &str) -> Result<(), ItemError> {
    let query = path.find('?').unwrap_or(path.len());
    let found = path.match_indices('%').find_map(|(at, _)| {
        let escape = path.get(at..at + 3).filter(|_| at < query || at + 3 == path.len())?;
        let byte = u8::from_str_radix(&escape[1..], 16).ok()?;
        (byte < 32 || byte == 127).then_some(escape)
    });
    found.map_or(Ok(()), |escape| Err(ItemError::EncodedControl(escape.to_owned())))
}

fn is_invisible(c: char) -> bool {
    // White space other than the ASCII space, and format characters, which are not visible themselves.
    (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether this is a joiner between two visible characters that are not ASCII. Some scripts and emoji need joiners.
fn is_joining(line: &str, at: usize, c: char) -> bool {
    let foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_invisible(c));
    matches!(c, '\u{200c}' | '\u{200d}')
        && foreign(line[..at].chars().next_back())
        && foreign(line[at + c.len_utf8()..].chars().next())
}

fn refusal(before: &str, c: char) -> ItemError {
    let number = format!("U+{:04X}", u32::from(c));
    let name = NAMED.iter().find(|(named, _)| *named == c);
    let name = name.map_or_else(|| number.clone(), |(_, name)| format!("{number} ({name})"));
    ItemError::InvisibleCharacter { name, place: before.chars().count() + 1, code: escaped(c) }
}

/// The percent-encoded character.
pub(super) fn escaped(c: char) -> String {
    let mut utf8 = [0; 4];
    c.encode_utf8(&mut utf8).bytes().map(|byte| format!("%{byte:02X}")).collect()
}
