//! Why a check has its verdict. The words of [`CheckCause::as_str`] are part of the API and stay.

/// Declares the causes with their stable words, so that no cause is without one and no word is given twice.
macro_rules! causes {
    ($($(#[$meta:meta])* $name:ident = $word:literal,)*) => {
        /// One cause of a verdict.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CheckCause {
            $($(#[$meta])* $name,)*
        }

        impl CheckCause {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable word, in the store and in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The cause of this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|cause| cause.as_str() == word)
            }
        }
    };
}

causes! {
    // Why nothing is proved.
    /// The check belongs to no invalidation, so there is no moment that an `Age` could be compared with.
    NoInvalidation = "no_invalidation",
    /// The look was before CloudFront accepted or completed the invalidation.
    TooEarly = "too_early",
    /// The answer has no `Age`, so nobody can say when it was cached.
    NoAge = "no_age",
    /// By its `Age` the answer was cached about when the invalidation was accepted.
    AgeTooNear = "age_too_near",
    /// No look before the invalidation has an answer that this one can be compared with.
    NothingToCompare = "nothing_to_compare",
    /// The headers contradict each other.
    Contradiction = "contradiction",
    /// A function at the edge made the answer; no cache has it.
    GeneratedAtEdge = "generated_at_edge",
    /// CloudFront redirects HTTP to HTTPS.
    RedirectToHttps = "redirect_to_https",
    /// The URL redirects elsewhere; the invalidation's target may be another URL.
    Redirected = "redirected",
    /// CloudFront serves a custom error page with a status that is no error.
    ErrorPageServed = "error_page_served",
    /// Nothing says that CloudFront handled the answer.
    NotCloudFront = "not_cloudfront",
    /// Each answer is fetched from the origin, so an invalidation changes nothing.
    NeverCached = "never_cached",
    /// CloudFront asked the origin and kept its copy. The origin may also have failed.
    Revalidated = "revalidated",
    /// Another cache stands between CloudFront and the origin.
    CacheBehind = "cache_behind",
    /// Several looks at the same URL differ.
    AnswersDiffer = "answers_differ",
    /// `X-Cache` has a value that is not known.
    UnknownXCache = "unknown_x_cache",
    /// No look was made: too many were waiting.
    NotLooked = "not_looked",

    // Why viewers get the old version.
    /// The old copy is at the edge; nothing tells why.
    OldAtEdge = "old_at_edge",
    /// The cached copy belongs to another spelling or variant of the URL than the items name.
    NotCovered = "not_covered",
    /// Another cache stands in front of CloudFront and still has its copy.
    CacheInFront = "cache_in_front",
    /// The host is served by another distribution than the one that was invalidated.
    OtherDistribution = "other_distribution",

    // Why nothing changed.
    /// The edge fetched its copy after the invalidation, and it is the same as before.
    OriginUnchanged = "origin_unchanged",

    // Why viewers get an error.
    /// S3 refuses: the object is missing and the bucket may not be listed, or the distribution may not read it.
    ObjectMissingOrDenied = "object_missing_or_denied",
    /// S3 refuses an object that was there before.
    BucketDenied = "bucket_denied",
    /// S3 has no such object.
    ObjectMissing = "object_missing",
    /// There is no such bucket.
    BucketMissing = "bucket_missing",
    /// The URL is the root, and the distribution has no default root object.
    NoDefaultRootObject = "no_default_root_object",
    /// The URL names a folder, and an S3 origin has no index of a folder.
    NoFolderIndex = "no_folder_index",
    /// A custom error page hides that the file is missing.
    HiddenMissingFile = "hidden_missing_file",
    /// The origin has no such page.
    NotFound = "not_found",
    /// AWS WAF blocked the look.
    BlockedByWaf = "blocked_by_waf",
    /// Refused, and a web ACL that may have a response of its own is attached.
    RefusedMaybeWaf = "refused_maybe_waf",
    /// The geographic restriction blocks the country that the look came from.
    BlockedByCountry = "blocked_by_country",
    /// The host is not an alias of the distribution.
    HostNotAlias = "host_not_alias",
    /// The URL needs a signed URL or signed cookies.
    SignatureRequired = "signature_required",
    /// The signature's key is not known.
    SignerUnknown = "signer_unknown",
    /// The signature has expired or does not fit.
    SignatureDenied = "signature_denied",
    /// The behaviour does not allow the method.
    MethodNotAllowed = "method_not_allowed",
    /// A function at the edge refused.
    RefusedByFunction = "refused_by_function",
    /// The site wants a user name or a token.
    CredentialsRequired = "credentials_required",
    /// The API wants a key, or the key is not one of this stage's usage plan.
    ApiKeyRequired = "api_key_required",
    /// The origin itself refused.
    RefusedByOrigin = "refused_by_origin",
    /// The origin is another distribution, which refuses the host.
    StackedDistribution = "stacked_distribution",
    /// Viewers must show a certificate of their own.
    ClientCertificateRequired = "client_certificate_required",
    /// The certificate is for other names.
    CertificateWrongName = "certificate_wrong_name",
    /// No TLS connection could be made.
    TlsFailed = "tls_failed",
    /// The distribution is disabled.
    Disabled = "disabled",
    /// A change of the distribution is being deployed.
    Deploying = "deploying",
    /// CloudFront got no usable answer from the origin (502): TLS, name or a broken answer.
    OriginBadGateway = "origin_bad_gateway",
    /// CloudFront cannot resolve the origin's name.
    OriginNotResolved = "origin_not_resolved",
    /// CloudFront cannot connect to the origin.
    OriginNotConnected = "origin_not_connected",
    /// The origin is overloaded or down (503).
    OriginUnavailable = "origin_unavailable",
    /// The origin did not answer in time (504).
    OriginTimeout = "origin_timeout",
    /// The origin failed (500 or another 5xx).
    OriginFailed = "origin_failed",
    /// A function at the edge failed.
    FunctionFailed = "function_failed",
    /// A quota of CloudFront or Lambda@Edge is exceeded.
    LimitExceeded = "limit_exceeded",
    /// Too many requests (429).
    TooManyRequests = "too_many_requests",
    /// The redirects lead in a circle.
    RedirectLoop = "redirect_loop",
    /// The redirect leads to a host that is not looked at.
    RedirectNotFollowed = "redirect_not_followed",
    /// The host's name has no address.
    NameNotResolved = "name_not_resolved",
    /// The host's address is not a public one, so it was not asked.
    AddressRefused = "address_refused",
    /// The edge refuses the connection.
    ConnectionRefused = "connection_refused",
    /// No connection was made in time.
    ConnectTimeout = "connect_timeout",
    /// The answer was not complete in time.
    AnswerTimeout = "answer_timeout",
    /// The connection broke, or the answer is not HTTP.
    ProtocolError = "protocol_error",
    /// The text that must appear is missing.
    TextMissing = "text_missing",
    /// The text that must not appear is there.
    TextForbidden = "text_forbidden",
    /// The body is another than the expected one.
    OtherBody = "other_body",
    /// The URL was taken down, and viewers still get it.
    NotGone = "not_gone",
    /// Another error of the client's kind (4xx).
    OtherRefusal = "other_refusal",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_one_cause() {
        for cause in CheckCause::ALL {
            assert_eq!(CheckCause::parse(cause.as_str()), Some(*cause));
        }
        assert_eq!(CheckCause::parse("fresh"), None);
    }
}
