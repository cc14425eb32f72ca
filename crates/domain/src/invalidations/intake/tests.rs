//! Tests with texts as people paste them. Each table has a line or a text and what it says.

mod corpus;
mod documents;
mod lists;
mod property;
mod uploads;

use super::*;

/// The entries as short texts: what became of a line, and its name. Only a note is told besides.
fn told(text: &str) -> Vec<String> {
    read(text).iter().map(short).collect()
}

/// The same with the number of each line.
fn numbered(text: &str) -> Vec<(usize, String)> {
    read(text).iter().map(|entry| (entry.number, short(entry))).collect()
}

fn short(entry: &Entry) -> String {
    match &entry.reading {
        Reading::Typed(typed) => format!("typed {typed}"),
        Reading::TypedFor(id, typed) => format!("typed for {id} {typed}"),
        Reading::AsSent(item) => format!("as sent {item}"),
        Reading::Skipped(reason) => format!("skipped {reason:?}"),
        Reading::Refused(error) => format!("refused {error:?}"),
        Reading::File(file) => {
            let change = match file.change {
                FileChange::Written => "written",
                FileChange::Deleted => "deleted",
                FileChange::Listed => "listed",
            };
            let place = match &file.place {
                FilePlace::Bucket(name) => format!("{name}:"),
                FilePlace::UnnamedBucket => "bucket:".to_owned(),
                FilePlace::Local => "local:".to_owned(),
                FilePlace::Destination => "destination:".to_owned(),
            };
            let note = file.note.map(|note| format!(" {note:?}")).unwrap_or_default();
            format!("{change} {place}{}{note}", file.name)
        }
    }
}

#[track_caller]
fn check(table: &[(&str, &[&str])]) {
    for (text, wanted) in table {
        assert_eq!(told(text), *wanted, "{text:?}");
    }
}
