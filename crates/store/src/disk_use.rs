//! What an SQLite database takes on its disk. It blocks: a service calls it on a thread for files.

use std::{fs, io, path::Path};

use unstale_runtime::file_thread::folder_of;

/// What an SQLite database takes on its disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskUse {
    pub database: u64,
    /// The write-ahead log.
    pub log: u64,
    /// What is free for a program without the rights of an administrator.
    pub free: u64,
}

impl DiskUse {
    /// Looks at the database's file and at its disk.
    pub fn of(file: &Path) -> io::Result<Self> {
        let size = |path: &Path| fs::metadata(path).map(|about| about.len());
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let room = rustix::fs::statvfs(folder_of(file))?;
        Ok(Self {
            database: size(file)?,
            // There is none while nothing was written.
            log: size(Path::new(&log)).unwrap_or_default(),
            free: room.f_bavail.saturating_mul(room.f_frsize),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stands_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unstale.db");
        assert!(DiskUse::of(&file).is_err());
        fs::write(&file, [0; 100]).unwrap();
        let found = DiskUse::of(&file).unwrap();
        assert_eq!((found.database, found.log), (100, 0));
        assert!(found.free > 0);
        fs::write(folder.path().join("unstale.db-wal"), [0; 7]).unwrap();
        assert_eq!(DiskUse::of(&file).unwrap().log, 7);
    }
}
