//! Tries each format that is recognised by one line alone.

use super::{
    Entry, FileChange, FileNote, FilePlace, IntakeError, NamedFile, Reading, SkipReason, Tool, aws_s3,
    aws_s3_ls, context::Context, find_list, git_names, git_stat, git_status, gsutil, hugo, lines::Line,
    links, next, rclone, rsync, s3cmd, s4cmd, s5cmd, sitemap, tar, vite,
};

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    One(Reading),
    Two(Reading, Reading),
}

impl Found {
    pub(super) const fn skipped(reason: SkipReason) -> Self {
        Self::One(Reading::Skipped(reason))
    }

    pub(super) const fn refused(error: IntakeError) -> Self {
        Self::One(Reading::Refused(error))
    }

    pub(super) fn file(name: &str, place: FilePlace, change: FileChange, tool: Tool) -> Self {
        Self::One(file(name, place, change, tool, None))
    }

    /// A file whose name could perhaps not be decoded.
    pub(super) fn decoded(
        name: Result<String, IntakeError>,
        place: FilePlace,
        change: FileChange,
        tool: Tool,
    ) -> Self {
        match name {
            Ok(name) => Self::file(&name, place, change, tool),
            Err(error) => Self::refused(error),
        }
    }

    /// The old name of a file, which is gone, and the new one.
    pub(super) fn renamed(old: Self, new: Self) -> Self {
        match (old, new) {
            (Self::One(old), Self::One(new)) => Self::Two(old, new),
            (other, _) => other,
        }
    }

    pub(super) fn add_to(self, line: &Line<'_>, entries: &mut Vec<Entry>) {
        let entry = |reading| Entry { number: line.number, typed: line.text.to_owned(), reading };
        match self {
            Self::One(reading) => entries.push(entry(reading)),
            Self::Two(first, second) => entries.extend([entry(first), entry(second)]),
        }
    }
}

/// The reading of a file's name. A name that ends with a slash is that of a folder.
pub(super) fn file(
    name: &str,
    place: FilePlace,
    change: FileChange,
    tool: Tool,
    note: Option<FileNote>,
) -> Reading {
    let mut name = name;
    while place == FilePlace::Local
        && let Some(below) = name.strip_prefix("./")
    {
        name = below.trim_start_matches('/');
    }
    if name.is_empty() || name == "." || name.ends_with('/') {
        return Reading::Skipped(SkipReason::Folder);
    }
    Reading::File(NamedFile { name: name.to_owned(), place, change, tool, note })
}

/// Reads one line that is no part of a block.
pub(super) fn of_line(line: &Line<'_>, context: &Context) -> Found {
    let typed = || Found::One(Reading::Typed(line.text.to_owned()));
    if let Some(found) = links::read(line.text) {
        return found;
    }
    if gsutil::is_bar(line.text) {
        return Found::skipped(SkipReason::Progress);
    }
    if line.is_plain {
        return if context.comments.contains(&line.number) {
            Found::refused(IntakeError::Comment)
        } else {
            typed()
        };
    }
    let body = line.body();
    of_upload(&body, context)
        .or_else(|| of_list(&body, context))
        .or_else(|| of_build(&body, context))
        .or_else(|| sitemap::of_fragment(line.text, context))
        .or_else(|| find_list::read(line.text, context))
        .or_else(|| context.comments.contains(&line.number).then(|| Found::refused(IntakeError::Comment)))
        .unwrap_or_else(typed)
}

/// Tools that copy files to where viewers get them from.
fn of_upload(body: &str, context: &Context) -> Option<Found> {
    s3cmd::read(body, context)
        .or_else(|| aws_s3::read(body))
        .or_else(|| s5cmd::read(body))
        .or_else(|| s4cmd::read(body))
        .or_else(|| rclone::read(body, context))
        .or_else(|| gsutil::read(body))
        .or_else(|| rsync::read(body, context))
}

/// Tools that list files.
fn of_list(body: &str, context: &Context) -> Option<Found> {
    git_names::read(body, context)
        .or_else(|| git_stat::read(body, context))
        .or_else(|| git_status::read(body, context))
        .or_else(|| aws_s3_ls::read(body, context))
        .or_else(|| tar::read(body))
}

/// Tools that build a site.
fn of_build(body: &str, context: &Context) -> Option<Found> {
    vite::read(body, context).or_else(|| next::read(body, context)).or_else(|| hugo::read(body, context))
}
