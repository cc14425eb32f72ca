//! Reads `git status --porcelain` and `--short` (git 2.47.3). Names with blanks are in quotes here.

use super::{
    FileChange, FilePlace, IntakeError, SkipReason, Tool,
    context::Context,
    found::Found,
    quoting::{git_name, whole_git_name},
};

const LETTERS: &str = "MTADRCU";

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if context.git_status && body.starts_with("## ") {
        return Some(Found::skipped(SkipReason::Progress));
    }
    let shape = shape(body)?;
    if !shape.certain && !context.git_status {
        return None;
    }
    let names = shape.names;
    let named = |name: Result<String, IntakeError>, change| {
        if name.as_ref().is_ok_and(|name| name.ends_with('/')) {
            return Found::skipped(SkipReason::FolderOfUnnamedFiles);
        }
        Found::decoded(name, FilePlace::Local, change, Tool::GitStatus)
    };
    let change = match shape.status {
        status if status.contains('D') => FileChange::Deleted,
        status if status.contains('!') => FileChange::Listed,
        _ => FileChange::Written,
    };
    if let Some((old, new)) = old_and_new(names) {
        let renamed = shape.status.contains('R');
        let new = named(new, change);
        return Some(if renamed { Found::renamed(named(old, FileChange::Deleted), new) } else { new });
    }
    Some(named(whole_git_name(names), change))
}

/// Whether only git prints this line.
pub(super) fn is_certain(body: &str) -> bool {
    shape(body).is_some_and(|shape| shape.certain)
}

struct Shape<'a> {
    status: &'a str,
    names: &'a str,
    /// Whether the line alone tells that it is one of git.
    certain: bool,
}

/// Two letters, a blank and a name. Where a paste lost the blank before it, one letter.
fn shape(body: &str) -> Option<Shape<'_>> {
    let body = body.trim_end();
    let letter = |c: char| LETTERS.contains(c);
    let (status, names) = match (body.get(..2)?, body.get(2..3)) {
        ("??" | "!!", Some(" ")) => (body.get(..2)?, body.get(3..)?),
        (two, Some(" ")) if two.chars().all(|c| letter(c) || c == ' ') && two != "  " => {
            (two, body.get(3..)?)
        }
        (two, _) if two.ends_with(' ') && two.starts_with(letter) => (body.get(..1)?, body.get(2..)?),
        _ => return None,
    };
    if names.starts_with(' ') || !are_names(names) {
        return None;
    }
    let marked = status.starts_with(['?', '!']) || status.contains(' ') && status.len() == 2;
    let twice = status.len() == 2 && names.contains(['.', '/']);
    let path = names.contains(['.', '/', '"']);
    Some(Shape { status, names, certain: (marked && (path || status == "??")) || twice })
}

/// Whether these are one name or two, each in quotes or without blanks.
fn are_names(names: &str) -> bool {
    let sound = |name: &str| match git_name(name) {
        Ok((_, rest)) => rest.is_empty() && (name.starts_with('"') || !name.contains(' ')),
        Err(_) => name.starts_with('"') && name.len() > 1 && name.ends_with('"'),
    };
    sound(names) || old_and_new_text(names).is_some_and(|(old, new)| sound(old) && sound(new))
}

fn old_and_new_text(names: &str) -> Option<(&str, &str)> {
    if names.starts_with('"') {
        let (_, rest) = git_name(names).ok()?;
        let new = rest.strip_prefix(" -> ")?;
        return Some((&names[..names.len() - rest.len()], new));
    }
    names.split_once(" -> ")
}

type Names = (Result<String, IntakeError>, Result<String, IntakeError>);

fn old_and_new(names: &str) -> Option<Names> {
    let (old, new) = old_and_new_text(names)?;
    Some((whole_git_name(old), whole_git_name(new)))
}
