//! Signed heads: the last event's number and hash with a signature. They reveal that events were removed at the
//! end, or that the whole chain was rewritten.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::Deserialize;

use super::form::quoted;
use crate::{
    secret::{from_hex, hex},
    time::Timestamp,
};

/// The number and the hash of the last event of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub sequence: i64,
    pub hash: String,
}

/// A head with the time at which it was signed, and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    pub head: Head,
    pub at: Timestamp,
    pub public_key: PublicKey,
    pub signature: String,
}

/// Why a head or a key is not valid. The message is for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("a head is NUMBER:HASH, such as 812:9f2c…, or a line of the heads' file")]
    NotAHead,
    #[error("a key is 64 hexadecimal digits")]
    NotAKey,
    #[error("the signature of the head at event {0} does not fit it")]
    BadSignature(i64),
    #[error("the head at event {0} was signed with another key than the one that was named")]
    OtherKey(i64),
    #[error("the signature of the segment that ends at event {0} does not fit it")]
    BadSegment(i64),
    #[error(
        "the segment that ends at event {0} was dropped under another key, {1}; if it is yours, name it with \
         --public-key or UNSTALE_AUDIT_EARLIER_KEYS"
    )]
    OtherSegmentKey(i64, String),
}

/// The public half of the key that heads are signed with: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(String);

impl PublicKey {
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        let text = text.trim();
        let bytes = from_hex::<32>(text).ok_or(HeadError::NotAKey)?;
        VerifyingKey::from_bytes(&bytes).map_err(|_| HeadError::NotAKey)?;
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// A key from the database. A text that is not a key matches no signature.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn fits(&self, message: &str, signature: &str) -> bool {
        let key = from_hex::<32>(&self.0).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let signature = from_hex::<64>(signature).map(|bytes| Signature::from_bytes(&bytes));
        key.zip(signature)
            .is_some_and(|(key, signature)| key.verify_strict(message.as_bytes(), &signature).is_ok())
    }
}

/// The private key that signs heads. `Debug` does not print it.
#[derive(Clone)]
pub struct HeadKey(SigningKey);

impl fmt::Debug for HeadKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HeadKey(…)")
    }
}

impl HeadKey {
    /// Makes a key from 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&bytes))
    }

    /// Reads what [`HeadKey::reveal`] wrote.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        from_hex::<32>(text.trim()).map(Self::from_random).ok_or(HeadError::NotAKey)
    }

    /// The private key. Write it only to the key file.
    #[must_use]
    pub fn reveal(&self) -> String {
        hex(&self.0.to_bytes())
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(hex(self.0.verifying_key().as_bytes()))
    }

    #[must_use]
    pub fn sign(&self, head: Head, at: Timestamp) -> SignedHead {
        let signature = self.sign_text(&message(&head, at));
        SignedHead { head, at, public_key: self.public(), signature }
    }

    /// Signs a text. Its first line must name the kind of the text, so that a signature of one kind is not valid
    /// for another.
    pub(super) fn sign_text(&self, text: &str) -> String {
        hex(&self.0.sign(text.as_bytes()).to_bytes())
    }
}

/// The text that is signed.
fn message(head: &Head, at: Timestamp) -> String {
    format!("unstale audit head 1\n{}\n{}\n{at}\n", head.sequence, head.hash)
}

/// A signed head as it is written to the log and to the file of heads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    at: String,
    hash: String,
    public_key: String,
    sequence: i64,
    signature: String,
}

impl SignedHead {
    /// Parses one line of the file of heads.
    pub fn parse(line: &str) -> Result<Self, HeadError> {
        let line: HeadLine = serde_json::from_str(line.trim()).map_err(|_| HeadError::NotAHead)?;
        let at = Timestamp::parse(&line.at).ok_or(HeadError::NotAHead)?;
        let head = Head::new(line.sequence, &line.hash)?;
        Ok(Self { head, at, public_key: PublicKey::parse(&line.public_key)?, signature: line.signature })
    }

    /// The line for the file of heads.
    #[must_use]
    pub fn line(&self) -> String {
        let mut out = format!("{{\"at\":\"{}\",\"hash\":", self.at);
        out.push_str(&quoted(&self.head.hash));
        out.push_str(",\"public_key\":");
        out.push_str(&quoted(self.public_key.as_str()));
        out.push_str(",\"sequence\":");
        out.push_str(&self.head.sequence.to_string());
        out.push_str(",\"signature\":");
        out.push_str(&quoted(&self.signature));
        out.push('}');
        out
    }

    /// Checks the signature with one of these keys. If `trusted` is empty, the head's own key is used.
    pub fn check(&self, trusted: &[PublicKey]) -> Result<(), HeadError> {
        if !trusted.is_empty() && !trusted.contains(&self.public_key) {
            return Err(HeadError::OtherKey(self.head.sequence));
        }
        if self.public_key.fits(&message(&self.head, self.at), &self.signature) {
            Ok(())
        } else {
            Err(HeadError::BadSignature(self.head.sequence))
        }
    }
}

impl Head {
    pub fn new(sequence: i64, hash: &str) -> Result<Self, HeadError> {
        let hash = hash.trim().to_ascii_lowercase();
        let sound = sequence >= 0 && from_hex::<32>(&hash).is_some();
        if sound { Ok(Self { sequence, hash }) } else { Err(HeadError::NotAHead) }
    }

    /// Parses `812:9f2c…`.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        let (sequence, hash) = text.trim().split_once(':').ok_or(HeadError::NotAHead)?;
        Self::new(sequence.trim().parse().map_err(|_| HeadError::NotAHead)?, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> SignedHead {
        let head = Head { sequence: 812, hash: "ab".repeat(32) };
        HeadKey::from_random([7; 32]).sign(head, Timestamp::from_micros(1_795_341_482_114_000))
    }

    #[test]
    fn a_line_reads_back_and_its_signature_fits() {
        let signed = signed();
        assert_eq!(SignedHead::parse(&signed.line()), Ok(signed.clone()));
        assert_eq!(signed.check(&[]), Ok(()));
        assert_eq!(signed.check(&[HeadKey::from_random([7; 32]).public()]), Ok(()));
        let other = HeadKey::from_random([8; 32]).public();
        assert_eq!(signed.check(&[other]), Err(HeadError::OtherKey(812)));
    }

    #[test]
    fn any_change_breaks_the_signature() {
        let mut number = signed();
        number.head.sequence += 1;
        let mut hash = signed();
        hash.head.hash = "ac".repeat(32);
        let mut time = signed();
        time.at = Timestamp::from_micros(1);
        let mut key = signed();
        key.public_key = HeadKey::from_random([8; 32]).public();
        let mut signature = signed();
        signature.signature.replace_range(0..1, if signature.signature.starts_with('0') { "1" } else { "0" });
        for changed in [number, hash, time, key, signature] {
            assert!(matches!(changed.check(&[]), Err(HeadError::BadSignature(_))), "{changed:?}");
        }
    }

    #[test]
    fn a_head_may_be_typed_and_a_key_never_shows() {
        assert_eq!(Head::parse(&format!(" 812:{} ", "AB".repeat(32))).map(|head| head.sequence), Ok(812));
        for bad in ["", "812", "812:ab", "x:y", "-1:00"] {
            assert_eq!(Head::parse(bad), Err(HeadError::NotAHead), "{bad}");
        }
        let key = HeadKey::from_random([7; 32]);
        assert_eq!(format!("{key:?}"), "HeadKey(…)");
        assert_eq!(HeadKey::parse(&key.reveal()).map(|key| key.public()), Ok(key.public()));
        assert!(PublicKey::parse("zz").is_err());
    }
}
