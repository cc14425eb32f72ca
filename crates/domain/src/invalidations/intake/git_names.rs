//! Reads `git diff --name-status` and `--numstat`, whose columns have tabs between them (git 2.47.3).

use super::{
    FileChange, FilePlace, Tool,
    context::Context,
    found::Found,
    git_stat,
    quoting::{is_git_quoted, whole_git_name},
};

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    let mut columns = body.trim_end_matches(' ').trim_start_matches(' ').splitn(4, '\t');
    let (status, first, second) = (columns.next()?, columns.next()?, columns.next());
    if columns.next().is_some() || !(context.name_status || looks_like_a_name(second.unwrap_or(first))) {
        return None;
    }
    let count = |text: &str| text == "-" || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    if count(status) && count(first) {
        return second.map(|name| git_stat::of_name(name, Tool::GitNameStatus));
    }
    of_status(status, first, second)
}

/// Whether only git prints this line.
pub(super) fn is_certain(body: &str) -> bool {
    let mut columns = body.trim_matches(' ').splitn(4, '\t');
    let (Some(status), Some(first)) = (columns.next(), columns.next()) else { return false };
    let second = columns.next();
    columns.next().is_none()
        && looks_like_a_name(second.unwrap_or(first))
        && of_status(status, first, second).is_some()
}

fn of_status(status: &str, first: &str, second: Option<&str>) -> Option<Found> {
    let mut letters = status.chars();
    let letter = letters.next()?;
    let score = letters.as_str();
    if !score.bytes().all(|byte| byte.is_ascii_digit()) || score.len() > 3 {
        return None;
    }
    let named = |name: &str, change| {
        Found::decoded(whole_git_name(name), FilePlace::Local, change, Tool::GitNameStatus)
    };
    match (letter, second) {
        ('R', Some(new)) => {
            Some(Found::renamed(named(first, FileChange::Deleted), named(new, FileChange::Written)))
        }
        ('C', Some(new)) => Some(named(new, FileChange::Written)),
        ('D', None) => Some(named(first, FileChange::Deleted)),
        ('A' | 'M' | 'T' | 'U' | 'X' | 'B', None) => Some(named(first, FileChange::Written)),
        _ => None,
    }
}

fn looks_like_a_name(name: &str) -> bool {
    is_git_quoted(name) || (name.contains(['.', '/']) && !name.contains("://"))
}
