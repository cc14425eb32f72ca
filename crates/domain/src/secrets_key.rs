//! Encrypts secrets that have to be read again, such as the API key that a look sends. Only the sealed text is stored.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};

use crate::id::{ChannelId, DistributionId};

/// The first byte of what is sealed: how the rest is to be read.
const VERSION: u8 = 1;
/// The length of the key in bytes.
const KEY_LEN: usize = 32;

/// Random bytes, each of which serves for one secret.
pub type SealingNonce = [u8; NONCE_LEN];

/// The key that secrets are sealed with. `Debug` does not print it.
pub struct SecretsKey(LessSafeKey);

impl fmt::Debug for SecretsKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretsKey(…)")
    }
}

/// What a secret is for. A sealed text that is moved to another row does not open there.
pub trait SecretBinding {
    /// The text that the sealed text is bound to. It differs for each secret.
    fn bound(&self) -> String;
}

/// Which secret of which notification channel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelSecret<'a> {
    /// The address that messages are posted to. Who knows it can post there.
    Address(&'a ChannelId),
    /// The key that messages are signed with.
    SigningKey(&'a ChannelId),
}

impl SecretBinding for ChannelSecret<'_> {
    fn bound(&self) -> String {
        let (part, channel) = match self {
            Self::Address(channel) => ("address", channel),
            Self::SigningKey(channel) => ("signing key", channel),
        };
        format!("unstale notification channel\n{channel}\n{part}")
    }
}

/// Which header of which look a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretPlace<'a> {
    pub distribution: &'a DistributionId,
    /// The origin that gets the secret, such as `https://api.example.com`, or a word for the distribution's own hosts.
    pub origin: &'a str,
    /// The header's name, in any case.
    pub header: &'a str,
}

impl SecretBinding for SecretPlace<'_> {
    /// No part can have a line end in it.
    fn bound(&self) -> String {
        let header = self.header.to_ascii_lowercase();
        format!("unstale secret header\n{}\n{}\n{header}", self.distribution.as_str(), self.origin)
    }
}

/// A secret as it is stored: a version, a nonce and the encrypted text, in base64. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(String);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealedSecret(…)")
    }
}

impl SealedSecret {
    /// A text from our own database. Another text does not open.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text for the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SecretsKey {
    /// Reads a key: 32 bytes in base64, as `openssl rand -base64 32` writes them. `None` if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok().filter(|bytes| bytes.len() == KEY_LEN)?;
        UnboundKey::new(&AES_256_GCM, &bytes).ok().map(LessSafeKey::new).map(Self)
    }

    /// Encrypts a secret for one place. A nonce must be random, and must not be used again. `None` if the text is too
    /// long for the cipher.
    #[must_use]
    pub fn seal(
        &self,
        secret: &str,
        place: &impl SecretBinding,
        nonce: SealingNonce,
    ) -> Option<SealedSecret> {
        let mut text = secret.as_bytes().to_vec();
        let bound = Aad::from(place.bound());
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut text).ok()?;
        let mut all = Vec::with_capacity(1 + NONCE_LEN + text.len());
        all.push(VERSION);
        all.extend_from_slice(&nonce);
        all.append(&mut text);
        Some(SealedSecret(STANDARD.encode(all)))
    }

    /// Decrypts a secret. `None` if it was sealed with another key or for another place, or was changed.
    #[must_use]
    pub fn open(&self, sealed: &SealedSecret, place: &impl SecretBinding) -> Option<String> {
        let all = STANDARD.decode(&sealed.0).ok()?;
        let (version, rest) = all.split_first()?;
        if *version != VERSION || rest.len() < NONCE_LEN + MAX_TAG_LEN {
            return None;
        }
        let (nonce, text) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(place.bound()), &mut text).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "gT5-key-of-the-usage-plan";

    fn key(byte: u8) -> SecretsKey {
        SecretsKey::parse(&format!("{}\n", STANDARD.encode([byte; KEY_LEN]))).unwrap()
    }

    fn distribution(id: &str) -> DistributionId {
        DistributionId::from_trusted(id)
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
        let (one, other) = (distribution("E1"), distribution("E2"));
        let place = SecretPlace { distribution: &one, origin: "https://a.example.com", header: "X-Api-Key" };
        let sealed = key(1).seal(SECRET, &place, [7; NONCE_LEN]).unwrap();
        assert_eq!(key(1).open(&sealed, &place).as_deref(), Some(SECRET));
        let lower = SecretPlace { header: "x-api-key", ..place };
        assert_eq!(key(1).open(&sealed, &lower).as_deref(), Some(SECRET), "names have no case");
        assert_eq!(key(2).open(&sealed, &place), None, "another key");
        for elsewhere in [
            SecretPlace { distribution: &other, ..place },
            SecretPlace { origin: "https://b.example.com", ..place },
            SecretPlace { header: "authorization", ..place },
        ] {
            assert_eq!(key(1).open(&sealed, &elsewhere), None, "{elsewhere:?}");
        }
    }

    #[test]
    fn what_was_changed_or_is_no_sealed_text_does_not_open() {
        let one = distribution("E1");
        let place = SecretPlace { distribution: &one, origin: "", header: "a" };
        let sealed = key(1).seal(SECRET, &place, [7; NONCE_LEN]).unwrap();
        let bytes = STANDARD.decode(sealed.as_str()).unwrap();
        for changed in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[changed] ^= 1;
            let sealed = SealedSecret::from_stored(STANDARD.encode(&bytes));
            assert_eq!(key(1).open(&sealed, &place), None, "byte {changed}");
        }
        for text in ["", "AQ==", SECRET, &STANDARD.encode([VERSION; 28])] {
            assert_eq!(key(1).open(&SealedSecret::from_stored(text.to_owned()), &place), None, "{text}");
        }
    }

    #[test]
    fn neither_key_nor_secret_is_printed_and_the_same_secret_looks_different() {
        let one = distribution("E1");
        let place = SecretPlace { distribution: &one, origin: "", header: "a" };
        let sealed = key(1).seal(SECRET, &place, [7; NONCE_LEN]).unwrap();
        assert_eq!(format!("{:?} {sealed:?}", key(1)), "SecretsKey(…) SealedSecret(…)");
        assert!(!sealed.as_str().contains(SECRET) && !sealed.as_str().contains(&STANDARD.encode(SECRET)));
        assert_ne!(key(1).seal(SECRET, &place, [8; NONCE_LEN]).unwrap(), sealed);
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        for bad in ["", "abc", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33]), &"0".repeat(64)] {
            assert!(SecretsKey::parse(bad).is_none(), "{bad}");
        }
    }
}
