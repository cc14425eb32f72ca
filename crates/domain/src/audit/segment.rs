//! A segment of the history that was exported and may be dropped, with its own signature.

use super::head::{HeadError, HeadKey, PublicKey};
use crate::time::Timestamp;

/// The minimum age of events that may be dropped, in days.
pub const DAYS_MIN: u32 = 400;

/// The events that were exported, and the file that contains them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub first: i64,
    pub last: i64,
    pub last_hash: String,
    /// The name of the file in its folder.
    pub file: String,
    pub file_sha256: String,
    pub at: Timestamp,
}

/// A segment with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSegment {
    pub segment: Segment,
    pub public_key: PublicKey,
    pub signature: String,
}

impl Segment {
    #[must_use]
    pub fn sign(self, key: &HeadKey) -> SignedSegment {
        let signature = key.sign_text(&self.message());
        SignedSegment { segment: self, public_key: key.public(), signature }
    }

    /// The text that is signed.
    fn message(&self) -> String {
        let Self { first, last, last_hash, file, file_sha256, at } = self;
        format!("unstale audit segment 1\n{first}\n{last}\n{last_hash}\n{file_sha256}\n{at}\n{file}\n")
    }
}

impl SignedSegment {
    /// Checks the signature with one of these keys. If `trusted` is empty, the segment's own key is used.
    pub fn check(&self, trusted: &[PublicKey]) -> Result<(), HeadError> {
        if !trusted.is_empty() && !trusted.contains(&self.public_key) {
            let key = self.public_key.as_str().to_owned();
            return Err(HeadError::OtherSegmentKey(self.segment.last, key));
        }
        if self.public_key.fits(&self.segment.message(), &self.signature) {
            Ok(())
        } else {
            Err(HeadError::BadSegment(self.segment.last))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_part_breaks_the_signature() {
        let segment = Segment {
            first: 1,
            last: 9,
            last_hash: "ab".repeat(32),
            file: "audit-1-9.jsonl".to_owned(),
            file_sha256: "cd".repeat(32),
            at: Timestamp::from_micros(1),
        };
        let key = HeadKey::from_random([3; 32]);
        let signed = segment.sign(&key);
        assert_eq!(signed.check(&[key.public()]), Ok(()));
        let changes: [fn(&mut Segment); 5] = [
            |segment| segment.first += 1,
            |segment| segment.last += 1,
            |segment| segment.last_hash.push('0'),
            |segment| segment.file_sha256.push('0'),
            |segment| segment.file.push('0'),
        ];
        for change in changes {
            let mut changed = signed.clone();
            change(&mut changed.segment);
            assert!(changed.check(&[]).is_err());
        }
    }
}
