//! Why a check has its verdict. The words of [`CheckCause::as_str`] are part of the API and stay.

/// Declares the causes, each with its stable word and its label, so that no cause is without them.
macro_rules! causes {
    ($($(#[$meta:meta])* $name:ident = $word:literal: $label:literal,)*) => {
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

            /// What happened, in one sentence for people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
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
    NoInvalidation = "no_invalidation": "There is no invalidation to compare the answer with.",
    /// The look was before CloudFront accepted or completed the invalidation.
    TooEarly = "too_early": "The look was made before CloudFront had completed the invalidation.",
    /// The answer has no `Age`, so nobody can say when it was cached.
    NoAge = "no_age": "The answer does not say when it was cached: it has no Age header.",
    /// By its `Age` the answer was cached about when the invalidation was accepted.
    AgeTooNear = "age_too_near": "The answer was cached at about the time of the invalidation.",
    /// No look before the invalidation has an answer that this one can be compared with.
    NothingToCompare = "nothing_to_compare":
        "There is no answer from before the invalidation to compare this one with.",
    /// The headers contradict each other.
    Contradiction = "contradiction": "The headers of the answer contradict each other.",
    /// A function at the edge made the answer; no cache has it.
    GeneratedAtEdge = "generated_at_edge": "A function at the edge made the answer.",
    /// CloudFront redirects HTTP to HTTPS.
    RedirectToHttps = "redirect_to_https": "CloudFront redirects HTTP to HTTPS.",
    /// The URL redirects elsewhere; the invalidation's target may be another URL.
    Redirected = "redirected": "The URL redirects to another URL.",
    /// CloudFront serves a custom error page with a status that is no error.
    ErrorPageServed = "error_page_served":
        "CloudFront serves a custom error page with a status that is no error.",
    /// Nothing says that CloudFront handled the answer.
    NotCloudFront = "not_cloudfront": "Nothing in the answer says that it came through CloudFront.",
    /// Each answer is fetched from the origin, so an invalidation changes nothing.
    NeverCached = "never_cached": "CloudFront keeps no copy of this answer.",
    /// CloudFront asked the origin and kept its copy. The origin may also have failed.
    Revalidated = "revalidated": "CloudFront asked the origin and kept the copy that it had.",
    /// Another cache is between CloudFront and the origin.
    CacheBehind = "cache_behind": "Another cache is between CloudFront and the origin.",
    /// The API behind the site gives its pages an answer. An API is not fresh or stale.
    Answers = "answers": "The API answers.",
    /// Several looks at the same URL differ.
    AnswersDiffer = "answers_differ": "Several looks at this URL got different answers.",
    /// `X-Cache` has a value that is not known.
    UnknownXCache = "unknown_x_cache": "The X-Cache header has a value that is not known.",
    /// No look was made: the host hung before, too many looks waited, or the hour's number was used up.
    NotLooked = "not_looked": "No look was made: the host did not answer, or too many looks waited.",
    /// A secret header that the look would send cannot be decrypted: the key is another one, or is gone.
    SecretNotRead = "secret_not_read":
        "No look was made: a secret header cannot be decrypted, so nothing was sent.",
    /// Nobody named the URL, and the site has none there.
    GuessedUrl = "guessed_url": "Unstale guessed this URL, and the site has no page there.",

    // Why viewers get the old version.
    /// The old copy is at the edge; nothing tells why.
    OldAtEdge = "old_at_edge": "The edge still serves the old copy.",
    /// The plain copy is not old, and the compressed one that most viewers get is.
    CompressedCopyOld = "compressed_copy_old": "The edge still serves an old compressed copy.",
    /// The cached copy belongs to another spelling or variant of the URL than the items name.
    NotCovered = "not_covered": "The edge serves an old copy of another spelling or variant of the URL.",
    /// Another cache stands in front of CloudFront and still has its copy.
    CacheInFront = "cache_in_front": "Another cache in front of CloudFront still serves its old copy.",
    /// The host is served by another distribution than the one that was invalidated.
    OtherDistribution = "other_distribution": "Another distribution serves this host.",

    // Why nothing changed.
    /// The edge fetched its copy after the invalidation, and it is the same as before.
    OriginUnchanged = "origin_unchanged": "The edge fetched a new copy, and it is the same as before.",

    /// The origin was asked too, and has the same content as the copy that viewers get.
    SameAsOrigin = "same_as_origin": "Viewers get what the origin itself has now.",
    /// The origin was asked too, and has other content than the copy that viewers get.
    OriginHasOther = "origin_has_other": "The origin has other content now than viewers get.",

    // Why viewers get an error.
    /// S3 refuses: the object is missing and the bucket may not be listed, or the distribution may not read it.
    ObjectMissingOrDenied = "object_missing_or_denied":
        "S3 refuses: the file is missing, or CloudFront may not read it.",
    /// S3 refuses, although it told which objects exist before. So the object is not missing: the distribution may
    /// not read it.
    BucketDenied = "bucket_denied": "S3 does not let CloudFront read the file.",
    /// S3 has no such object.
    ObjectMissing = "object_missing": "The file is not in the S3 bucket.",
    /// There is no such bucket.
    BucketMissing = "bucket_missing": "The S3 bucket of the origin does not exist.",
    /// The URL is the root, and the distribution has no default root object.
    NoDefaultRootObject = "no_default_root_object":
        "The distribution has no default root object for its root URL.",
    /// The URL names a folder, and an S3 origin has no index of a folder.
    NoFolderIndex = "no_folder_index":
        "The URL names no file in the S3 bucket, and S3 has no index pages for folders.",
    /// A custom error page hides that the file is missing.
    HiddenMissingFile = "hidden_missing_file": "CloudFront serves an error page in place of this file.",
    /// The custom error page cannot be fetched, so viewers get the error of its origin.
    ErrorPageMissing = "error_page_missing": "CloudFront cannot fetch the custom error page.",
    /// The origin has no such page.
    NotFound = "not_found": "The origin has nothing at this URL.",
    /// AWS WAF blocked the look.
    BlockedByWaf = "blocked_by_waf": "AWS WAF blocked the request.",
    /// Refused without a known reason, and a web ACL is attached, which may have a response of its own.
    RefusedMaybeWaf = "refused_maybe_waf": "The request was refused, perhaps by AWS WAF.",
    /// The geographic restriction blocks the country that the look came from.
    BlockedByCountry = "blocked_by_country":
        "The geographic restriction blocks the country that Unstale looks from.",
    /// The host is not an alias of the distribution.
    HostNotAlias = "host_not_alias": "CloudFront does not know this host name.",
    /// CloudFront serves the URL only over HTTPS.
    HttpsRequired = "https_required": "CloudFront serves this URL only over HTTPS.",
    /// The URL needs a signed URL or signed cookies.
    SignatureRequired = "signature_required": "The URL needs a signed URL or signed cookies.",
    /// The signature's key is not known.
    SignerUnknown = "signer_unknown": "CloudFront does not know the key of the signature.",
    /// The signature has expired or does not fit.
    SignatureDenied = "signature_denied": "CloudFront refused the signature of the URL or the cookies.",
    /// The behaviour, or the origin, does not allow the method.
    MethodNotAllowed = "method_not_allowed": "The request method is not allowed.",
    /// A function at the edge made the error answer.
    RefusedByFunction = "refused_by_function": "A function at the edge answered with an error.",
    /// The site wants a user name or a token.
    CredentialsRequired = "credentials_required": "The site asks for a user name, a password or a token.",
    /// The API wants a key, or the key is not one of this stage's usage plan.
    ApiKeyRequired = "api_key_required": "The API refuses the request, most likely because of its API key.",
    /// The quota of the usage plan is used up.
    ApiQuotaExceeded = "api_quota_exceeded": "The quota of the API's usage plan is used up.",
    /// The origin itself refused.
    RefusedByOrigin = "refused_by_origin": "The origin refuses the request.",
    /// The origin is another distribution, which refuses the host.
    StackedDistribution = "stacked_distribution":
        "The origin is another distribution, and it refuses the request.",
    /// Viewers must show a certificate of their own.
    ClientCertificateRequired = "client_certificate_required":
        "Viewers must show a certificate of their own.",
    /// The certificate is for other names.
    CertificateWrongName = "certificate_wrong_name": "The certificate does not cover this host name.",
    /// No TLS connection could be made.
    TlsFailed = "tls_failed": "The TLS connection to the site failed.",
    /// The distribution is disabled.
    Disabled = "disabled": "The distribution is disabled.",
    /// A change of the distribution is being deployed.
    Deploying = "deploying": "A change of the distribution is still being deployed.",
    /// CloudFront got no usable answer from the origin (502): TLS, name or a broken answer.
    OriginBadGateway = "origin_bad_gateway": "CloudFront got no usable answer from the origin.",
    /// CloudFront cannot resolve the origin's name.
    OriginNotResolved = "origin_not_resolved": "CloudFront cannot resolve the domain name of the origin.",
    /// CloudFront cannot connect to the origin.
    OriginNotConnected = "origin_not_connected": "CloudFront cannot connect to the origin.",
    /// The origin is overloaded or down (503).
    OriginUnavailable = "origin_unavailable": "The origin is overloaded or down.",
    /// The origin did not answer in time (504).
    OriginTimeout = "origin_timeout": "The origin did not answer in time.",
    /// The origin failed (500 or another 5xx).
    OriginFailed = "origin_failed": "The origin answered with an error of its own.",
    /// A function at the edge failed.
    FunctionFailed = "function_failed": "A function at the edge failed.",
    /// A quota of CloudFront or Lambda@Edge is exceeded.
    LimitExceeded = "limit_exceeded": "A quota of CloudFront or Lambda@Edge is exceeded.",
    /// Too many requests (429).
    TooManyRequests = "too_many_requests": "There were too many requests.",
    /// The redirects lead in a circle.
    RedirectLoop = "redirect_loop": "The redirects do not come to an end.",
    /// The redirect leads to a host that is not looked at.
    RedirectNotFollowed = "redirect_not_followed":
        "The URL redirects to a host that Unstale does not look at.",
    /// The host's name has no address.
    NameNotResolved = "name_not_resolved": "The host name has no address in the DNS.",
    /// The host's address is not a public one, so it was not asked.
    AddressRefused = "address_refused": "The host name leads to an address that Unstale does not ask.",
    /// The edge refuses the connection.
    ConnectionRefused = "connection_refused": "The server refused the connection.",
    /// No connection was made in time.
    ConnectTimeout = "connect_timeout": "No connection was made in time.",
    /// The answer was not complete in time.
    AnswerTimeout = "answer_timeout": "The answer was not complete in time.",
    /// The connection broke, or the answer is not HTTP.
    ProtocolError = "protocol_error": "The connection broke, or the answer is not HTTP.",
    /// The text that must appear is missing.
    TextMissing = "text_missing": "The text that must appear is missing.",
    /// The text that must not appear is there.
    TextForbidden = "text_forbidden": "The text that must not appear is there.",
    /// The body is another than the expected one.
    OtherBody = "other_body": "The content is not the expected one.",
    /// The URL was taken down, and viewers still get it.
    NotGone = "not_gone": "Viewers still get the removed URL.",
    /// A style sheet, a script or an image of the page does not load.
    ReferenceMissing = "reference_missing": "The page needs a file that does not load.",
    /// A page by HTTPS names a script or a style sheet by HTTP, which browsers refuse to load.
    MixedContent = "mixed_content":
        "Browsers refuse to load a script or a style sheet of the page by HTTP.",
    // Why the pages of another origin may not read an answer.
    /// No CORS headers at all.
    CorsMissing = "cors_missing": "No other origin may read the answer: it has no CORS headers.",
    /// `Access-Control-Allow-Origin` names another origin, or several.
    CorsOtherOrigin = "cors_other_origin": "The answer allows another origin than the one that is set.",
    /// One look has the header and the other has not: the edge keeps one copy for all origins.
    CorsCachedWithoutOrigin = "cors_cached_without_origin":
        "The edge has a copy whose CORS headers are for another request.",
    /// `*` together with credentials.
    CorsCredentialsWithAny = "cors_credentials_with_any":
        "The answer allows credentials to every origin, which browsers refuse.",
    /// The same URL is no error without `Origin`.
    CorsRequestRefused = "cors_request_refused":
        "The answer is an error as soon as the request names an origin.",
    /// The preflight got an error, or an answer that does not allow the origin, although the behaviour allows OPTIONS.
    CorsPreflightRefused = "cors_preflight_refused": "The preflight request (OPTIONS) is refused.",
    /// The preflight allows the origin, and not the headers that the page sends.
    CorsHeaderNotAllowed = "cors_header_not_allowed":
        "The preflight request (OPTIONS) does not allow the headers of the page.",
    /// Another error of the client's kind (4xx).
    OtherRefusal = "other_refusal": "The request was refused for a reason that is not known.",
}

impl CheckCause {
    /// What happened, where it is said of the API behind the site: no origin and no cache has a part in it.
    #[must_use]
    pub const fn label_of_api(self) -> &'static str {
        match self {
            Self::NotFound => "The API has nothing at this address.",
            Self::RefusedByOrigin => "The API refuses the request.",
            Self::OriginFailed => "The API answered with an error of its own.",
            Self::OriginUnavailable => "The API is overloaded or down.",
            Self::OriginTimeout => "The API did not answer in time.",
            Self::CredentialsRequired => "The API asks for credentials.",
            other => other.label(),
        }
    }

    /// Whether a later look has the same cause unless somebody changes something, so that none is made by itself.
    #[must_use]
    pub const fn is_lasting(self) -> bool {
        matches!(
            self,
            Self::NoInvalidation
                | Self::NothingToCompare
                | Self::GeneratedAtEdge
                | Self::RedirectToHttps
                | Self::NotCloudFront
                | Self::NeverCached
                | Self::GuessedUrl
                | Self::SecretNotRead
                | Self::Answers
                | Self::RedirectNotFollowed
                | Self::AddressRefused
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_word_is_one_cause() {
        for cause in CheckCause::ALL {
            assert_eq!(CheckCause::parse(cause.as_str()), Some(*cause));
        }
        assert_eq!(CheckCause::parse("fresh"), None);
    }

    #[test]
    fn each_label_is_one_short_sentence_of_its_own() {
        let labels: HashSet<&str> = CheckCause::ALL.iter().map(|cause| cause.label()).collect();
        assert_eq!(labels.len(), CheckCause::ALL.len());
        for label in labels {
            assert!(label.ends_with('.') && label.len() < 90 && !label.contains('\n'), "{label}");
            assert!(label.starts_with(char::is_uppercase), "{label}");
        }
    }
}
