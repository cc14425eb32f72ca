//! The folder of the service's own backups. What is not named as they are is left alone. These functions block: they are
//! called on the thread for files.

use std::{fs, io, path::Path};

use crate::domain::time::Timestamp;

use super::BackupSchedule;

const BEGIN: &str = "unstale-";
const END: &str = ".db";
/// The name of the file that is being written.
pub(super) const PART: &str = "unstale.db.part";

impl BackupSchedule {
    /// When the newest backup was begun. `None` if there is none.
    pub fn newest(&self) -> io::Result<Option<Timestamp>> {
        newest(&self.folder)
    }

    /// Makes the folder where it is missing.
    pub fn make_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)
    }
}

/// The name of a backup that was begun at this time: `unstale-20261130T120000Z.db`. The names sort by age.
pub(super) fn name(at: Timestamp) -> String {
    let digits = at.to_string().replace(['-', ':'], "");
    let second = digits.split(['.', 'Z']).next().unwrap_or_default();
    format!("{BEGIN}{second}Z{END}")
}

/// When the backup of this name was begun. `None` for other names.
fn begun_at(name: &str) -> Option<Timestamp> {
    let text = name.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = [day.get(..4)?, day.get(4..6)?, day.get(6..)?];
    let [hours, minutes, seconds] = [time.get(..2)?, time.get(2..4)?, time.get(4..)?];
    let at = Timestamp::parse(&format!("{year}-{month}-{day}T{hours}:{minutes}:{seconds}Z"))?;
    (self::name(at) == name).then_some(at)
}

/// When the newest backup was begun. `None` if there is none.
fn newest(folder: &Path) -> io::Result<Option<Timestamp>> {
    Ok(names(folder)?.last().and_then(|name| begun_at(name)))
}

/// Removes all backups but the newest `keep`.
pub(super) fn remove_oldest(folder: &Path, keep: usize) -> io::Result<()> {
    let names = names(folder)?;
    for name in &names[..names.len().saturating_sub(keep)] {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// The names of the backups, the oldest first.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder)? {
        names.extend(file?.file_name().into_string().ok().filter(|name| begun_at(name).is_some()));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_time_and_others_are_none() {
        let at = Timestamp::parse("2026-11-30T12:00:05Z").unwrap();
        assert_eq!(name(at), "unstale-20261130T120005Z.db");
        assert_eq!(begun_at("unstale-20261130T120005Z.db"), Some(at));
        for other in [
            "unstale.db",
            "unstale-20261130T120005Z.db-wal",
            "unstale-20261330T120005Z.db",
            "unstale-2026113T0120005Z.db",
            "unstale-20261130T120005Zé.db",
            "unstale-é0261130T120005Z.db",
            "mine-20261130T120005Z.db",
        ] {
            assert_eq!(begun_at(other), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_go_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let others = ["unstale.db", PART, "notes.txt"];
        let days =
            ["unstale-20261128T120000Z.db", "unstale-20261129T120000Z.db", "unstale-20261130T120000Z.db"];
        for file in others.iter().chain(&days) {
            fs::write(folder.path().join(file), "").unwrap();
        }
        remove_oldest(folder.path(), 2).unwrap();
        assert_eq!(names(folder.path()).unwrap(), days[1..]);
        assert!(others.iter().all(|other| folder.path().join(other).exists()));
        assert_eq!(newest(folder.path()).unwrap(), Timestamp::parse("2026-11-30T12:00:00Z"));
        remove_oldest(folder.path(), 9).unwrap();
        assert_eq!(names(folder.path()).unwrap().len(), 2);
    }
}
