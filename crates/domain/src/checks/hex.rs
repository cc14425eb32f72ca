//! SHA-256 hashes as hexadecimal digits.

use std::fmt::Write as _;

/// The hash as 64 hexadecimal digits in lower case.
#[must_use]
pub fn hex_of(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads 64 hexadecimal digits. `None` if the text is something else.
#[must_use]
pub fn sha256_of_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_and_nothing_else_does() {
        let hash: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        assert_eq!(sha256_of_hex(&hex_of(&hash)), Some(hash));
        assert_eq!(sha256_of_hex(&hex_of(&hash).to_uppercase()), Some(hash));
        for other in ["", "00", &"+0".repeat(32), &"0".repeat(65), &"ü0".repeat(32)] {
            assert_eq!(sha256_of_hex(other), None, "{other}");
        }
    }
}
