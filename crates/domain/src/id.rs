//! Names of things: each identifier is a type of its own, so that none is taken for another.

use std::fmt;

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

            /// Takes a name that was checked before, as a row of our own database was.
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

impl InvalidationId {
    /// Reads an ID from an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid_text(text).map(Self)
    }
}

impl BatchId {
    /// Reads an ID from an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid_text(text).map(Self)
    }
}

impl GrantId {
    /// Reads an ID from an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid_text(text).map(Self)
    }
}

impl ProposalId {
    /// Reads an ID from an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid_text(text).map(Self)
    }
}

impl RequestKey {
    /// Reads a key that a form carried.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid_text(text).map(Self)
    }
}

fn uuid_text(text: &str) -> Option<String> {
    let parsed = uuid::Uuid::try_parse(text).ok()?;
    Some(parsed.hyphenated().to_string())
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
        assert!(InvalidationId::parse("0197A3C2-5D41-7000-8000-000000000000").is_some());
    }
}
