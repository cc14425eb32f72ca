//! Reads lists of names: `git diff --name-only`, `git ls-files` and `find`.
//!
//! One line of such a list looks like a typed path. So a text is such a list only where its lines show it: by git's
//! quotes, by `./` before each name, or by names with blanks in a folder that other lines have too.

use std::collections::HashSet;

use super::{
    FileChange, FilePlace, IntakeError, Reading, SkipReason, Tool,
    context::Context,
    found::{Found, file},
    lines::Line,
    quoting::{is_git_quoted, whole_git_name},
};
use crate::invalidations::item::begins_with_a_host;

/// What kind of list the text is.
#[derive(Debug, Clone, Default)]
pub(super) enum NameList {
    #[default]
    None,
    /// With the folders of the names.
    Find(HashSet<String>),
    /// With the first folders of the names without blanks.
    Git(HashSet<String>),
}

pub(super) fn read(text: &str, context: &Context) -> Option<Found> {
    match &context.names {
        NameList::None => None,
        NameList::Find(folders) => of_find(text, folders),
        NameList::Git(folders) => of_git(text, folders),
    }
}

fn of_find(text: &str, folders: &HashSet<String>) -> Option<Found> {
    let name = text.strip_prefix("./").or_else(|| (text == ".").then_some(text))?;
    if folders.contains(name) {
        return Some(Found::skipped(SkipReason::Folder));
    }
    if name.ends_with('*') {
        return Some(Found::refused(IntakeError::WildcardAmongFiles));
    }
    Some(Found::file(name, FilePlace::Local, FileChange::Listed, Tool::Find))
}

fn of_git(text: &str, folders: &HashSet<String>) -> Option<Found> {
    if !is_git_quoted(text) && !is_name_of_file(text) && !is_name_with_blanks(text, folders) {
        return None;
    }
    if text.ends_with('*') {
        return Some(Found::refused(IntakeError::WildcardAmongFiles));
    }
    let name = match whole_git_name(text) {
        Ok(name) => name,
        Err(error) => return Some(Found::refused(error)),
    };
    let read = file(&name, FilePlace::Local, FileChange::Listed, Tool::GitNames, None);
    Some(Found::One(match read {
        Reading::Skipped(_) => return None,
        read => read,
    }))
}

/// Finds out what kind of list the lines are.
pub(super) fn kind(lines: &[Line<'_>]) -> NameList {
    let relative = || lines.iter().filter(|line| !line.is_plain).map(|line| line.text);
    if relative().any(is_git_quoted) {
        return NameList::Git(folders(lines));
    }
    let dotted = |text: &str| text == "." || text.starts_with("./");
    if relative().take(2).count() == 2 && relative().all(dotted) {
        return NameList::Find(relative().filter_map(folder_of).collect());
    }
    if relative().any(|text| text.contains(' ') && text.contains('/')) {
        let folders = folders(lines);
        if relative().any(|text| is_name_with_blanks(text, &folders)) {
            return NameList::Git(folders);
        }
    }
    NameList::None
}

/// The folder in which `./a/b/c.html` is: `a/b`. `find` lists this folder too, unless it is asked for files alone.
fn folder_of(text: &str) -> Option<String> {
    let (folder, _) = text.strip_prefix("./")?.rsplit_once('/')?;
    Some(folder.to_owned())
}

fn folders(lines: &[Line<'_>]) -> HashSet<String> {
    let names = lines.iter().map(|line| line.text).filter(|text| is_name_of_file(text));
    names.filter_map(|name| Some(name.split_once('/')?.0.to_owned())).collect()
}

/// Whether this may be a name without blanks, relative to the root of a repository.
#[must_use]
pub fn is_name_of_file(text: &str) -> bool {
    let is_odd =
        |byte: u8| matches!(byte, b' ' | b'\t' | b'"' | b'<' | b'>' | b'|' | b'\\' | b'`' | b'{' | b'}');
    text.starts_with(|c: char| c.is_alphanumeric() || "._@[(".contains(c))
        && !text.bytes().any(is_odd)
        && !text.contains("://")
        && (text.contains('/') || has_ending(text))
        && !text.contains(": ")
        && !text.starts_with("..")
        && !begins_with_a_host(text)
}

/// Whether this is a name with blanks in a folder that other names have too.
fn is_name_with_blanks(text: &str, folders: &HashSet<String>) -> bool {
    let Some((folder, rest)) = text.split_once('/') else { return false };
    let plain = ![": ", " -> ", " => ", " to s3://", " | "].iter().any(|sign| text.contains(sign));
    plain
        && rest.contains(' ')
        && folders.contains(folder)
        && !rest.contains(['"', '\t', '<', '>', '|', '`'])
        && has_ending(rest)
        && !text.split(' ').skip(1).any(|word| word.starts_with(folder) && word.contains('/'))
}

/// Whether the text ends with a file extension, such as `.html`.
pub(super) fn has_ending(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(name, ending)| {
        !name.is_empty()
            && (1..=11).contains(&ending.len())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ending.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}
