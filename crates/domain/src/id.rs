//! The IDs. Each kind of ID has its own type, so that the compiler refuses one in the place of another.

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

            /// Takes an ID from our own database or from a response of CloudFront, without checks. An ID from a
            /// person or a program must be parsed instead; `tests/it/layers.rs` checks who calls this.
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
    /// Our ID of an invalidation: a UUID of version 7. It is part of the URL of the invalidation's page.
    InvalidationId
);
text_id!(
    /// Our ID of a batch: a UUID of version 7.
    BatchId
);
text_id!(
    /// The caller reference of one `CreateInvalidation`. CloudFront uses it as an idempotency key: a second request
    /// with the same reference and the same items returns the same invalidation.
    ///
    /// Source: API reference, `InvalidationBatch`. It never changes after the batch was first written.
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
    /// Our ID of a freeze window: a UUID of version 7.
    FreezeId
);
text_id!(
    /// Our ID of a check run: a UUID of version 7.
    CheckRunId
);
text_id!(
    /// Our ID of a notification channel: a UUID of version 7.
    ChannelId
);
text_id!(
    /// Our ID of a notification message: a UUID of version 7. A webhook gets it as `webhook-id`.
    MessageId
);
text_id!(
    /// A key that identifies a request, so that the same request sent twice makes one invalidation. A form sends a
    /// UUID; an idempotency key becomes a hash.
    RequestKey
);

impl DistributionId {
    /// Reads an ID from a person or a program. CloudFront's IDs have only capitals and digits. Local replacements
    /// for CloudFront use other characters too, so `-`, `_` and lower case are accepted.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = (1..=64).contains(&text.len()) && text.chars().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}

impl DistributionId {
    /// The empty ID, which no distribution has. A query with it finds nothing.
    #[must_use]
    pub const fn of_none() -> Self {
        Self(String::new())
    }
}

impl CallerReference {
    /// The caller reference of a batch. The same batch always has the same one.
    #[must_use]
    pub fn of(batch: &BatchId) -> Self {
        Self(format!("unstale-{batch}"))
    }
}

impl CloudFrontInvalidationId {
    /// Reads an ID that a person copied from the AWS console. White space around it is ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (2..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }
}

/// Implements the IDs that are UUIDs made by Unstale.
macro_rules! uuid_id {
    ($($name:ident),*) => {
        $(impl $name {
            /// Reads an ID from a URL or a form.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self::new)
            }

            /// An ID from a UUID. For a new ID, the UUID must be new.
            #[must_use]
            pub fn new(uuid: Uuid) -> Self {
                Self(uuid.hyphenated().to_string())
            }
        })*
    };
}

uuid_id!(
    InvalidationId,
    BatchId,
    PersonId,
    TokenId,
    GrantId,
    ProposalId,
    FreezeId,
    CheckRunId,
    ChannelId,
    MessageId,
    RequestKey
);

impl RequestKey {
    /// The key of a request with an idempotency key. A form's key is a UUID, so it never begins with `key-`.
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
