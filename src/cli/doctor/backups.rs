//! The backups that the service makes by itself.

use std::io;

use crate::{
    config::ServeArgs,
    domain::time::{Timestamp, span_in_words},
    store::Db,
};

use super::report::Report;

/// A backup that is this many times as old as it should be is missing.
const MISSED: u32 = 2;

pub(super) fn examine(report: &mut Report, serve: &ServeArgs, now: Timestamp) {
    let Some(schedule) = serve.backup.schedule() else {
        if Db::file_of(&serve.database.database).is_ok_and(|file| file.is_some()) {
            report.warning(
                "backups",
                "the service makes none",
                "Name a folder on another disk with UNSTALE_BACKUP_DIR, or run unstale backup FILE regularly.",
            );
        }
        return;
    };
    let folder = schedule.folder.display();
    let newest = match schedule.newest(now) {
        Ok(Some(newest)) => newest,
        Ok(None) => {
            report.warning(
                "backups",
                format!("there is no backup in {folder} yet"),
                "The service makes one at its start, with these settings. If it runs, its log says why there is none.",
            );
            return;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let fix = "The service makes the folder at its start. See that its disk is mounted.";
            report.warning("backups", format!("there is no folder {folder} yet"), fix);
            return;
        }
        Err(error) => {
            let fix = "See that it is a folder that the service may read and write.";
            report.error("backups", format!("{folder} cannot be read: {error}"), fix);
            return;
        }
    };
    let age = now.since(newest);
    let message = format!("the newest in {folder} is {} old", span_in_words(age));
    if age > schedule.every.saturating_mul(MISSED) {
        let fix =
            "See that the service runs with these settings, and look for \"no backup was made\" in its log.";
        report.error("backups", message, fix);
    } else {
        report.ok("backups", message);
    }
}
