//! A time as a page shows it: short, in UTC, and in full for programs and as a tooltip.

use std::time::Duration;

use crate::domain::{
    insights::Day,
    time::{Timestamp, span_in_words},
};

/// A time as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339, for `datetime`.
    pub iso: String,
    /// `09:58:02`
    pub time: String,
    /// `today`, `yesterday` or `2026-11-20`
    pub day: String,
    /// `4 min ago`, `just now`
    pub ago: String,
    /// Milliseconds since 1970, for scripts.
    pub millis: i64,
}

/// The length of `09:58:02`.
const SECONDS: usize = 8;

impl When {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        // A list has many times. The date and the time of day are in the full text, so that it alone is written.
        let iso = at.to_string();
        let (date, time) = iso.split_once('T').unwrap_or((&iso, ""));
        let day = match Day::of(now).number().saturating_sub(Day::of(at).number()) {
            0 => "today",
            1 => "yesterday",
            _ => date,
        };
        Self {
            time: time.get(..SECONDS).unwrap_or(time).to_owned(),
            day: day.to_owned(),
            ago: ago(now.since(at)),
            millis: at.as_micros() / 1_000,
            iso,
        }
    }
}

/// Tenths of a second tell nobody anything of what is over.
fn ago(span: Duration) -> String {
    match span.as_secs() {
        0 => "just now".to_owned(),
        seconds @ 1..10 => format!("{seconds} s ago"),
        _ => format!("{} ago", span_in_words(span)),
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
        assert_eq!(day("2026-11-24T00:00:00Z"), "2026-11-24");
        let when = When::new(Timestamp::parse("1969-12-31T23:59:58.5Z").unwrap(), now);
        assert_eq!((when.day.as_str(), when.time.as_str()), ("1969-12-31", "23:59:58"));
    }

    #[test]
    fn what_is_over_has_no_tenths_of_a_second() {
        let words = [900, 1_900, 12_000, 240_000].map(|millis| ago(Duration::from_millis(millis)));
        assert_eq!(words, ["just now", "1 s ago", "12 s ago", "4 min ago"]);
    }
}
