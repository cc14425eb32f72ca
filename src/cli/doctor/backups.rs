//! The backups that the service makes by itself.

use std::{io, path::Path};

use crate::{
    cli::bucket,
    config::ServeArgs,
    domain::{
        backups::{BackupPlace, S3Prefix},
        causes::with_causes,
        examination::{BACKUPS, Report, examine_backups, note_no_backups},
        time::Timestamp,
    },
    store::Db,
    workers::{BackupSchedule, newest_backup},
};

pub(super) async fn examine(report: &mut Report, serve: &ServeArgs, now: Timestamp) {
    let Some(schedule) = serve.backup.schedule() else {
        if Db::file_of(&serve.database.database).is_ok_and(|file| file.is_some()) {
            note_no_backups(report);
        }
        return;
    };
    match &schedule.place {
        BackupPlace::Folder(folder) => in_folder(report, &schedule, folder, now),
        BackupPlace::S3(prefix) => in_bucket(report, &schedule, prefix, now).await,
    }
}

fn in_folder(report: &mut Report, schedule: &BackupSchedule, folder: &Path, now: Timestamp) {
    let place = folder.display();
    match newest_backup(folder, now) {
        Ok(newest) => age(report, schedule, newest, now),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let fix = "The service makes the folder at its start. See that its disk is mounted.";
            report.warning(BACKUPS, format!("there is no folder {place} yet"), fix);
        }
        Err(error) => {
            let fix = "See that it is a folder that the service may read and write.";
            report.error(BACKUPS, format!("{place} cannot be read: {error}"), fix);
        }
    }
}

async fn in_bucket(report: &mut Report, schedule: &BackupSchedule, prefix: &S3Prefix, now: Timestamp) {
    let backups = match bucket::backups(prefix.clone()).await {
        Ok(backups) => backups,
        Err(error) => {
            report.error(BACKUPS, with_causes(error.as_ref()), "Correct the settings of the AWS SDK.");
            return;
        }
    };
    match backups.newest(now).await {
        Ok(newest) => age(report, schedule, newest, now),
        Err(error) => {
            report.error(BACKUPS, format!("they are not known: {}", with_causes(&error)), error.fix());
        }
    }
}

fn age(report: &mut Report, schedule: &BackupSchedule, newest: Option<Timestamp>, now: Timestamp) {
    let age = newest.map(|newest| now.since(newest));
    examine_backups(report, &schedule.place.to_string(), age, schedule.every);
}
