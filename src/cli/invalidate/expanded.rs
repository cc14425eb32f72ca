//! Detects arguments that a shell expanded from a `*` without quotes. `/*` becomes `/bin /boot /dev …`, and each
//! would be read as a path of the site.

use std::{collections::BTreeSet, fs, path::Path};

/// The number of names from which a match counts. A single name that is also in the folder may be intended.
const NAMES_MIN: usize = 2;

/// The error if the arguments are all names in this machine's root folder, or all names in the current folder.
/// `None` otherwise. Names that begin with a dot do not count, because a shell leaves them out (POSIX, 2.14.3).
pub fn refusal(arguments: &[String], root: &Path, folder: &Path) -> Option<String> {
    let given = bare(arguments);
    let here = names(folder);
    let all_here = here.len() >= NAMES_MIN
        && here.len() == given.len()
        && here.iter().all(|name| given.contains(name.as_str()));
    root_refusal(arguments, root).or_else(|| {
        all_here.then(|| {
            "these are all names in this folder: the shell makes them out of * without quotes; quote it: '*'. If you mean these files, begin each with /"
                .to_owned()
        })
    })
}

/// The same check for the root folder only. It is used for items from a file, which may well list the files of the
/// current folder.
pub fn root_refusal(items: &[String], root: &Path) -> Option<String> {
    let given = bare(items);
    let all: BTreeSet<String> = names(root).into_iter().map(|name| format!("/{name}")).collect();
    (all.len() >= NAMES_MIN && all.iter().all(|name| given.contains(name.as_str()))).then(|| {
        "these are the folders of this machine: the shell made them out of /* without quotes; quote it: '/*'"
            .to_owned()
    })
}

/// Removes the `./` before each name, and the slash that the pattern `*/` leaves after it.
fn bare(items: &[String]) -> BTreeSet<&str> {
    let bare = items.iter().map(|item| item.trim_start_matches("./"));
    bare.map(|item| item.strip_suffix('/').unwrap_or(item)).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        folder
    }

    #[test]
    fn what_a_shell_makes_of_a_star_is_told_apart_from_paths() {
        let root = folder(&["bin", "dev", "Applications", ".hidden"]);
        let here = folder(&["assets", "index.html", ".git"]);
        let refused = |words: &str| {
            let arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
            refusal(&arguments, root.path(), here.path())
        };
        for words in
            ["/Applications /bin /dev", "/Applications/ /bin/ /dev/", "/bin /dev /Applications /index.html"]
        {
            assert!(refused(words).is_some_and(|words| words.ends_with("quote it: '/*'")), "{words}");
        }
        for words in ["assets index.html", "./assets ./index.html"] {
            assert!(refused(words).is_some_and(|words| words.contains("quote it: '*'")), "{words}");
        }
        for words in
            ["/bin /dev", "/bin", "assets", "assets index.html more", "/assets /index.html", "/*", "*"]
        {
            assert_eq!(refused(words), None, "{words}");
        }
        let empty = folder(&[]);
        assert_eq!(refusal(&["/a".to_owned()], empty.path(), empty.path()), None);
        assert_eq!(refusal(&[], Path::new("/no/such"), Path::new("/no/such")), None);
    }
}
