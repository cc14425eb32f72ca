//! From when on a disk is too full, a write-ahead log too large and a backup too old.

use std::time::Duration;

use super::Report;
use crate::time::span_in_words;

pub const DISK: &str = "disk";
pub const LOG: &str = "log";
pub const BACKUPS: &str = "backups";

const MIB: u64 = 1 << 20;
/// A write-ahead log above this size was not folded into the file for long.
const LOG_MANY: u64 = 512 * MIB;
/// Less room than this is soon used up.
const ROOM_FEW: u64 = 1_024 * MIB;
const ROOM_LEAST: u64 = 100 * MIB;
/// A backup that is this many times as old as it should be is missing.
const MISSED: u32 = 2;

/// `812 KiB`, `1.4 MiB`, `72 GiB`: three digits at most, or four of a unit that is not full yet.
#[must_use]
pub fn bytes_in_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (bytes.saturating_mul(10), 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1_024, unit + 1);
    }
    match (tenths, unit) {
        (100.., _) | (_, 0) => format!("{} {}", tenths / 10, UNITS[unit]),
        _ => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
    }
}

/// Examines the disk of an SQLite database, and its write-ahead log. All sizes are in bytes.
pub fn examine_disk(report: &mut Report, database: u64, log: u64, free: u64) {
    if log > LOG_MANY {
        report.warning(
            LOG,
            format!("the write-ahead log has {}", bytes_in_words(log)),
            "A long reading such as a backup keeps it from shrinking. If none is running, restart the service.",
        );
    }
    let message = format!("{} free for a file of {}", bytes_in_words(free), bytes_in_words(database + log));
    let fix = "Make room on the disk of the database. When it is full, no request is taken.";
    if free < ROOM_LEAST {
        report.error(DISK, message, fix);
    } else if free < ROOM_FEW {
        report.warning(DISK, message, fix);
    } else {
        report.ok(DISK, message);
    }
}

/// Says that the service makes no backups.
pub fn note_no_backups(report: &mut Report) {
    report.warning(
        BACKUPS,
        "the service makes none",
        "Name a folder on another disk or s3://BUCKET/PREFIX with UNSTALE_BACKUP_DIR, or run unstale backup FILE regularly.",
    );
}

/// Examines the age of the newest backup in a folder or bucket, of which one is made every so often.
pub fn examine_backups(report: &mut Report, place: &str, age: Option<Duration>, every: Duration) {
    let Some(age) = age else {
        report.warning(
            BACKUPS,
            format!("there is no backup in {place} yet"),
            "The service makes one at its start, with these settings. If it runs, its log says why there is none.",
        );
        return;
    };
    let message = format!("the newest in {place} is {} old", span_in_words(age));
    if age > every.saturating_mul(MISSED) {
        let fix =
            "See that the service runs with these settings, and look for \"no backup was made\" in its log.";
        report.error(BACKUPS, message, fix);
    } else {
        report.ok(BACKUPS, message);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Condition, *};

    #[test]
    fn sizes_are_short() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_024, "1.0 KiB"),
            (831_488, "812 KiB"),
            (1_468_006, "1.3 MiB"),
            (79_832_178_688, "74 GiB"),
            (u64::MAX / 10, "1677721 TiB"),
        ] {
            assert_eq!(bytes_in_words(bytes), words);
        }
    }

    #[test]
    fn a_disk_is_judged_by_its_room_and_a_log_by_its_size() {
        let conditions = |log, free| {
            let mut report = Report::default();
            examine_disk(&mut report, 9 * MIB, log, free);
            report.parts().iter().map(|part| (part.name, part.condition)).collect::<Vec<_>>()
        };
        assert_eq!(conditions(0, ROOM_FEW), [(DISK, Condition::Ok)]);
        assert_eq!(conditions(0, ROOM_FEW - 1), [(DISK, Condition::Warning)]);
        assert_eq!(conditions(0, ROOM_LEAST - 1), [(DISK, Condition::Error)]);
        let with_log = [(LOG, Condition::Warning), (DISK, Condition::Ok)];
        assert_eq!(conditions(LOG_MANY + 1, ROOM_FEW), with_log);
    }

    #[test]
    fn a_backup_is_missing_after_twice_its_time() {
        let every = Duration::from_hours(6);
        let condition = |age| {
            let mut report = Report::default();
            examine_backups(&mut report, "/backups", age, every);
            report.worst()
        };
        assert_eq!(condition(None), Condition::Warning);
        assert_eq!(condition(Some(every * 2)), Condition::Ok);
        assert_eq!(condition(Some(every * 2 + Duration::from_secs(1))), Condition::Error);
    }
}
