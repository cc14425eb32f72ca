//! Secrets that are shown or sent once, such as those of sessions and set-up links. Only their hash is stored.

use sha2::{Digest, Sha256};
use std::fmt;

/// A random secret of 256 bits, in hexadecimal, so that it can be part of a cookie and of a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a secret from 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(hex(&bytes))
    }

    /// Reads a secret from a cookie or a URL. `None` if it does not have the form of a [`Secret`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The secret as text. Only its owner may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(sha256_hex(self.0.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret, in hexadecimal. The database stores this in place of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash(String);

impl SecretHash {
    /// The hash of a secret that is not a [`Secret`], such as that of a token.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(sha256_hex(secret))
    }

    /// Takes a hash that was read from our own database or that was just computed, without checks.
    #[must_use]
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits of the hash. The history shows them as a public handle of the session or token.
    #[must_use]
    pub fn handle(&self) -> String {
        self.0.chars().take(12).collect()
    }
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The first 64 bits of the SHA-256 of bytes, as a signed integer, which both databases can store.
#[must_use]
pub fn sha256_prefix(bytes: &[u8]) -> i64 {
    Sha256::digest(bytes).iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

/// Decodes hexadecimal digits. `None` if there are not exactly `2 * N`.
#[must_use]
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut out = [0; N];
    for (index, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(out)
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four_bits: u8| char::from(DIGITS[usize::from(four_bits & 0xf)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(*byte));
    }
    text
}

/// The value of an `Authorization` header: a token that begins with a scheme, such as `Splunk …`, as it is, any other as a
/// bearer token.
#[must_use]
pub fn authorization(token: &str) -> String {
    if token.contains(' ') { token.to_owned() } else { format!("Bearer {token}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        let secret = Secret::from_random([7; 32]);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(Secret::parse(secret.reveal()), Some(secret));
        assert_eq!(Secret::parse("abc"), None);
    }

    #[test]
    fn a_hash_reads_back_and_nothing_else_does() {
        let hash: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        assert_eq!(from_hex(&hex(&hash)), Some(hash));
        assert_eq!(from_hex(&hex(&hash).to_uppercase()), Some(hash));
        for other in ["", "00", &"+0".repeat(32), &"0".repeat(65), &"ü0".repeat(32)] {
            assert_eq!(from_hex::<32>(other), None, "{other}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
