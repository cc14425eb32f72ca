//! Finds wildcards that cost less than the paths below them.

use crate::invalidations::item::Item;

/// The fewest paths of a folder for which a wildcard is named.
const PATHS_MIN: usize = 5;
/// The most wildcards that are named.
const SAVINGS_MAX: usize = 5;

/// A wildcard that could stand in the place of several paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    pub wildcard: Item,
    /// How many items of the plan it covers.
    pub replaces: usize,
}

/// The folders at the top of the site in which many of these sorted paths lie, those with the most paths first. A
/// wildcard also clears files that nobody named, so it is never used without being asked for.
pub(crate) fn savings(items: &[Item]) -> Vec<Saving> {
    let mut folders: Vec<(&str, usize, &str)> = Vec::new();
    for item in items.iter().filter(|item| !item.is_tag() && !item.is_wildcard()) {
        let path = item.as_str();
        let Some(folder) = folder_of(path) else { continue };
        let Some(top) = folder.get(1..).and_then(|rest| rest.find('/')).map(|end| &folder[..end + 2]) else {
            continue;
        };
        match folders.last_mut() {
            Some((of, count, common)) if *of == top => {
                *count += 1;
                *common = common_folder(common, folder);
            }
            _ => folders.push((top, 1, folder)),
        }
    }
    let mut savings: Vec<Saving> = folders
        .into_iter()
        .filter(|(_, count, _)| *count >= PATHS_MIN)
        .map(|(_, replaces, folder)| Saving { wildcard: Item::of_checked(format!("{folder}*")), replaces })
        .collect();
    savings.sort_by_key(|saving| std::cmp::Reverse(saving.replaces));
    savings.truncate(SAVINGS_MAX);
    savings
}

/// The folder of a path, with its slash. `None` for a file at the top.
fn folder_of(path: &str) -> Option<&str> {
    let path = path.split('?').next().unwrap_or(path);
    let end = path.rfind('/').filter(|end| *end > 0)?;
    path.get(..=end)
}

/// The longest folder that both folders are in.
fn common_folder<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let end = one.as_bytes()[..same].iter().rposition(|byte| *byte == b'/');
    end.and_then(|end| one.get(..=end)).unwrap_or(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[&str]) -> Vec<(String, usize)> {
        let items: Vec<Item> = paths.iter().map(|path| Item::of_checked(*path)).collect();
        savings(&items).into_iter().map(|saving| (saving.wildcard.to_string(), saving.replaces)).collect()
    }

    #[test]
    fn the_closest_folder_of_many_paths_is_named() {
        let mut paths = vec!["/assets/js/a.js", "/assets/js/b.js", "/assets/js/c/d.js", "/assets/js/e.js"];
        assert_eq!(found(&paths), []);
        paths.push("/assets/js/f.js?v=/1");
        assert_eq!(found(&paths), [("/assets/js/*".to_owned(), 5)]);
        paths.extend(["/assets/app.css", "/1", "/2", "/3", "/4", "/5", "/6"]);
        assert_eq!(found(&paths), [("/assets/*".to_owned(), 6)]);
    }
}
