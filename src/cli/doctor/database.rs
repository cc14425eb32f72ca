//! The database: its tables, its file, its disk and its history.

use std::path::Path;

use crate::{
    config::ServeArgs,
    domain::causes::with_causes,
    file_thread::folder_of,
    store::{Db, DiskUse, StoreError},
    workers::{CheckError, check_history},
};

use super::{super::audit::open_database, report::Report};

const DAMAGED: &str = "If the file is damaged, stop the service, keep a copy of the file and of -wal beside it, and restore \
                       your newest intact backup. Look at the disk.";
const MIB: u64 = 1 << 20;
/// A write-ahead log above this size was not folded into the file for long.
const LOG_MANY: u64 = 512 * MIB;
/// Less room than this is soon used up.
const ROOM_FEW: u64 = 1_024 * MIB;
const ROOM_LEAST: u64 = 100 * MIB;

pub(super) async fn examine(report: &mut Report, serve: &ServeArgs) {
    let missing = Db::file_of(&serve.database.database).ok().flatten();
    if let Some(file) = missing.filter(|file| file.symlink_metadata().is_err()) {
        if folder_of(&file).is_dir() {
            report.not_checked("database", "there is none yet; the first start of unstale serve makes it");
        } else {
            let message = format!("there is no folder for {}", file.display());
            report.error("database", message, "Make the folder, or name another file with UNSTALE_DATABASE.");
        }
        return;
    }
    let db = match open_database(&serve.database).await {
        Ok(db) => db,
        Err(error) => {
            let fix = match error.downcast_ref() {
                Some(StoreError::Database(_)) => DAMAGED,
                _ => {
                    "See that --database or UNSTALE_DATABASE names the database of this server, and that it can be read."
                }
            };
            report.error("database", with_causes(error.as_ref()), fix);
            return;
        }
    };
    match db.file() {
        Some(file) => {
            report.ok("database", format!("{}, with the tables of this version", file.display()));
            file_size_and_room(report, file);
        }
        None => report.ok("database", "PostgreSQL, with the tables of this version"),
    }
    damages(report, &db).await;
    history(report, &db).await;
    db.close().await;
}

async fn damages(report: &mut Report, db: &Db) {
    match db.damages().await {
        Ok(_) if db.file().is_none() => {}
        Ok(damages) => match damages.first() {
            None => report.ok("integrity", "SQLite finds the file sound"),
            Some(damage) => report.error("integrity", format!("SQLite says of the file: {damage}"), DAMAGED),
        },
        Err(error) => report.error("integrity", with_causes(&error), DAMAGED),
    }
}

async fn history(report: &mut Report, db: &Db) {
    match check_history(db).await {
        Ok((walk, None)) => report.ok("history", format!("{} events, intact", walk.checked())),
        Ok((_, Some(broken))) => report.error(
            "history",
            format!("broken at event {}: {}", broken.sequence, broken.flaw),
            "Keep a copy of the database as it is, run unstale audit verify, and compare with your last export or backup.",
        ),
        Err(error) => report.error(
            "history",
            with_causes(&error),
            match error {
                CheckError::Store(_) => "See that the database can be read, and run unstale audit verify.",
                CheckError::Broken(_) | CheckError::Ended(_) => "Run unstale audit verify.",
            },
        ),
    }
}

fn file_size_and_room(report: &mut Report, file: &Path) {
    let disk = match DiskUse::of(file) {
        Ok(disk) => disk,
        Err(error) => {
            report.not_checked("disk", format!("the room on the disk of the database is not known: {error}"));
            return;
        }
    };
    if disk.log > LOG_MANY {
        report.warning(
            "log",
            format!("the write-ahead log has {} MiB", disk.log / MIB),
            "A long reading such as a backup keeps it from shrinking. If none is running, restart the service.",
        );
    }
    let size = (disk.database + disk.log) / MIB;
    let message = format!("{} MiB are free for a file of {size} MiB", disk.free / MIB);
    let fix = "Make room on the disk of the database. When it is full, no request is taken.";
    if disk.free < ROOM_LEAST {
        report.error("disk", message, fix);
    } else if disk.free < ROOM_FEW {
        report.warning("disk", message, fix);
    } else {
        report.ok("disk", message);
    }
}
