//! Reads `aws cloudfront create-invalidation --distribution-id E1 --paths "/*" '/a b'`, also over several lines.

use super::{
    Entry, IntakeError, Reading, SkipReason,
    command::{self, Word},
    json::Json,
    json_shapes,
    lines::{Line, starts_with_http},
};

const COMMAND: &str = "cloudfront create-invalidation ";

/// Whether the command begins on this line.
pub(super) fn is_in(line: &Line<'_>) -> bool {
    line.text.contains(COMMAND)
}

/// Reads the command. The index of the line behind it. `None` if it does not end.
pub(super) fn read(text: &str, lines: &[Line<'_>], at: usize, entries: &mut Vec<Entry>) -> Option<usize> {
    let line = lines.get(at)?;
    let begin = line.start + line.raw.find(COMMAND)?;
    let command = command::read(&text[begin..])?;
    let end = lines.partition_point(|line| line.start < begin + command.length).max(at + 1);
    let mut found = of_words(&command.words, line);
    for line in &lines[at..end] {
        // The number of each line is in some entry, also where it has no path.
        if !found.iter().any(|entry| entry.number == line.number) {
            let reading = Reading::Skipped(SkipReason::Command);
            found.push(Entry { number: line.number, typed: line.text.to_owned(), reading });
        }
    }
    found.sort_by_key(|entry| entry.number);
    entries.append(&mut found);
    Some(end)
}

fn of_words(words: &[Word], line: &Line<'_>) -> Vec<Entry> {
    let refused =
        |error| Entry { number: line.number, typed: line.text.to_owned(), reading: Reading::Refused(error) };
    let mut found = Vec::new();
    let mut option = "";
    for word in words {
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (word.text.as_str(), None),
        };
        if name.starts_with("--") {
            option = name;
        }
        let value = if name.starts_with("--") { value } else { Some(word.text.as_str()) };
        let number = line.number + word.line;
        match (option, value) {
            ("--paths", Some(value)) => {
                found.push(Entry { number, typed: value.to_owned(), reading: of_path(value) });
            }
            ("--invalidation-batch" | "--cli-input-json", Some(value)) => match Json::parse(value) {
                Some(json) => found.extend(json_shapes::entries(&json, number, line.text)),
                None => found.push(refused(IntakeError::PathsElsewhere)),
            },
            _ => {}
        }
    }
    if found.is_empty() {
        found.push(refused(IntakeError::CommandWithoutPaths));
    }
    found
}

fn of_path(path: &str) -> Reading {
    if path.starts_with(['/', '#', '$']) || starts_with_http(path) {
        Reading::Typed(path.to_owned())
    } else {
        Reading::Refused(IntakeError::BadCommandPath)
    }
}
