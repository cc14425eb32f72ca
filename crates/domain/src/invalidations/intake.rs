//! Reads text as people paste it: lines that they typed, the output of tools, a sitemap, a batch of CloudFront.
//!
//! This only finds out what each line says. Which distribution and which path a name belongs to is worked out later,
//! because it depends on the distributions.

mod aws_s3;
mod aws_s3_ls;
mod block;
mod change;
mod command;
mod context;
mod create_invalidation;
mod csv_table;
mod error;
mod find_list;
mod found;
mod git_names;
mod git_stat;
mod git_status;
mod gsutil;
mod hugo;
mod json;
mod json_shapes;
mod lines;
mod links;
mod next;
mod quoting;
mod rclone;
mod rsync;
mod rsync_block;
mod s3_json;
mod s3cmd;
mod s4cmd;
mod s5cmd;
mod sitemap;
mod skip;
mod tar;
mod tool;
mod two_names;
mod vite;
mod wrapped_events;

pub use change::{FileChange, FileNote, FilePlace};
pub use error::IntakeError;
pub use find_list::is_name_of_file;
pub use skip::SkipReason;
pub use tool::Tool;

use super::item::Item;
use crate::{id::DistributionId, parallel};

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
    /// The same, from a command that names its distribution.
    TypedFor(DistributionId, String),
    /// An item that a plan sent before. It is taken as it is.
    AsSent(Item),
    /// The name of a file, to be encoded by [`super::item::path_of_name`]. It has no escapes, queries or wildcards.
    File(NamedFile),
    /// A line that names nothing to refresh, such as a tool's progress.
    Skipped(SkipReason),
    Refused(IntakeError),
}

impl Reading {
    /// Says for which distribution this was written. A URL says that itself.
    fn name_distribution(&mut self, distribution: &DistributionId) {
        if let Self::Typed(line) = self
            && !lines::starts_with_http(line)
        {
            *self = Self::TypedFor(distribution.clone(), std::mem::take(line));
        }
    }
}

/// A file that a tool named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The name, decoded: what the file is called.
    pub name: String,
    pub place: FilePlace,
    pub change: FileChange,
    pub tool: Tool,
    /// What the person should know about this name.
    pub note: Option<FileNote>,
}

impl NamedFile {
    /// Whether the name is a key of a bucket that is known.
    #[must_use]
    pub const fn is_in_a_bucket(&self) -> bool {
        matches!(self.place, FilePlace::Bucket(_))
    }
}

/// Reads the text. The entries stand in the order of the lines; blank lines have none.
#[must_use]
pub fn read(text: &str) -> Vec<Entry> {
    let lines = lines::split(text);
    if let Some(entries) = csv_table::read(text, &lines) {
        return entries;
    }
    let context = context::Context::of(&lines);
    let mut entries = parallel::flat_map(parts(text, &lines), |part, entries: &mut Vec<Entry>| match part {
        Part::Block(block) => entries.extend(block),
        Part::Line(line) => found::of_line(line, &context).add_to(line, entries),
    });
    context::refuse_bare_words(&mut entries);
    context::refuse_lone_words(&mut entries);
    entries
}

/// A part of a text that says by itself what it is.
enum Part<'a> {
    /// What several lines together say.
    Block(Vec<Entry>),
    Line(&'a lines::Line<'a>),
}

fn parts<'a>(text: &'a str, lines: &'a [lines::Line<'a>]) -> Vec<Part<'a>> {
    let mut blocks = block::Blocks::new(text, lines);
    let mut parts = Vec::with_capacity(lines.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let mut block = Vec::new();
        let end = blocks.read(at, &mut block);
        parts.push(if end.is_some() { Part::Block(block) } else { Part::Line(line) });
        at = end.map_or(at + 1, |end| end.max(at + 1));
    }
    parts
}

#[cfg(test)]
mod tests;
