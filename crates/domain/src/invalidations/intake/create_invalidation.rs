//! Reads `aws cloudfront create-invalidation --distribution-id E1 --paths "/*" '/a b'`, also over several lines.

use std::collections::HashSet;

use crate::id::DistributionId;

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
    let named: HashSet<usize> = found.iter().map(|entry| entry.number).collect();
    // The number of each line is in some entry, also where it has no path.
    for line in lines[at..end].iter().filter(|line| !named.contains(&line.number)) {
        let reading = Reading::Skipped(SkipReason::Command);
        found.push(Entry { number: line.number, typed: line.text.to_owned(), reading });
    }
    found.sort_by_key(|entry| entry.number);
    entries.append(&mut found);
    Some(end)
}

fn of_words(words: &[Word], line: &Line<'_>) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut option = "";
    let mut distribution = None;
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
            ("--distribution-id", Some(value)) => distribution = DistributionId::parse(value),
            ("--paths", Some(value)) => {
                found.push(Entry { number, typed: value.to_owned(), reading: of_path(value) });
            }
            ("--invalidation-batch" | "--cli-input-json", Some(value)) => {
                let elsewhere = |value: &str| {
                    let reading = Reading::Refused(IntakeError::PathsElsewhere);
                    vec![Entry { number, typed: value.to_owned(), reading }]
                };
                let batch = Json::parse(value).map(|json| json_shapes::entries(&json, number, value));
                found.extend(batch.unwrap_or_else(|| elsewhere(value)));
                // The option has one value. What follows it is no further batch.
                option = "";
            }
            _ => {}
        }
    }
    if is_listing_of_root(&found) {
        for entry in &mut found {
            entry.reading = Reading::Refused(IntakeError::ExpandedByShell);
        }
    }
    if let Some(distribution) = distribution {
        for entry in &mut found {
            entry.reading.name_distribution(&distribution);
        }
    }
    if found.is_empty() {
        let reading = Reading::Refused(IntakeError::CommandWithoutPaths);
        found.push(Entry { number: line.number, typed: line.text.to_owned(), reading });
    }
    found
}

/// Whether the paths are the folders of a computer. A shell puts them in the place of a `/*` without quotes, and the
/// AWS CLI sends them.
fn is_listing_of_root(found: &[Entry]) -> bool {
    ["/bin", "/etc", "/usr", "/var"].iter().all(|folder| found.iter().any(|entry| entry.typed == *folder))
}

fn of_path(path: &str) -> Reading {
    if path.starts_with(['/', '#', '$']) || starts_with_http(path) {
        Reading::Typed(path.to_owned())
    } else {
        Reading::Refused(IntakeError::BadCommandPath)
    }
}
