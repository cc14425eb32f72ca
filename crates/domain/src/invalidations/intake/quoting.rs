//! Decodes names that tools quote.

use super::{IntakeError, find_list::has_ending};

/// A name as git prints it: in double quotes with C escapes, or plain. Text after the closing quote is returned too.
pub(super) fn git_name(text: &str) -> Result<(String, &str), IntakeError> {
    let Some(inner) = text.strip_prefix('"') else { return Ok((text.to_owned(), "")) };
    let mut escaped = false;
    let end = inner.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let end = end.ok_or(IntakeError::UndecodableName)?;
    Ok((unescaped(&inner[..end])?, &inner[end + 1..]))
}

/// The whole text as one name of git.
pub(super) fn whole_git_name(text: &str) -> Result<String, IntakeError> {
    match git_name(text)? {
        (name, "") => Ok(name),
        _ => Err(IntakeError::UndecodableName),
    }
}

/// Whether the text is a path in double quotes with a C escape, as git prints it. Strings of program code have their
/// escapes at the ends of lines and seldom a slash or an extension.
pub(super) fn is_git_quoted(text: &str) -> bool {
    text.len() > 2
        && text.starts_with('"')
        && text.ends_with('"')
        && text.contains('\\')
        && !text.contains("\\n")
        && git_name(text).is_ok_and(|(name, rest)| {
            rest.is_empty() && (name.contains('/') || has_ending(&name)) && !name.contains(": ")
        })
}

/// The text with C escapes decoded: `\303\274`, `\"`, `\\`, `\t`.
pub(super) fn unescaped(text: &str) -> Result<String, IntakeError> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'\\' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let octal = octal(after);
        let (byte, used) = match (octal, after.first()) {
            (Some(byte), _) => (byte, 3),
            (None, Some(letter)) => (control(*letter).ok_or(IntakeError::UndecodableName)?, 1),
            (None, None) => return Err(IntakeError::UndecodableName),
        };
        bytes.push(byte);
        rest = &after[used..];
    }
    String::from_utf8(bytes).map_err(|_| IntakeError::UndecodableName)
}

/// The text with rsync's escapes decoded: `\#303\#274`.
pub(super) fn rsync_name(text: &str) -> Result<String, IntakeError> {
    if !text.contains("\\#") {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = if *first == b'\\' { after.strip_prefix(b"#").and_then(octal) } else { None };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[4..] } else { after };
    }
    String::from_utf8(bytes).map_err(|_| IntakeError::UndecodableName)
}

/// The byte of three octal digits.
fn octal(text: &[u8]) -> Option<u8> {
    let digits = text.get(..3)?;
    let value = digits.iter().try_fold(0_u32, |value, digit| {
        matches!(digit, b'0'..=b'7').then(|| value * 8 + u32::from(digit - b'0'))
    })?;
    u8::try_from(value).ok()
}

const fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b'"' | b'\\' => letter,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        for (quoted, name) in [
            (r#""dist/\303\274 b.html""#, "dist/ü b.html"),
            (r#""dist/quo\"te.html""#, "dist/quo\"te.html"),
            (r#""dist/tab\there""#, "dist/tab\there"),
            (r#""a\\b""#, "a\\b"),
            ("dist/new name.html", "dist/new name.html"),
        ] {
            assert_eq!(whole_git_name(quoted).as_deref(), Ok(name), "{quoted}");
        }
        assert_eq!(whole_git_name(r#""\374.html""#), Err(IntakeError::UndecodableName), "Latin-1");
        assert_eq!(whole_git_name(r#""open"#), Err(IntakeError::UndecodableName));
        assert_eq!(rsync_name(r"a b/\#303\#274.html").as_deref(), Ok("a b/ü.html"));
        assert_eq!(rsync_name(r"a\b").as_deref(), Ok(r"a\b"));
        assert_eq!(rsync_name(r"\#377"), Err(IntakeError::UndecodableName));
    }
}
