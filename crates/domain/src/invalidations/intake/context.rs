//! What the whole text says about its lines, where one line alone is not certain.

use std::collections::HashSet;

use super::{
    Entry, IntakeError, Reading, aws_s3_ls, csv_table,
    find_list::{self, NameList, has_ending},
    git_names, git_stat, git_status, hugo,
    lines::{Line, starts_with_http},
    next, rclone, rsync, s3cmd, vite,
};
use crate::invalidations::item::is_relative_and_no_path;

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each tells whether one tool's output is in the text")]
pub(super) struct Context {
    pub s3cmd: bool,
    pub s3cmd_dry_run: bool,
    pub s3cmd_shows_progress: bool,
    pub rclone: bool,
    pub rsync_dry_run: bool,
    pub name_status: bool,
    pub git_stat: bool,
    pub git_status: bool,
    pub s3_list: bool,
    pub s3_prefixes: bool,
    pub vite: bool,
    pub next: bool,
    pub hugo: bool,
    /// Whether there is a `<url>` of a sitemap.
    pub sitemap: bool,
    pub names: NameList,
    /// The numbers of lines that begin or continue a comment of program code.
    pub comments: HashSet<usize>,
}

impl Context {
    pub(super) fn of(lines: &[Line<'_>]) -> Self {
        let mut context =
            Self { names: find_list::kind(lines), comments: comments(lines), ..Self::default() };
        for line in lines {
            context.take(line);
        }
        context
    }

    fn take(&mut self, line: &Line<'_>) {
        if line.is_plain {
            return;
        }
        let body = &*line.body();
        let text = body.trim();
        self.s3cmd |= s3cmd::is_certain(body);
        self.s3cmd_dry_run |= s3cmd::is_end_of_dry_run(body);
        self.s3cmd_shows_progress |= s3cmd::is_bar(body);
        self.rclone |= rclone::is_certain(body);
        self.rsync_dry_run |= rsync::is_end_of_dry_run(body);
        self.name_status |= git_names::is_certain(body);
        self.git_stat |= git_stat::is_certain(body) || git_stat::is_sum(body);
        self.git_status |= git_status::is_certain(body);
        self.s3_list |= aws_s3_ls::is_certain(body);
        self.s3_prefixes |= aws_s3_ls::is_prefix(body);
        self.vite |= vite::is_certain(text);
        self.next |= next::is_header(text);
        self.hugo |= hugo::is_header(text);
        self.sitemap |= text.starts_with("<url>");
    }
}

/// The lines `/*`, `/**` and `*` of comments: those that `*/` follows, and a `*` beside a line that begins with `* `.
fn comments(lines: &[Line<'_>]) -> HashSet<usize> {
    let is_item = |line: Option<&Line<'_>>| line.is_some_and(|line| line.text.starts_with("* "));
    let mut found = HashSet::new();
    let mut is_closed = false;
    for (at, line) in lines.iter().enumerate().rev() {
        match line.text {
            "/*" | "/**" if is_closed => {
                found.insert(line.number);
                is_closed = false;
            }
            "*" if is_closed
                || is_item(lines.get(at + 1))
                || at.checked_sub(1).is_some_and(|at| is_item(lines.get(at))) =>
            {
                found.insert(line.number);
            }
            text if text.ends_with("*/") => is_closed = !text.starts_with("/*"),
            text if text.starts_with("/*") => is_closed = false,
            _ => {}
        }
    }
    found
}

/// Refuses a single `*`, which would empty the whole distribution, and the heading of a column. Both are typed only
/// where no other line is.
pub(super) fn refuse_lone_words(entries: &mut [Entry]) {
    let begins_as_a_path = |entry: &Entry| match &entry.reading {
        Reading::Typed(typed) => typed.starts_with('/') || starts_with_http(typed),
        _ => false,
    };
    if entries.len() < 2 {
        return;
    }
    let is_column = entries.get(1).is_some_and(begins_as_a_path);
    for (place, entry) in entries.iter_mut().enumerate() {
        let Reading::Typed(typed) = &entry.reading else { continue };
        if typed == "*" {
            entry.reading = Reading::Refused(IntakeError::LoneStar);
        } else if place == 0 && is_column && csv_table::is_name(typed) {
            entry.reading = Reading::Refused(IntakeError::Heading);
        }
    }
}

/// Refuses words without a slash before them where most of the text is prose, code or a log. Between such lines a
/// single word is more likely a part of them than a path.
pub(super) fn refuse_bare_words(entries: &mut [Entry]) {
    let is_other = |entry: &Entry| match &entry.reading {
        Reading::Refused(_) => true,
        Reading::Typed(typed) => is_relative_and_no_path(typed),
        Reading::TypedFor(..) | Reading::AsSent(_) | Reading::File(_) | Reading::Skipped(_) => false,
    };
    let are_other: Vec<bool> = entries.iter().map(is_other).collect();
    let others = are_other.iter().filter(|is_other| **is_other).count();
    let read = entries.iter().filter(|entry| !matches!(entry.reading, Reading::Skipped(_))).count();
    if others < 2 || others * 2 < read {
        return;
    }
    for (entry, _) in entries.iter_mut().zip(are_other).filter(|(_, is_other)| !is_other) {
        let Reading::Typed(typed) = &entry.reading else { continue };
        let is_web_file = typed.contains('/') && has_ending(typed);
        if is_relative(typed) && !is_web_file {
            entry.reading = Reading::Refused(IntakeError::AmongOtherText);
        }
    }
}

/// Whether this is no tag and begins neither with a slash nor with a URL's scheme nor with a host.
fn is_relative(typed: &str) -> bool {
    !typed.trim_start_matches(['"', '\'', '`']).starts_with(['/', '#'])
        && !typed.contains("://")
        && !crate::invalidations::item::begins_with_a_host(typed)
}
