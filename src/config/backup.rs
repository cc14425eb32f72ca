//! The backups that the service makes by itself.

use std::time::Duration;

use clap::Args;

use crate::domain::backups::{BackupPlace, S3AddressError};

use super::span;

const EVERY_MIN: Duration = Duration::from_mins(5);
const EVERY_MAX: Duration = Duration::from_hours(30 * 24);

/// Where the service puts its backups, how often it makes one, and how many it keeps.
#[derive(Debug, Clone, Args)]
pub struct BackupScheduleArgs {
    /// The folder for backups of an SQLite database, best on another disk, or s3://BUCKET/PREFIX of Amazon S3: each is a
    /// file that was checked. Without it the service makes none.
    #[arg(long, env = "UNSTALE_BACKUP_DIR", value_name = "FOLDER", value_parser = place)]
    pub backup_dir: Option<BackupPlace>,
    /// How often a backup is made: a span such as 30m, 6h or 1d.
    #[arg(long, env = "UNSTALE_BACKUP_EVERY", value_name = "SPAN", default_value = "6h", value_parser = every)]
    pub backup_every: Duration,
    /// How many backups are kept. Older ones are removed once a newer one is intact.
    #[arg(long, env = "UNSTALE_BACKUP_KEEP", value_name = "NUMBER", default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub backup_keep: u32,
}

fn place(text: &str) -> Result<BackupPlace, S3AddressError> {
    BackupPlace::parse(text)
}

fn every(text: &str) -> Result<Duration, String> {
    span::parse(text, EVERY_MIN..=EVERY_MAX)
        .ok_or_else(|| "it must be a span such as 30m, 6h or 1d, from 5m to 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_has_bounds() {
        assert_eq!(every("6h"), Ok(Duration::from_hours(6)));
        assert_eq!(every("5m"), Ok(EVERY_MIN));
        for bad in ["", "6", "4m", "31d", "6 h", "-6h"] {
            assert!(every(bad).is_err(), "{bad}");
        }
    }
}
