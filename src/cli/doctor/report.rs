//! What the doctor found, as text and as JSON.

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
    const fn label(self) -> &'static str {
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

/// All parts that were looked at.
#[derive(Debug, Clone, Default)]
pub struct Report(Vec<ExaminedPart>);

#[derive(Serialize)]
struct ReportShape<'a> {
    version: &'static str,
    condition: Condition,
    parts: &'a [ExaminedPart],
}

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

    pub fn has_errors(&self) -> bool {
        self.worst() == Condition::Error
    }

    fn worst(&self) -> Condition {
        let said = self.0.iter().map(|part| part.condition).filter(|one| *one != Condition::NotChecked);
        said.max().unwrap_or(Condition::Ok)
    }

    pub fn as_json(&self) -> String {
        let shape =
            ReportShape { version: env!("CARGO_PKG_VERSION"), condition: self.worst(), parts: &self.0 };
        serde_json::to_string_pretty(&shape).unwrap_or_default()
    }

    /// A line for each part, and below it what to do.
    pub fn as_text(&self) -> String {
        let names = self.0.iter().map(|part| part.name.len()).max().unwrap_or_default();
        let mut lines = vec![format!("Unstale {}", env!("CARGO_PKG_VERSION"))];
        for ExaminedPart { name, condition, message, fix } in &self.0 {
            lines.push(format!("{:<11}  {name:<names$}  {message}", condition.label()));
            let fix = fix.iter().flat_map(|fix| fix.lines());
            lines.extend(fix.map(|line| format!("{:<11}  {:<names$}  {line}", "", "")));
        }
        let count = |condition| self.0.iter().filter(|part| part.condition == condition).count();
        lines.push(match (count(Condition::Error), count(Condition::Warning)) {
            (0, 0) => "Nothing is wrong.".to_owned(),
            (errors, warnings) => format!("Errors: {errors}, warnings: {warnings}."),
        });
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts_and_each_fix_stands_below_its_part() {
        let mut report = Report::default();
        report.ok("database", "unstale.db");
        report.not_checked("service", "nothing answers");
        assert!(!report.has_errors());
        assert_eq!(report.worst(), Condition::Ok);
        report.warning("backups", "none", "Set a folder.\nThen start it again.");
        assert_eq!(report.worst(), Condition::Warning);
        let text = report.as_text();
        assert!(
            text.contains("warning      backups   none\n                       Set a folder.\n"),
            "{text}"
        );
        assert!(text.ends_with("Errors: 0, warnings: 1."), "{text}");
        report.error("aws", "no credentials", "Give it some.");
        assert!(report.has_errors());
        let json: serde_json::Value = serde_json::from_str(&report.as_json()).unwrap();
        assert_eq!(json["condition"], "error");
        assert_eq!(json["parts"][1]["condition"], "not_checked");
        assert_eq!(json["parts"][3]["fix"], "Give it some.");
    }
}
