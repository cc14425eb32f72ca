//! A time as a page shows it: short, in UTC, and in full for programs and as a tooltip.

use crate::domain::time::{Timestamp, span_in_words};

/// A time as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339, for `datetime`.
    pub iso: String,
    /// `09:58:02`
    pub time: String,
    /// `today`, `yesterday` or `2026-11-20`
    pub day: String,
    /// `4 min ago`
    pub ago: String,
    /// Milliseconds since 1970, for scripts.
    pub millis: i64,
}

impl When {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let date = at.date();
        let yesterday = now.minus(std::time::Duration::from_hours(24)).date();
        let day = if date == now.date() {
            "today".to_owned()
        } else if date == yesterday {
            "yesterday".to_owned()
        } else {
            date
        };
        Self {
            iso: at.to_string(),
            time: at.time_of_day(),
            day,
            ago: format!("{} ago", span_in_words(now.since(at))),
            millis: at.as_micros() / 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_names_near_by() {
        let now = Timestamp::parse("2026-11-23T00:10:00Z").unwrap();
        let day = |text: &str| When::new(Timestamp::parse(text).unwrap(), now).day;
        assert_eq!(day("2026-11-23T00:09:00Z"), "today");
        assert_eq!(day("2026-11-22T23:59:00Z"), "yesterday");
        assert_eq!(day("2026-11-20T10:00:00Z"), "2026-11-20");
    }
}
