//! The price of an invalidation.
//!
//! The first 1,000 items of a calendar month (UTC) are free per AWS account, over all its distributions; then an
//! item costs 0.005 USD. A wildcard or a tag is one item (developer guide, `PayingForInvalidation`).

use std::fmt;

/// Free items for each month and account.
pub const FREE_A_MONTH: u64 = 1_000;
/// The price of each further item, in thousandths of a US dollar.
const MILLS_AN_ITEM: u64 = 5;

/// An amount in thousandths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(u64);

impl fmt::Display for Dollars {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, mills) = (self.0 / 1_000, self.0 % 1_000);
        if mills.is_multiple_of(10) {
            write!(out, "${dollars}.{:02}", mills / 10)
        } else {
            write!(out, "${dollars}.{mills:03}")
        }
    }
}

impl std::iter::Sum for Dollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).fold(0, u64::saturating_add))
    }
}

/// The price of `items` more items in a month that already has `used` items.
#[must_use]
pub const fn cost(items: u64, used: u64) -> Dollars {
    let before = used.saturating_sub(FREE_A_MONTH);
    let after = used.saturating_add(items).saturating_sub(FREE_A_MONTH);
    Dollars((after - before).saturating_mul(MILLS_AN_ITEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thousand_of_a_month_are_free() {
        assert_eq!(cost(1_000, 0).to_string(), "$0.00");
        assert_eq!(cost(3, 999).to_string(), "$0.01");
        assert_eq!(cost(1, 1_000).to_string(), "$0.005");
        assert_eq!(cost(3_412, 5_000).to_string(), "$17.06");
    }
}
