//! Numbers as pages show them.

/// `8,120`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The rounded share in percent: `97 %`. `None` of nothing.
pub fn percent(part: u64, whole: u64) -> Option<String> {
    (whole > 0).then(|| format!("{} %", (part.saturating_mul(200) / whole).div_ceil(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_share_is_rounded() {
        let of = |part, whole| percent(part, whole).unwrap();
        assert_eq!(
            [of(184, 190), of(1, 8), of(1, 3), of(0, 5), of(5, 5)],
            ["97 %", "13 %", "33 %", "0 %", "100 %"]
        );
        assert_eq!(percent(0, 0), None);
    }
}
