//! Finds lists of names among typed lines. `git diff --name-only` and `find dist` print names without any sign, so that
//! one of them alone looks like a typed path.

use super::verdict::may_be_mapped;
use crate::{
    distributions::path_mapping::{PathMapping, mapping_of},
    invalidations::intake::{
        Entry, FileChange, FilePlace, IntakeError, NamedFile, Reading, Tool, is_name_of_file,
    },
};

/// Reads the typed lines of a text as names of files, where all of them look like names and one of them is below a mapped
/// folder. Then the names beside it are those of files that are not on the site, such as sources, and no paths.
pub(super) fn read_as_names(entries: &mut [Entry], mappings: &[PathMapping]) {
    let typed = || {
        entries.iter().filter_map(|entry| match &entry.reading {
            Reading::Typed(line) => Some(line.as_str()),
            Reading::AsSent(item) => Some(item.as_str()),
            _ => None,
        })
    };
    let is_mapped = |line: &str| {
        mapping_of(mappings, &FilePlace::Local, line).is_some_and(|(_, rest)| rest.len() < line.len())
    };
    let is_list = typed().nth(1).is_some()
        && typed().all(|line| may_be_mapped(line) && is_name_of_file(line))
        && typed().any(is_mapped);
    if !is_list {
        return;
    }
    for entry in entries {
        if let Reading::Typed(line) = &mut entry.reading {
            entry.reading = reading_of(std::mem::take(line));
        }
    }
}

fn reading_of(name: String) -> Reading {
    if name.ends_with('*') {
        return Reading::Refused(IntakeError::WildcardAmongFiles);
    }
    let (place, change, tool) = (FilePlace::Local, FileChange::Listed, Tool::GitNames);
    Reading::File(NamedFile { name, place, change, tool, note: None })
}
