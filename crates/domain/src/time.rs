//! Points in time, in microseconds since 1970 in UTC. This is the highest precision that both databases store.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// How far in the future a stored time may be and still count as past. The clocks of replicas differ, and a time
/// server may set a clock back by seconds. A stored time that is further in the future came from a wrong clock.
pub const MOMENT: Duration = Duration::from_mins(1);

/// A point in time in UTC, with microsecond precision. As a part of stored JSON it is its number of microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a time from microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 text. `None` if the text has another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Self(parsed.as_microsecond()))
    }

    /// Reads a date of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    #[must_use]
    pub fn of_http_date(text: &str) -> Option<Self> {
        let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        Some(Self(parsed.as_microsecond()))
    }

    /// The time from `earlier` to `self`. Zero if `earlier` is after `self`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether `earlier` was less than `span` ago. `false` if `earlier` is after `self`: the clock was set back
    /// since then, and waiting for `earlier` could take very long.
    #[must_use]
    pub fn is_soon_after(self, earlier: Self, span: Duration) -> bool {
        earlier <= self && self.since(earlier) < span
    }

    /// The latest stored time that still counts as past now. See [`MOMENT`].
    #[must_use]
    pub fn and_a_moment(self) -> Self {
        self.plus(MOMENT)
    }

    /// `2026-11-23 09:58`, in UTC.
    #[must_use]
    pub fn to_the_minute(self) -> String {
        self.jiff().strftime("%Y-%m-%d %H:%M").to_string()
    }

    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// `2026-11-23`, in UTC.
    #[must_use]
    pub fn date(self) -> String {
        self.jiff().strftime("%Y-%m-%d").to_string()
    }

    /// `09:58:02`, in UTC.
    #[must_use]
    pub fn time_of_day(self) -> String {
        self.jiff().strftime("%H:%M:%S").to_string()
    }

    /// `09:58:02.114`, in UTC.
    #[must_use]
    pub fn time_of_day_millis(self) -> String {
        self.jiff().strftime("%H:%M:%S.%3f").to_string()
    }

    /// `November`, in UTC.
    #[must_use]
    pub fn month_name(self) -> String {
        self.jiff().strftime("%B").to_string()
    }

    /// The start of this time's calendar month in UTC. CloudFront counts free paths by calendar month.
    #[must_use]
    pub fn start_of_month(self) -> Self {
        let month = self.jiff().strftime("%Y-%m-01T00:00:00Z").to_string();
        Self::parse(&month).unwrap_or(self)
    }

    /// The first moment of the next month, in UTC.
    #[must_use]
    pub fn start_of_next_month(self) -> Self {
        // No month has more than 31 days, so 32 days later is always in the next one.
        self.start_of_month().plus(Duration::from_hours(32 * 24)).start_of_month()
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, always with six digits after the point. The audit event's form contains this text, so it must
/// never change.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.6}", self.jiff())
    }
}

/// A duration as text for people: `0.2 s`, `21 s`, `3 min 20 s`, `2 hours`, `5 days`. It is rounded down.
#[must_use]
pub fn span_in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, span.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..600 if !seconds.is_multiple_of(60) => {
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_always_six_digits_and_reads_back() {
        let at = Timestamp::from_micros(1_795_341_482_114_000);
        assert_eq!(at.to_string(), "2026-11-22T09:58:02.114000Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::from_micros(7).to_string(), "1970-01-01T00:00:00.000007Z");
    }

    #[test]
    fn a_month_begins_at_its_first_midnight_in_utc() {
        let at = Timestamp::parse("2026-11-23T09:58:02Z").unwrap();
        assert_eq!(at.start_of_month().to_string(), "2026-11-01T00:00:00.000000Z");
        assert_eq!(at.start_of_next_month().to_string(), "2026-12-01T00:00:00.000000Z");
        assert_eq!(at.month_name(), "November");
    }

    #[test]
    fn a_span_is_told_in_the_unit_that_a_person_would_choose() {
        let told = |seconds| span_in_words(Duration::from_secs(seconds));
        assert_eq!(told(2), "2.0 s");
        assert_eq!(told(21), "21 s");
        assert_eq!(told(200), "3 min 20 s");
        assert_eq!(told(120), "2 min");
        assert_eq!(told(7_300), "2 hours");
        assert_eq!(told(400_000), "4 days");
    }

    #[test]
    fn what_was_noted_ahead_is_no_reason_to_wait() {
        let now = Timestamp::from_micros(10_000_000);
        let second = Duration::from_secs(1);
        assert!(now.is_soon_after(now, second) && now.is_soon_after(now.minus(second / 2), second));
        assert!(!now.is_soon_after(now.minus(second), second));
        assert!(!now.is_soon_after(now.plus(second), second));
        assert_eq!(now.and_a_moment().since(now), MOMENT);
        assert_eq!(now.to_the_minute(), "1970-01-01 00:00");
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_negative_span() {
        let early = Timestamp::from_micros(5);
        assert_eq!(early.since(Timestamp::from_micros(9)), Duration::ZERO);
    }
}
