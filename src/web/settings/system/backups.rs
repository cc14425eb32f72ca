//! Looks at the backups that the service makes by itself: at a folder now, at a bucket as the worker saw it last.

use crate::{
    domain::{
        backups::BackupPlace,
        examination::{BACKUPS, Report, examine_backups, note_no_backups},
        time::{Timestamp, span_in_words},
    },
    http::{ScheduledBackups, state::AppState},
};

pub(super) async fn examine(report: &mut Report, app: &AppState, now: Timestamp) {
    let Some(backups) = app.options.backups.clone() else {
        if app.context.db.is_shared() {
            report.not_checked(BACKUPS, "those of PostgreSQL are made with pg_dump");
        } else {
            note_no_backups(report);
        }
        return;
    };
    age(report, app, &backups, now).await;
    problems(report, &backups, now);
}

async fn age(report: &mut Report, app: &AppState, backups: &ScheduledBackups, now: Timestamp) {
    let ScheduledBackups { place, every, status, newest } = backups;
    let found = match place {
        BackupPlace::S3(_) => Ok(status.newest()),
        BackupPlace::Folder(folder) => {
            let (folder, newest) = (folder.clone(), *newest);
            app.files.run(move || newest(&folder, now)).await
        }
    };
    match found {
        Ok(newest) => {
            examine_backups(report, &place.to_string(), newest.map(|newest| now.since(newest)), *every);
        }
        Err(error) => report.error(
            BACKUPS,
            format!("{place} cannot be read: {error}"),
            "See that its disk is mounted, and that the service may read and write it.",
        ),
    }
}

/// Why the last backup failed, and why older ones stay.
fn problems(report: &mut Report, backups: &ScheduledBackups, now: Timestamp) {
    let ago = |at| span_in_words(now.since(at));
    if let Some(failure) = backups.status.failure() {
        let message = format!("the last one failed {} ago: {}", ago(failure.at), failure.message);
        report.error(BACKUPS, message, failure.fix);
    }
    if let Some(problem) = backups.status.removal_problem() {
        let message = format!("older ones could not be removed {} ago: {}", ago(problem.at), problem.message);
        report.warning(BACKUPS, message, problem.fix);
    }
}
