//! Splits a command of a POSIX shell into its words.

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    /// The line, from 0, where it begins in the command.
    pub line: usize,
}

/// A command with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    pub words: Vec<Word>,
    /// How many bytes of the text belong to it, without the line end.
    pub length: usize,
}

/// Reads the command at the beginning of the text, to the end of its last line. A backslash at the end of a line
/// continues it, and in PowerShell a backtick. `None` if a quotation mark has no partner.
pub(super) fn read(text: &str) -> Option<Command> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0, line: 0, words: Vec::new(), word: None };
    let mut goes_on = true;
    while let Some(byte) = reader.next() {
        match byte {
            b'\n' => {
                reader.at -= 1;
                break;
            }
            // What stands behind the command is passed over, to the end of the line.
            _ if !goes_on => {}
            b' ' | b'\t' | b'\r' => reader.end_word(),
            b'\\' => reader.escape(),
            b'`' if reader.ends_line() => reader.escape(),
            b'\'' | b'"' => reader.quoted(byte)?,
            b';' | b'|' | b'&' | b'>' | b'<' | b')' => {
                reader.end_word();
                goes_on = false;
            }
            b'#' if reader.word.is_none() => goes_on = false,
            byte => reader.push(byte),
        }
    }
    reader.end_word();
    Some(Command { words: reader.words, length: reader.at })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    words: Vec<Word>,
    /// The word that is open, and the line where it begins.
    word: Option<(usize, Vec<u8>)>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn push(&mut self, byte: u8) {
        let line = self.line;
        self.word.get_or_insert_with(|| (line, Vec::new())).1.push(byte);
    }

    fn end_word(&mut self) {
        if let Some((line, bytes)) = self.word.take() {
            self.words.push(Word { text: String::from_utf8_lossy(&bytes).into_owned(), line });
        }
    }

    /// Whether nothing stands between here and the end of the line.
    fn ends_line(&self) -> bool {
        self.bytes[self.at..].starts_with(b"\n") || self.bytes[self.at..].starts_with(b"\r\n")
    }

    /// What follows a backslash outside of quotes.
    fn escape(&mut self) {
        if self.bytes.get(self.at) == Some(&b'\r') && self.bytes.get(self.at + 1) == Some(&b'\n') {
            self.at += 1;
        }
        match self.next() {
            Some(b'\n') => self.line += 1,
            Some(byte) => self.push(byte),
            None => {}
        }
    }

    /// The text to the partner of this quotation mark.
    fn quoted(&mut self, mark: u8) -> Option<()> {
        let line = self.line;
        self.word.get_or_insert_with(|| (line, Vec::new()));
        loop {
            let byte = self.next()?;
            let escaped = byte == b'\\' && mark == b'"';
            match byte {
                byte if byte == mark => return Some(()),
                _ if escaped && matches!(self.bytes.get(self.at), Some(b'"' | b'\\' | b'$' | b'`')) => {
                    let next = self.next()?;
                    self.push(next);
                }
                byte => {
                    self.push(byte);
                    self.line += usize::from(byte == b'\n');
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, usize)> {
        read(text).unwrap().words.into_iter().map(|word| (word.text, word.line)).collect()
    }

    #[test]
    fn words_are_read_as_a_shell_reads_them() {
        let of = |words: &[(&str, usize)]| -> Vec<(String, usize)> {
            words.iter().map(|(word, line)| ((*word).to_owned(), *line)).collect()
        };
        assert_eq!(words("a 'b c' \"d\\\"e\" f\\ g"), of(&[("a", 0), ("b c", 0), ("d\"e", 0), ("f g", 0)]));
        assert_eq!(words("a \\\n  b \\\r\n c\nd"), of(&[("a", 0), ("b", 1), ("c", 2)]));
        assert_eq!(words("a b && c"), of(&[("a", 0), ("b", 0)]));
        assert_eq!(words("a # b"), of(&[("a", 0)]));
        assert_eq!(words("a '{\n}' b"), of(&[("a", 0), ("{\n}", 0), ("b", 1)]));
        assert_eq!(read("a 'b"), None);
    }
}
