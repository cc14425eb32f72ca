//! How much viewers ask of a distribution, as CloudWatch measured it.

use crate::time::Timestamp;

/// The requests of viewers to one distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// On average over the hour before [`Traffic::measured_at`].
    pub requests_a_minute: u64,
    /// How many of 1,000 requests the cache answers. `None` if CloudFront does not measure it: its additional metrics are
    /// off for this distribution.
    pub hits_per_thousand: Option<u32>,
    pub measured_at: Timestamp,
}

impl Traffic {
    /// How many requests a minute the cache answers now. `None` if that is not known.
    #[must_use]
    pub fn hits_a_minute(&self) -> Option<u64> {
        let hits = u128::from(self.hits_per_thousand?.min(1_000));
        let hits = u128::from(self.requests_a_minute) * hits / 1_000;
        Some(u64::try_from(hits).unwrap_or(u64::MAX))
    }

    /// The hit rate in percent: `96.2`. `None` if it is not known.
    #[must_use]
    pub fn hit_rate(&self) -> Option<String> {
        let hits = self.hits_per_thousand?.min(1_000);
        Some(if hits.is_multiple_of(10) {
            format!("{}", hits / 10)
        } else {
            format!("{}.{}", hits / 10, hits % 10)
        })
    }

    /// The measurement as text for people: `about 5,200 requests a minute, 96.2 % of them answered by the cache`.
    #[must_use]
    pub fn describe(&self) -> String {
        let requests = format!("about {} requests a minute", rounded(self.requests_a_minute));
        match self.hit_rate() {
            Some(rate) => format!("{requests}, {rate} % of them answered by the cache"),
            None => requests,
        }
    }
}

/// A number as a person would say it: two digits that count, with commas: `5,200`.
#[must_use]
pub fn rounded(number: u64) -> String {
    let digits = number.checked_ilog10().unwrap_or(0);
    let step = 10_u64.pow(digits.saturating_sub(1));
    // The largest numbers cannot be rounded up.
    with_commas(number.saturating_add(step / 2) / step * step)
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_with_two_digits() {
        for (number, said) in [
            (0, "0"),
            (7, "7"),
            (42, "42"),
            (123, "120"),
            (995, "1,000"),
            (5_218, "5,200"),
            (4_987, "5,000"),
            (12_345, "12,000"),
            (1_234_567, "1,200,000"),
            (u64::MAX, "18,000,000,000,000,000,000"),
        ] {
            assert_eq!(rounded(number), said);
        }
    }

    #[test]
    fn a_measurement_says_what_is_known() {
        let measured_at = Timestamp::from_micros(0);
        let mut traffic = Traffic { requests_a_minute: 5_218, hits_per_thousand: Some(962), measured_at };
        assert_eq!(traffic.describe(), "about 5,200 requests a minute, 96.2 % of them answered by the cache");
        assert_eq!(traffic.hits_a_minute(), Some(5_019));
        traffic.hits_per_thousand = Some(1_200);
        assert_eq!((traffic.hits_a_minute(), traffic.hit_rate().as_deref()), (Some(5_218), Some("100")));
        traffic.hits_per_thousand = None;
        assert_eq!(
            (traffic.describe().as_str(), traffic.hits_a_minute()),
            ("about 5,200 requests a minute", None)
        );
    }
}
