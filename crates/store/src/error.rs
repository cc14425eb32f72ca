//! Errors of the database: those that pass, and those that should not happen.

use unstale_domain::causes::with_causes;

use super::{instance_lock::LockError, place::Displaced};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or cannot write now: lost connection, locked file, read-only database. A
    /// later try may succeed.
    #[error("the database is out of reach")]
    Unavailable(#[source] sqlx::Error),
    /// The disk of the database is full. A later try succeeds once somebody has freed space.
    #[error("the disk of the database is full")]
    Full(#[source] sqlx::Error),
    /// A row that must be unique exists already.
    #[error("a row like this exists already")]
    Duplicate(#[source] sqlx::Error),
    #[error("the database answered with an error")]
    Database(#[source] sqlx::Error),
    #[error("the database could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the database holds something that this version cannot read: {0}")]
    Unreadable(String),
    #[error("{0}")]
    Address(String),
    /// This program must not use the tables of the database: they have another version or belong to another
    /// program.
    #[error("{0}")]
    Tables(String),
    #[error(transparent)]
    Displaced(#[from] Displaced),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Duplicate(error),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                if is_full(&code) {
                    Self::Full(error)
                } else if is_passing(&code) {
                    Self::Unavailable(error)
                } else {
                    Self::Database(error)
                }
            }
            _ => Self::Database(error),
        }
    }
}

/// Whether the code is that of an error that passes. For SQLite, the low byte decides, which is the primary result
/// code. For PostgreSQL, the class decides.
///
/// SQLite: 5 BUSY, 6 LOCKED, 8 READONLY, 10 IOERR, 13 FULL, 14 CANTOPEN (extended codes carry them in the low
/// byte). PostgreSQL: class 08 connection, 53 resources, 57 operator intervention, 40 serialization, 25006
/// read-only.
fn is_passing(code: &str) -> bool {
    match code.parse::<u32>() {
        // PostgreSQL's codes have five characters, and SQLite's are shorter.
        Ok(number) if code.len() != 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
        _ => ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) || code == "25006",
    }
}

/// Whether the code means a full disk: SQLite's 13 FULL, or PostgreSQL's 53100 `disk_full`.
fn is_full(code: &str) -> bool {
    code == "53100" || (code.len() != 5 && code.parse().is_ok_and(|number: u32| number & 0xff == 13))
}

impl From<LockError> for StoreError {
    fn from(error: LockError) -> Self {
        Self::Address(with_causes(&error))
    }
}

impl StoreError {
    pub(super) fn unreadable(what: &str, value: &str) -> Self {
        Self::Unreadable(format!("{what} is {value:?}"))
    }

    /// The error for work whose task ended before the work was done.
    #[must_use]
    pub const fn interrupted() -> Self {
        Self::Unavailable(sqlx::Error::WorkerCrashed)
    }

    /// The same error for another caller that waited for the same work. It is made from the text of the first
    /// error, because `sqlx::Error` cannot be cloned.
    #[must_use]
    pub fn shared(&self) -> Self {
        match self {
            Self::Unavailable(error) => Self::Unavailable(sqlx::Error::Protocol(with_causes(error))),
            Self::Full(error) => Self::Full(sqlx::Error::Protocol(with_causes(error))),
            Self::Displaced(displaced) => Self::Displaced(displaced.clone()),
            other => Self::Database(sqlx::Error::Protocol(with_causes(other))),
        }
    }

    /// Whether a later try may succeed.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full(_) | Self::Displaced(_))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_full, is_passing};

    #[test]
    fn a_full_disk_is_told_from_other_troubles() {
        assert!(["13", "53100"].into_iter().all(is_full));
        assert!(["5", "10", "778", "53200", "57P01", "00013", ""].into_iter().all(|code| !is_full(code)));
    }

    #[test]
    fn troubles_that_pass_are_told_from_those_that_stay() {
        for code in ["5", "13", "522", "778", "08006", "53100", "57P01", "40001", "25006"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["1", "19", "2067", "23505", "42P01", "22021"] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
