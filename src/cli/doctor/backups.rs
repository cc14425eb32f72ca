//! The backups that the service makes by itself.

use std::io;

use crate::{
    config::ServeArgs,
    domain::{
        examination::{BACKUPS, Report, examine_backups, note_no_backups},
        time::Timestamp,
    },
    store::Db,
};

pub(super) fn examine(report: &mut Report, serve: &ServeArgs, now: Timestamp) {
    let Some(schedule) = serve.backup.schedule() else {
        if Db::file_of(&serve.database.database).is_ok_and(|file| file.is_some()) {
            note_no_backups(report);
        }
        return;
    };
    let folder = schedule.folder.display();
    let newest = match schedule.newest(now) {
        Ok(newest) => newest,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let fix = "The service makes the folder at its start. See that its disk is mounted.";
            report.warning(BACKUPS, format!("there is no folder {folder} yet"), fix);
            return;
        }
        Err(error) => {
            let fix = "See that it is a folder that the service may read and write.";
            report.error(BACKUPS, format!("{folder} cannot be read: {error}"), fix);
            return;
        }
    };
    let age = newest.map(|newest| now.since(newest));
    examine_backups(report, &folder.to_string(), age, schedule.every);
}
