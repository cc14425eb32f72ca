//! People with local accounts: their e-mail addresses and what a password must be.

use crate::{
    access::{Role, ScopeKind},
    id::PersonId,
    time::Timestamp,
};

/// The minimum length of a password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// The maximum length of a password, in bytes. It limits the work of hashing at a sign-in.
pub const PASSWORD_MAX: usize = 512;

/// An e-mail address in lower case: the name of a local account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Parses an address that a person typed.
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let text = text.trim().to_lowercase();
        let plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
        let parts = text.split_once('@').filter(|(name, host)| {
            !name.is_empty() && (host.contains('.') || *host == "localhost") && !host.contains('@')
        });
        if plain && parts.is_some() && text.len() <= 254 {
            Ok(Self(text))
        } else {
            Err(PersonError::NotAnEmail)
        }
    }

    /// A name instead of an address, for a person whose provider sends no address.
    #[must_use]
    pub fn label(name: &str) -> Self {
        Self(name.trim().to_lowercase())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an account cannot be created. The message is for the person who filled in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    #[error("Enter an e-mail address such as name@example.com.")]
    NotAnEmail,
    #[error("Use at least {PASSWORD_MIN} characters. A few unrelated words work well.")]
    PasswordTooShort,
    #[error("Use at most {PASSWORD_MAX} bytes.")]
    PasswordTooLong,
    #[error("This password is easy to guess: {0}. A few unrelated words work well.")]
    PasswordWeak(&'static str),
    #[error("An account with this e-mail address exists already.")]
    Exists,
}

/// A person with a local account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub email: String,
    pub role: Role,
    pub scope: ScopeKind,
    pub disabled_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_folded_to_lower_case_and_checked() {
        assert_eq!(Email::parse(" Ops@Example.com ").unwrap().as_str(), "ops@example.com");
        for bad in ["", "ops", "@example.com", "ops@", "o ps@example.com", "a@b@c.d", "ops@example"] {
            assert_eq!(Email::parse(bad), Err(PersonError::NotAnEmail), "{bad}");
        }
    }
}
