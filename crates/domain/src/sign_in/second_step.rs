//! The second step of a sign-in: a code of an authenticator, or a recovery code.

use std::fmt;

use totp_rs::{Builder, Secret as Shared, Totp};

use crate::{secret::SecretHash, time::Timestamp};

/// The length of a TOTP time step, in seconds.
const STEP: i64 = 30;
/// The number of steps that a code may be early or late, because clocks differ.
const LEEWAY: i64 = 1;
/// The number of recovery codes that one person gets.
pub const RECOVERY_CODES: usize = 8;
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The TOTP secret that the authenticator app and Unstale share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(String);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    /// Makes a secret from 20 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 20]) -> Self {
        Self(Shared::from(bytes).to_base32())
    }

    /// A secret from the database.
    #[must_use]
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The secret in base32. Use it only to show it to the person and to store it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The secret in groups of four letters, for typing.
    #[must_use]
    pub fn for_typing(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    /// The URL that the QR code contains.
    #[must_use]
    pub fn address(&self, email: &str) -> Option<String> {
        self.totp(email)?.to_url().ok()
    }

    fn totp(&self, email: &str) -> Option<Totp> {
        let secret = Shared::try_from_base32(&self.0).ok()?;
        let name = email.replace(':', " ");
        Builder::new().with_secret(secret).with_issuer(Some("Unstale")).with_account_name(name).build().ok()
    }

    /// The time step of a code that is valid now. `None` if it is not valid, or not later than `last_step`: each
    /// code works only once.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp, last_step: i64) -> Option<i64> {
        let totp = self.totp("")?;
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let current = now.as_micros() / 1_000_000 / STEP;
        let steps = current - LEEWAY..=current + LEEWAY;
        let shown = |step: i64| totp.generate(u64::try_from(step * STEP).unwrap_or(0)).to_string();
        steps.filter(|step| *step > last_step).find(|step| same(shown(*step).as_bytes(), code.as_bytes()))
    }

    /// The code that an authenticator shows now.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> Option<String> {
        let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
        Some(self.totp("")?.generate(seconds).to_string())
    }
}

/// Compares in constant time for inputs of one length.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// The number of letters in a recovery code, with five bits each. A code of 112 bits or more may be stored with a
/// plain hash (NIST SP 800-63B).
pub const RECOVERY_LETTERS: usize = 24;

/// A code to use if the authenticator is lost: 120 random bits, shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RecoveryCode(…)")
    }
}

impl RecoveryCode {
    /// Makes a code from random bytes. Five bits of each are used.
    #[must_use]
    pub fn from_random(bytes: [u8; RECOVERY_LETTERS]) -> Self {
        Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
    }

    /// Parses what a person typed. `None` if it cannot be a recovery code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect();
        let text = text.to_lowercase();
        let fits = text.len() == RECOVERY_LETTERS && text.bytes().all(|byte| LETTERS.contains(&byte));
        fits.then_some(Self(text))
    }

    /// The code as `abcd-efgh-ijkm-npqr-stuv-wxyz`. Show it only to the person.
    #[must_use]
    pub fn reveal(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::from_random(*b"12345678901234567890")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B, SHA1, the last six of the eight digits.
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(secret().step_of(code, at(second), 0), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_works_once_and_for_a_short_time() {
        assert_eq!(secret().step_of("287082", at(59), 1), None, "its step was used");
        assert_eq!(secret().step_of("287 082", at(89), 0), Some(1), "a step late");
        assert_eq!(secret().step_of("287082", at(120), 0), None, "too late");
        for odd in ["", "28708", "2870822", "28708x", "２８７０８２"] {
            assert_eq!(secret().step_of(odd, at(59), 0), None, "{odd}");
        }
    }

    #[test]
    fn a_recovery_code_reads_back_as_it_was_shown() {
        let code = RecoveryCode::from_random([200; RECOVERY_LETTERS]);
        assert_eq!(RecoveryCode::parse(&code.reveal().to_uppercase()), Some(code.clone()));
        assert_eq!(RecoveryCode::parse("abcd"), None);
        assert_eq!(format!("{code:?} {:?}", secret()), "RecoveryCode(…) TotpSecret(…)");
    }

    #[test]
    fn the_address_names_service_and_person() {
        let address = secret().address("ada@example.com").unwrap();
        assert!(address.starts_with("otpauth://totp/") && address.contains("issuer=Unstale"), "{address}");
    }
}
