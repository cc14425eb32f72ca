//! What was found when the service or its surroundings were looked at: for `unstale doctor` and the page of the system.

mod channels;
mod limits;

pub use channels::{CHANNELS, examine_channels};
pub use limits::{BACKUPS, DISK, LOG, bytes_in_words, examine_backups, examine_disk, note_no_backups};

use serde::Serialize;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Ok,
    /// It could not be looked at, or need not be.
    NotChecked,
    Warning,
    Error,
}

impl Condition {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotChecked => "not checked",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One part that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExaminedPart {
    /// A stable word, such as `database`.
    pub name: &'static str,
    pub condition: Condition,
    /// What was found.
    pub message: String,
    /// What to do about it. `None` if nothing has to be done.
    pub fix: Option<String>,
}

/// All parts that were looked at, in their order.
#[derive(Debug, Clone, Default)]
pub struct Report(Vec<ExaminedPart>);

impl Report {
    pub fn ok(&mut self, name: &'static str, message: impl Into<String>) {
        self.add(name, Condition::Ok, message, None);
    }

    pub fn not_checked(&mut self, name: &'static str, message: impl Into<String>) {
        self.add(name, Condition::NotChecked, message, None);
    }

    pub fn warning(&mut self, name: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(name, Condition::Warning, message, Some(fix.into()));
    }

    pub fn error(&mut self, name: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(name, Condition::Error, message, Some(fix.into()));
    }

    fn add(
        &mut self,
        name: &'static str,
        condition: Condition,
        message: impl Into<String>,
        fix: Option<String>,
    ) {
        self.0.push(ExaminedPart { name, condition, message: message.into(), fix });
    }

    #[must_use]
    pub fn parts(&self) -> &[ExaminedPart] {
        &self.0
    }

    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.worst() == Condition::Error
    }

    /// The worst condition of all. That something was not looked at is nothing wrong.
    #[must_use]
    pub fn worst(&self) -> Condition {
        let said = self.0.iter().map(|part| part.condition).filter(|one| *one != Condition::NotChecked);
        said.max().unwrap_or(Condition::Ok)
    }

    /// How many parts are in this condition.
    #[must_use]
    pub fn count(&self, condition: Condition) -> usize {
        self.0.iter().filter(|part| part.condition == condition).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts() {
        let mut report = Report::default();
        assert_eq!(report.worst(), Condition::Ok);
        report.ok("database", "unstale.db");
        report.not_checked("service", "nothing answers");
        assert_eq!((report.worst(), report.has_errors()), (Condition::Ok, false));
        report.warning("backups", "none", "Set a folder.");
        assert_eq!(report.worst(), Condition::Warning);
        report.error("aws", "no credentials", "Give it some.");
        report.ok("sign_in", "local accounts");
        assert_eq!((report.worst(), report.has_errors()), (Condition::Error, true));
        assert_eq!((report.count(Condition::Ok), report.parts().len()), (2, 5));
    }
}
