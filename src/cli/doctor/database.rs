//! The database: its tables, its file, its disk and its history.

use std::path::Path;

use crate::{
    config::ServeArgs,
    domain::{
        causes::with_causes,
        examination::{CHANNELS, DISK, Report, examine_channels, examine_disk},
        notifications::MESSAGES_COUNTED,
    },
    file_thread::folder_of,
    store::{Db, DiskUse, StoreError, notifications::channels},
    workers::{CheckError, check_history},
};

use super::super::audit::open_database;

const DAMAGED: &str = "If the file is damaged, stop the service, keep a copy of the file and of -wal beside it, and put back \
                       your newest intact backup with unstale restore. Look at the disk.";

const CHANGED: &str = "Somebody changed the tables past Unstale: find out who. Stop the service, keep a copy of the file, and put \
                       back a backup from before with unstale restore.";

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
    missing_objects(report, &db).await;
    history(report, &db).await;
    notification_channels(report, &db).await;
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

/// Whether somebody took away what the migrations made, such as the triggers that forbid to change the history.
async fn missing_objects(report: &mut Report, db: &Db) {
    match db.missing_objects().await {
        Ok(_) if db.file().is_none() => {}
        Ok(missing) => match missing.first() {
            None => report.ok("tables", "all tables, indexes and triggers are there"),
            Some(missing) => {
                // Of a trigger it has the whole statement.
                let name: Vec<&str> = missing.split(' ').take(2).collect();
                report.error("tables", format!("the {} is missing or was changed", name.join(" ")), CHANGED);
            }
        },
        Err(error) => report.error("tables", with_causes(&error), DAMAGED),
    }
}

async fn notification_channels(report: &mut Report, db: &Db) {
    let read = async { channels::list_with_counts(&mut *db.read().await?, MESSAGES_COUNTED).await };
    match read.await {
        Ok(all) => examine_channels(report, &all),
        Err(error) => report.error(CHANNELS, with_causes(&error), DAMAGED),
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
            report.not_checked(DISK, format!("the room on the disk of the database is not known: {error}"));
            return;
        }
    };
    examine_disk(report, disk.database, disk.log, disk.free);
}
