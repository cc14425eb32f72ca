//! CloudFront's flat-rate pricing plans: one price a month for one distribution.
//!
//! AWS lists free paths and the price of further ones for pay-as-you-go only. It does not say how the paths of a
//! distribution on a flat-rate plan count, so nobody is told a price for them.

use std::fmt;

/// The longest tier that is stored.
const TIER_MAX: usize = 40;

/// The tier of the plan that a distribution is on, in AWS's own word: `PRO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatRatePlan(String);

impl FlatRatePlan {
    /// Reads what AWS calls the tier. A word that cannot be shown becomes `UNKNOWN`: the distribution is on a plan all the
    /// same.
    #[must_use]
    pub fn parse(tier: &str) -> Self {
        let tier = tier.trim();
        let is_word = (1..=TIER_MAX).contains(&tier.len())
            && tier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        Self(if is_word { tier.to_owned() } else { "UNKNOWN".to_owned() })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Why no price is shown, as text for people.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("on the flat-rate plan {self}: AWS does not say how its paths count")
    }
}

/// As AWS's pages write it: `Pro`.
impl fmt::Display for FlatRatePlan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest) = self.0.split_at(1);
        write!(out, "{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_told_as_aws_writes_it() {
        assert_eq!(FlatRatePlan::parse(" PRO ").to_string(), "Pro");
        assert_eq!(FlatRatePlan::parse("PREMIUM_2").to_string(), "Premium_2");
        for odd in ["", "a b", "é", &"x".repeat(41)] {
            assert_eq!(FlatRatePlan::parse(odd).as_str(), "UNKNOWN", "{odd}");
        }
        let plan = FlatRatePlan::parse("FREE");
        assert_eq!(plan.describe(), "on the flat-rate plan Free: AWS does not say how its paths count");
    }
}
