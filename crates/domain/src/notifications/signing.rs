//! Signs the messages of a webhook as Standard Webhooks asks for: over `id.timestamp.body`.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer;
use ring::hmac;

use crate::{id::MessageId, time::Timestamp};

/// The length of a key in bytes. The standard asks for 24 to 64.
pub const KEY_LEN: usize = 32;
/// How long messages are signed with the earlier key too, after a new one was made.
pub const ROTATION: Duration = Duration::from_hours(24);

/// How the messages of a webhook are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningMethod {
    /// `v1`: HMAC-SHA256. The receiver has the same secret.
    Symmetric,
    /// `v1a`: Ed25519. The receiver has the public key only.
    Ed25519,
}

impl SigningMethod {
    pub const ALL: [Self; 2] = [Self::Symmetric, Self::Ed25519];

    /// The stable word for the database and for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Symmetric => "hmac",
            Self::Ed25519 => "ed25519",
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Symmetric => "A shared secret (v1)",
            Self::Ed25519 => "A public key, Ed25519 (v1a)",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// A key that messages are signed with. `Debug` does not print it.
#[derive(Clone)]
pub struct SigningKey {
    method: SigningMethod,
    bytes: [u8; KEY_LEN],
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Makes a key of random bytes.
    #[must_use]
    pub const fn from_random(method: SigningMethod, bytes: [u8; KEY_LEN]) -> Self {
        Self { method, bytes }
    }

    /// Reads what [`stored`](Self::stored) wrote.
    #[must_use]
    pub fn from_stored(method: SigningMethod, text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?.try_into().ok()?;
        Some(Self { method, bytes })
    }

    /// The key as text. It is stored encrypted.
    #[must_use]
    pub fn stored(&self) -> String {
        STANDARD.encode(self.bytes)
    }

    /// What the receiver needs: the secret itself, `whsec_…`, or the public key, `whpk_…`.
    #[must_use]
    pub fn for_receiver(&self) -> String {
        match self.method {
            SigningMethod::Symmetric => format!("whsec_{}", STANDARD.encode(self.bytes)),
            SigningMethod::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&self.bytes);
                format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()))
            }
        }
    }

    /// One signature, as the header `webhook-signature` has it. `at` is the time of the try.
    #[must_use]
    pub fn sign(&self, id: &MessageId, at: Timestamp, body: &str) -> String {
        let text = format!("{id}.{}.{body}", unix_seconds(at));
        match self.method {
            SigningMethod::Symmetric => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes);
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, text.as_bytes())))
            }
            SigningMethod::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&self.bytes);
                format!("v1a,{}", STANDARD.encode(key.sign(text.as_bytes()).to_bytes()))
            }
        }
    }
}

/// The time as the header `webhook-timestamp` has it.
#[must_use]
pub fn unix_seconds(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standards_own_library() {
        let key = SigningKey::from_random(SigningMethod::Symmetric, [7; KEY_LEN]);
        let library = standardwebhooks::Webhook::new(&key.for_receiver()).unwrap();
        let at = Timestamp::from_micros(1_614_265_330_999_999);
        let expected = library.sign("m1", 1_614_265_330, "{\"ü\": 1}".as_bytes()).unwrap();
        assert_eq!(key.sign(&MessageId::from_trusted("m1"), at, "{\"ü\": 1}"), expected);
    }

    #[test]
    fn a_key_reads_back_and_is_not_printed() {
        for method in SigningMethod::ALL {
            let key = SigningKey::from_random(method, [9; KEY_LEN]);
            let again = SigningKey::from_stored(method, &key.stored()).unwrap();
            assert_eq!(again.for_receiver(), key.for_receiver());
            assert_eq!(format!("{key:?}"), "SigningKey(…)");
            assert!(SigningKey::from_stored(method, "AAAA").is_none());
        }
        let public = SigningKey::from_random(SigningMethod::Ed25519, [9; KEY_LEN]).for_receiver();
        assert!(public.starts_with("whpk_") && !public.contains(&STANDARD.encode([9; KEY_LEN])));
    }
}
