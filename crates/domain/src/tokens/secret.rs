//! The secret that a program sends as `Authorization: Bearer`.
//!
//! It is a prefix that says what it opens, then 40 random letters and digits (238 bits), then a checksum of 6 letters and
//! digits. The fixed prefix and the checksum let secret scanners recognise a leaked secret with few false positives and
//! without a request to Unstale.

use std::{fmt, marker::PhantomData};

use crate::secret::SecretHash;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 40;
const CHECKSUM: usize = 6;
/// How many characters after the prefix are shown.
const SHOWN: usize = 4;

/// What a secret opens. A secret of one kind cannot be read as one of another, nor passed in its place.
pub trait SecretKind {
    /// Ends in `_`, which the rest of a secret does not have.
    const PREFIX: &'static str;
    /// The name of the secret's type, for `Debug`.
    const NAME: &'static str;
}

/// A secret. It is shown once, when its token is made.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerSecret<K> {
    text: String,
    kind: PhantomData<K>,
}

impl<K: SecretKind> BearerSecret<K> {
    /// Makes a secret from random bytes. Some bytes cannot be used; `None` if fewer than 40 remain. With 64 bytes
    /// the chance of that is below 10^-20.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        // 256 is not a multiple of 62. The bytes 248 to 255 are skipped, because they would make some characters
        // more likely than others.
        let even = bytes.iter().filter(|byte| usize::from(**byte) < 4 * ALPHABET.len());
        let letters: String =
            even.take(RANDOM).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect();
        let text = || format!("{}{letters}{}", K::PREFIX, checksum(&letters));
        (letters.len() == RANDOM).then(|| Self { text: text(), kind: PhantomData })
    }

    /// Reads a secret from a request. `None` if the format or the checksum is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(K::PREFIX)?;
        let plain = rest.len() == RANDOM + CHECKSUM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (letters, sum) = plain.then(|| rest.split_at(RANDOM))?;
        (checksum(letters) == sum).then(|| Self { text: text.to_owned(), kind: PhantomData })
    }

    /// The secret as text. Only its owner may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.text.as_bytes())
    }

    /// The first characters of the secret. They are enough to tell tokens apart and too few to guess the rest.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}…", &self.text[..K::PREFIX.len() + SHOWN])
    }
}

impl<K: SecretKind> fmt::Debug for BearerSecret<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}(…)", K::NAME)
    }
}

/// CRC-32 of the random part, written in the same 62 characters. It detects typing errors. It does not protect the
/// secret.
fn checksum(letters: &str) -> String {
    let mut rest = usize::try_from(crc32fast::hash(letters.as_bytes())).unwrap_or_default();
    let mut sum = Vec::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        sum.push(char::from(ALPHABET[rest % ALPHABET.len()]));
        rest /= ALPHABET.len();
    }
    sum.into_iter().rev().collect()
}
