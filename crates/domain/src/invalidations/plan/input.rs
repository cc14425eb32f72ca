//! What is asked for.

use std::collections::{HashMap, HashSet};

use super::verdict::may_be_mapped;
use crate::invalidations::{
    intake::{self, Entry, FileChange, FilePlace, NamedFile, Reading, Tool},
    item::{Item, item_as_sent, trimmed},
};

/// What is asked for, before it is known what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInput {
    pub(super) entries: Vec<Entry>,
    /// Whether it is a text as people paste it, and no list of items or keys.
    pub(super) is_text: bool,
    pub(super) choice: PlanChoice,
}

/// What a person or a program decided about what the plan adds and leaves out by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PlanChoice {
    /// Nothing is added, and nothing is left out but repeats and what a wildcard covers.
    pub exact: bool,
    /// The identities of the items that must not be added.
    pub left_out: HashSet<String>,
    /// These are the items of another plan, for its staging distribution: nothing is offered beside them.
    pub is_copy: bool,
}

impl PlanInput {
    /// Text as people paste it; see [`intake::read`].
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { is_text: true, ..Self::of(intake::read(text)) }
    }

    /// The same, with lines that are items of an earlier plan: each line that is one of `as_sent` is taken as it is.
    /// Between those stands white space, which no item has.
    #[must_use]
    pub fn text_with_items(text: &str, as_sent: &str) -> Self {
        let sent = as_sent.split_whitespace().filter_map(|item| Some((item, item_as_sent(item)?)));
        let sent: HashMap<&str, Item> = sent.collect();
        if sent.is_empty() {
            return Self::text(text);
        }
        let (mut taken, mut rest) = (Vec::new(), String::with_capacity(text.len()));
        for (line, number) in text.lines().zip(1..) {
            match sent.get(trimmed(line)) {
                Some(item) => taken.push(entry(number, item.as_str(), Reading::AsSent(item.clone()))),
                None => rest.push_str(line),
            }
            // Also where nothing is left of the line, so that the others keep their numbers.
            rest.push('\n');
        }
        let mut input = Self::text(&rest);
        input.entries.extend(taken);
        input.entries.sort_by_key(|entry| entry.number);
        input
    }

    /// A list of URLs, paths and tags. Blank ones are left out, but count.
    #[must_use]
    pub fn items<S: AsRef<str>>(items: &[S]) -> Self {
        Self::of(
            numbered(items)
                .map(|(number, line)| entry(number, line, Reading::Typed(line.to_owned())))
                .collect(),
        )
    }

    /// A list of keys of a bucket, or of names of files below the root of the site. They have no escapes, queries or
    /// wildcards.
    #[must_use]
    pub fn keys<S: AsRef<str>>(keys: &[S]) -> Self {
        let file = |name: &str| NamedFile {
            name: name.strip_prefix('/').unwrap_or(name).to_owned(),
            place: FilePlace::UnnamedBucket,
            change: FileChange::Listed,
            tool: Tool::Keys,
            note: None,
        };
        let keys = keys.iter().map(AsRef::as_ref).enumerate().filter(|(_, key)| !key.is_empty());
        Self::of(keys.map(|(index, key)| entry(index + 1, key, Reading::File(file(key)))).collect())
    }

    fn of(entries: Vec<Entry>) -> Self {
        Self { entries, is_text: false, choice: PlanChoice::default() }
    }

    /// Sends what is asked for and nothing else: nothing is added, and what has no effect is sent too.
    #[must_use]
    pub fn exactly(mut self, exact: bool) -> Self {
        self.choice.exact = exact;
        self
    }

    /// Does not add these items.
    #[must_use]
    pub fn without<S: AsRef<str>>(mut self, items: &[S]) -> Self {
        let items = items.iter().map(|item| Item::of_checked(item.as_ref()).identity().into_owned());
        self.choice.left_out.extend(items);
        self
    }

    /// Whether a line may name a host or another distribution, so that the hosts of all distributions are needed.
    #[must_use]
    pub fn may_name_a_host(&self) -> bool {
        self.entries.iter().any(|entry| match &entry.reading {
            Reading::Typed(line) => crate::invalidations::item::may_name_a_host(line),
            Reading::TypedFor(..) => true,
            _ => false,
        })
    }
}

impl PlanInput {
    /// Whether a line may be a file or a path below a mapped folder, so that the path mappings are needed.
    #[must_use]
    pub fn may_use_a_mapping(&self) -> bool {
        self.entries.iter().any(|entry| match &entry.reading {
            Reading::File(_) => true,
            Reading::Typed(line) => may_be_mapped(line),
            Reading::TypedFor(..) | Reading::AsSent(_) | Reading::Skipped(_) | Reading::Refused(_) => false,
        })
    }

    /// Whether these are the items of another plan.
    #[must_use]
    pub const fn is_copy(&self) -> bool {
        self.choice.is_copy
    }

    /// These lines and then others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.entries.extend(others.entries);
        self
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn numbered<S: AsRef<str>>(lines: &[S]) -> impl Iterator<Item = (usize, &str)> {
    let lines = lines.iter().map(|line| trimmed(line.as_ref())).enumerate();
    lines.map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.is_empty())
}

fn entry(number: usize, typed: &str, reading: Reading) -> Entry {
    Entry { number, typed: typed.to_owned(), reading }
}
