//! Days in UTC, by which sums are kept.

use std::time::Duration;

use crate::{invalidations::monthly_budget::Month, time::Timestamp};

const MICROS: i64 = 86_400_000_000;

/// A day in UTC: the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day in which a time lies.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.as_micros().div_euclid(MICROS))
    }

    /// The day with this number, as the store has it.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The first moment of the day.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(MICROS))
    }

    /// `2026-11-23`
    #[must_use]
    pub fn date(self) -> String {
        self.start().date()
    }

    /// The first day of its month.
    #[must_use]
    pub fn month(self) -> Self {
        Self::of(self.start().start_of_month())
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The days from `from` up to `until`, without the latter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    pub from: Day,
    pub until: Day,
}

impl DayRange {
    /// The days of the month in which a time lies.
    #[must_use]
    pub fn month_of(at: Timestamp) -> Self {
        let Month { start, end } = Month::of(at);
        Self { from: Day::of(start), until: Day::of(end) }
    }

    /// The days of the month before the one that begins this range.
    #[must_use]
    pub fn month_before(self) -> Self {
        Self::month_of(self.from.start().minus(Duration::from_micros(1)))
    }

    /// The days of the month in which the first day after this range lies.
    #[must_use]
    pub fn month_after(self) -> Self {
        Self::month_of(self.until.start())
    }

    /// One day.
    #[must_use]
    pub const fn day(day: Day) -> Self {
        Self { from: day, until: day.next() }
    }

    #[must_use]
    pub fn days(self) -> impl ExactSizeIterator<Item = Day> {
        let count = usize::try_from(self.until.0.saturating_sub(self.from.0)).unwrap_or(0);
        (0..count).map(move |place| Day(self.from.0.saturating_add(i64::try_from(place).unwrap_or(0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let day = Day::of(at("2026-11-23T23:59:59.999999Z"));
        assert_eq!(day.date(), "2026-11-23");
        assert_eq!(Day::of(at("2026-11-24T00:00:00Z")), day.next());
        assert_eq!(day.month().date(), "2026-11-01");
        assert_eq!(Day::from_number(day.number()), day);
        assert_eq!(Day::of(at("1969-12-31T23:00:00Z")), Day::from_number(-1));
    }

    #[test]
    fn months_have_their_days() {
        let november = DayRange::month_of(at("2026-11-23T10:00:00Z"));
        assert_eq!(november.days().len(), 30);
        assert_eq!(november.days().last().unwrap().date(), "2026-11-30");
        assert_eq!(november.month_before().from.date(), "2026-10-01");
        assert_eq!(november.month_after().from.date(), "2026-12-01");
        assert_eq!(november.month_after().month_after().month_after().days().len(), 28);
        assert_eq!(DayRange::day(november.from).days().collect::<Vec<_>>(), [november.from]);
    }
}
