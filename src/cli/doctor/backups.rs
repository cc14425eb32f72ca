//! The backups that the service makes by itself.

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
    let newest = match schedule.newest() {
        Ok(Some(newest)) => newest,
        Ok(None) => {
            report.warning(
                "backups",
                format!("{folder} has none yet"),
                "The service makes one at its start, with these settings.",
            );
            return;
        }
        Err(error) => {
            let fix = "See that the folder is there and can be read; the service makes it at its start.";
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
