//! Names of things: each identifier is a type of its own, so that none is taken for another.

use std::fmt;

use uuid::Uuid;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Takes a name that a row of our own database or CloudFront's answer has. Nobody else calls this; who has
            /// it from a person or a program parses it. `tests/it/layers.rs` keeps that.
            #[must_use]
            pub fn from_trusted(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// CloudFront's own ID of a distribution, such as `E2QWRUHAPOMQZL`.
    DistributionId
);
text_id!(
    /// Our ID of an invalidation: a UUID of version 7, part of its page's address.
    InvalidationId
);
text_id!(
    /// Our ID of a batch: a UUID of version 7.
    BatchId
);
text_id!(
    /// The idempotency key of one `CreateInvalidation`; CloudFront answers the same reference with the same invalidation.
    ///
    /// Source: API reference, `InvalidationBatch`. Fixed when the batch is first written.
    CallerReference
);
text_id!(
    /// CloudFront's own ID of an invalidation, such as `I1JLWSDAP8FU89`.
    CloudFrontInvalidationId
);
text_id!(
    /// Our ID of a person with a local account.
    PersonId
);
text_id!(
    /// Our ID of an API token: a UUID of version 7.
    TokenId
);
text_id!(
    /// Our ID of a grant: a UUID of version 7.
    GrantId
);
text_id!(
    /// Our ID of a proposal: a UUID of version 7.
    ProposalId
);
text_id!(
    /// What the browser sends so that pressing twice is one request.
    RequestKey
);

impl DistributionId {
    /// Reads an ID from outside; CloudFront's are capitals and digits, stand-ins also use others.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = (1..=64).contains(&text.len()) && text.chars().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}

impl DistributionId {
    /// What no distribution is called: who asks for a distribution that is not there finds nothing.
    #[must_use]
    pub const fn of_none() -> Self {
        Self(String::new())
    }
}

impl CallerReference {
    /// The reference of a batch, final from its first row on.
    #[must_use]
    pub fn of(batch: &BatchId) -> Self {
        Self(format!("unstale-{batch}"))
    }
}

impl CloudFrontInvalidationId {
    /// Reads an ID that a person copied from the console.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (2..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }
}

/// The names that are UUIDs of our own.
macro_rules! uuid_id {
    ($($name:ident),*) => {
        $(impl $name {
            /// Reads what an address or a form carried.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self::new)
            }

            /// A new one, from a UUID that nobody had before.
            #[must_use]
            pub fn new(uuid: Uuid) -> Self {
                Self(uuid.hyphenated().to_string())
            }
        })*
    };
}

uuid_id!(InvalidationId, BatchId, PersonId, TokenId, GrantId, ProposalId, RequestKey);

impl RequestKey {
    /// The key of a program's request: no form's key begins so.
    pub(crate) fn of_program(hash: &str) -> Self {
        Self(format!("key-{hash}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_from_outside_are_checked() {
        assert!(DistributionId::parse("E2QWRUHAPOMQZL").is_some());
        assert!(DistributionId::parse("").is_none());
        assert!(DistributionId::parse("E1/../x").is_none());
        assert!(InvalidationId::parse("not-a-uuid").is_none());
        let id = InvalidationId::parse("0197A3C2-5D41-7000-8000-000000000000").unwrap();
        assert_eq!(id.as_str(), "0197a3c2-5d41-7000-8000-000000000000");
        assert_eq!(PersonId::parse("nobody"), None);
        assert_eq!(TokenId::parse(id.as_str()).unwrap().as_str(), id.as_str());
    }
}
