//! What the doctor found, as text and as JSON.

use serde::Serialize;

use crate::domain::examination::{Condition, ExaminedPart, Report};

#[derive(Serialize)]
struct ReportShape<'a> {
    version: &'static str,
    condition: Condition,
    parts: &'a [ExaminedPart],
}

pub(super) fn as_json(report: &Report) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let shape = ReportShape { version, condition: report.worst(), parts: report.parts() };
    serde_json::to_string_pretty(&shape).unwrap_or_default()
}

/// A line for each part, and below it what to do.
pub(super) fn as_text(report: &Report) -> String {
    let parts = report.parts();
    let names = parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    let mut lines = vec![format!("Unstale {}", env!("CARGO_PKG_VERSION"))];
    for ExaminedPart { name, condition, message, fix } in parts {
        lines.push(format!("{:<11}  {name:<names$}  {message}", condition.label()));
        let fix = fix.iter().flat_map(|fix| fix.lines());
        lines.extend(fix.map(|line| format!("{:<11}  {:<names$}  {line}", "", "")));
    }
    lines.push(match (report.count(Condition::Error), report.count(Condition::Warning)) {
        (0, 0) => "Nothing is wrong.".to_owned(),
        (errors, warnings) => format!("Errors: {errors}, warnings: {warnings}."),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fix_stands_below_its_part() {
        let mut report = Report::default();
        report.ok("database", "unstale.db");
        report.not_checked("service", "nothing answers");
        report.warning("backups", "none", "Set a folder.\nThen start it again.");
        let text = as_text(&report);
        assert!(
            text.contains("warning      backups   none\n                       Set a folder.\n"),
            "{text}"
        );
        assert!(text.ends_with("Errors: 0, warnings: 1."), "{text}");
        report.error("aws", "no credentials", "Give it some.");
        let json: serde_json::Value = serde_json::from_str(&as_json(&report)).unwrap();
        assert_eq!(json["condition"], "error");
        assert_eq!(json["parts"][1]["condition"], "not_checked");
        assert_eq!(json["parts"][3]["fix"], "Give it some.");
    }
}
