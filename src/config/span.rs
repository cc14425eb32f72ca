//! Spans of time in settings: `30m`, `12h` or `2d`.

use std::{ops::RangeInclusive, time::Duration};

/// A whole number of minutes, hours or days. `None` if it is no such span, or not within the bounds.
pub fn parse(text: &str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?)).filter(|span| bounds.contains(span))
}
