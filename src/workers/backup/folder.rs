//! The folder of the service's own backups. What is not named as they are is left alone. These functions block: they are
//! called on the thread for files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::domain::time::Timestamp;

/// How the names of backups begin.
pub(super) const BEGIN: &str = "unstale-";
const END: &str = ".db";
/// The name of the last backup that was broken, as the database was.
pub(super) const BROKEN: &str = "unstale-broken.db";
/// The name of the file that is being written.
pub(super) const PART: &str = "unstale.db.part";

/// The name of a backup that was begun at this time: `unstale-20261130T120000Z.db`. The names sort by age.
pub(super) fn name(at: Timestamp) -> String {
    format!("{BEGIN}{}{END}", compact(at))
}

/// A time to the second, as in names of files: `20261130T120000Z`.
pub(super) fn compact(at: Timestamp) -> String {
    let digits = at.to_string().replace(['-', ':'], "");
    format!("{}Z", digits.split(['.', 'Z']).next().unwrap_or_default())
}

/// When the backup of this name was begun. `None` for other names.
pub(super) fn begun_at(name: &str) -> Option<Timestamp> {
    let text = name.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = [day.get(..4)?, day.get(4..6)?, day.get(6..)?];
    let [hours, minutes, seconds] = [time.get(..2)?, time.get(2..4)?, time.get(4..)?];
    let at = Timestamp::parse(&format!("{year}-{month}-{day}T{hours}:{minutes}:{seconds}Z"))?;
    (self::name(at) == name).then_some(at)
}

/// When the newest backup was begun. `None` if there is none.
pub fn newest_backup(folder: &Path, now: Timestamp) -> io::Result<Option<Timestamp>> {
    Ok(names(folder, now)?.last().and_then(|name| begun_at(name)))
}

/// Makes the folder where it is missing.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Removes all backups but the newest `keep`.
pub(super) fn remove_oldest(folder: &Path, keep: usize, now: Timestamp) -> io::Result<()> {
    let names = names(folder, now)?;
    for name in &names[..names.len().saturating_sub(keep)] {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// Gives a backup that is broken the one name of such backups, in the place of the one before, so that it neither counts as a
/// backup nor fills the disk. Returns where it is.
pub(super) fn set_aside(backup: &Path) -> io::Result<PathBuf> {
    let aside = backup.with_file_name(BROKEN);
    fs::rename(backup, &aside)?;
    Ok(aside)
}

/// The names of the backups, the oldest first. One that was begun in the future, when the clock was wrong, says nothing of
/// when the next is due, and is left alone.
fn names(folder: &Path, now: Timestamp) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let is_backup = |name: &String| begun_at(name).is_some_and(|at| at <= now);
        let Some(name) = file.file_name().into_string().ok().filter(is_backup) else { continue };
        if file.metadata().is_ok_and(|about| about.is_file() && about.len() > 0) {
            names.push(name);
        }
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
        let path = folder.path();
        let now = Timestamp::parse("2026-11-30T12:00:01Z").unwrap();
        let others = ["unstale.db", PART, BROKEN, "notes.txt", "unstale-20291130T120000Z.db"];
        let days =
            ["unstale-20261128T120000Z.db", "unstale-20261129T120000Z.db", "unstale-20261130T120000Z.db"];
        for file in others.iter().chain(&days) {
            fs::write(path.join(file), "a backup").unwrap();
        }
        fs::write(path.join("unstale-20261130T120001Z.db"), "").unwrap();
        fs::create_dir(path.join("unstale-20261130T115959Z.db")).unwrap();
        remove_oldest(path, 2, now).unwrap();
        assert_eq!(
            names(path, now).unwrap(),
            days[1..],
            "what is empty, a folder or of the future is no backup"
        );
        assert!(others.iter().all(|other| path.join(other).exists()));
        assert_eq!(newest_backup(path, now).unwrap(), Timestamp::parse("2026-11-30T12:00:00Z"));
        remove_oldest(path, 9, now).unwrap();
        assert_eq!(names(path, now).unwrap().len(), 2);
    }
}
