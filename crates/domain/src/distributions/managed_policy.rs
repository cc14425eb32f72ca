//! The cache policies that AWS keeps, by their IDs (developer guide, "Use managed cache policies").

/// A managed cache policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedPolicy {
    CachingOptimized,
    CachingOptimizedForUncompressedObjects,
    CachingDisabled,
    UseOriginCacheControlHeaders,
    UseOriginCacheControlHeadersQueryStrings,
    Amplify,
    ElementalMediaPackage,
}

impl ManagedPolicy {
    /// The policy with this ID. `None` if it is one of the account's own.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Some(match id {
            "658327ea-f89d-4fab-a63d-7e88639e58f6" => Self::CachingOptimized,
            "b2884449-e4de-46a7-ac36-70bc7f1ddd6d" => Self::CachingOptimizedForUncompressedObjects,
            "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" => Self::CachingDisabled,
            "83da9c7e-98b4-4e11-a168-04f0df8e2c65" => Self::UseOriginCacheControlHeaders,
            "4cc15a8a-d715-48a4-82b8-cc0b614638fe" => Self::UseOriginCacheControlHeadersQueryStrings,
            "2e54312d-136d-493c-8eb9-b001f22f67d2" => Self::Amplify,
            "08627262-05a9-4f76-9ded-b50ca2e3a84f" => Self::ElementalMediaPackage,
            _ => return None,
        })
    }

    /// Whether query strings are part of the cache key.
    #[must_use]
    pub const fn keys_query_strings(self) -> bool {
        match self {
            Self::UseOriginCacheControlHeadersQueryStrings | Self::Amplify | Self::ElementalMediaPackage => {
                true
            }
            Self::CachingOptimized
            | Self::CachingOptimizedForUncompressedObjects
            | Self::CachingDisabled
            | Self::UseOriginCacheControlHeaders => false,
        }
    }
}
