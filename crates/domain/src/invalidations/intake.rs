//! Reads text as people paste it: lines that they typed, the output of tools, a sitemap, a batch of CloudFront.
//!
//! This only finds out what each line says. Which distribution and which path a name belongs to is worked out later,
//! because it depends on the distributions.

/// What one line of the text, or one element of a document, says. A line that names two files has two entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line number, from 1. Blank lines count. In a document it is the line where the element begins.
    pub number: usize,
    /// The line as it was pasted, without blanks around it. In a document, the text of the element.
    pub typed: String,
    pub reading: Reading,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A URL, a path or a tag, to be read by [`super::item::parse_line`]. Percent signs are escapes.
    Typed(String),
    /// The name of a file, to be encoded by [`super::item::encode_key`]. It has no escapes, queries or wildcards.
    File(NamedFile),
    /// A line that names nothing to refresh, such as a tool's progress.
    Skipped(SkipReason),
    Refused(IntakeError),
}

/// A file that a tool named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The name, decoded: what the file is called.
    pub name: String,
    pub place: FilePlace,
    pub change: FileChange,
    pub tool: Tool,
}

impl NamedFile {
    /// Whether the name is a key of a bucket that is known.
    #[must_use]
    pub const fn is_in_a_bucket(&self) -> bool {
        matches!(self.place, FilePlace::Bucket(_))
    }
}

/// What the name of a file is relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// The name is a key of this bucket.
    Bucket(String),
    /// The name is a path on the computer where the tool ran, relative to the folder in which it ran.
    Local,
    /// The name is relative to the tool's destination, which its output does not tell.
    Destination,
    /// The name is a key of the distribution's bucket, or the name of a file below the root of the site.
    Key,
}

/// What happened to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// It was added or changed.
    Written,
    Deleted,
    /// The tool only lists it.
    Listed,
}

/// The program or format that a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    AwsS3,
    /// No tool: a list of keys that somebody asked for.
    Keys,
}

impl Tool {
    /// The name of the program or format, as text for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::AwsS3 => "aws s3",
            Self::Keys => "keys",
        }
    }
}

/// Why a line names nothing to refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// What a tool tells about its progress, or the sum at the end.
    Progress,
    /// The tool only said what it would do. Nothing was changed.
    DryRun,
}

impl SkipReason {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Progress => "tells only how far the tool was",
            Self::DryRun => "was only a trial run of the tool; nothing was changed",
        }
    }
}

/// Why a line was not understood, as a message for the person who pasted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    #[error("is output of a program that is not known here; write the path or the URL alone")]
    UnknownOutput,
}

/// Reads the text. The entries stand in the order of the lines; blank lines have none.
#[must_use]
pub fn read(text: &str) -> Vec<Entry> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, super::item::trimmed(line)));
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| Entry {
            number,
            typed: line.to_owned(),
            reading: Reading::Typed(line.to_owned()),
        })
        .collect()
}
