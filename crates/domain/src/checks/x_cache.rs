//! `X-Cache`: what CloudFront says about how it answered.

use serde::{Deserialize, Serialize};

/// The prefix-free value of `X-Cache`, without `from cloudfront`.
///
/// The values were observed in answers, and some are in CloudFront's developer guide ("Standard log file fields",
/// `x-edge-result-type`). A value that is not in the list is [`XCache::Unknown`] and never counts as a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum XCache {
    /// From the cache of this edge location.
    Hit,
    /// An expired copy that CloudFront revalidated with the origin. It was also seen with the old body while the
    /// origin answered 500 (Stack Overflow 71778683).
    RefreshHit,
    /// Not in the cache of this edge location. A cache behind it may have had it.
    Miss,
    /// CloudFront redirects HTTP to HTTPS.
    Redirect,
    /// The answer is an error, from CloudFront or the origin, or a custom error page, which may have status 200.
    Error,
    /// A CloudFront Function answered.
    FunctionGenerated,
    /// A CloudFront Function failed.
    FunctionFailed,
    /// A Lambda@Edge function answered.
    LambdaGenerated,
    /// A Lambda@Edge function failed, or its answer is not valid.
    LambdaFailed,
    /// A quota of CloudFront or Lambda@Edge is exceeded.
    LimitExceeded,
    /// Any other value, as it was sent.
    Unknown(String),
}

/// Every known value, in lower case. The first of each is the one that is shown.
const VALUES: [(&str, XCache); 13] = [
    ("Hit", XCache::Hit),
    ("RefreshHit", XCache::RefreshHit),
    ("Miss", XCache::Miss),
    ("Redirect", XCache::Redirect),
    ("Error", XCache::Error),
    ("FunctionGeneratedResponse", XCache::FunctionGenerated),
    ("FunctionExecutionError", XCache::FunctionFailed),
    ("LambdaGeneratedResponse", XCache::LambdaGenerated),
    ("LambdaExecutionError", XCache::LambdaFailed),
    ("LambdaValidationError", XCache::LambdaFailed),
    ("LimitExceeded", XCache::LimitExceeded),
    ("LambdaLimitExceeded", XCache::LimitExceeded),
    ("CapacityExceeded", XCache::LimitExceeded),
];

impl XCache {
    /// Reads the header. Only `VALUE from cloudfront` is CloudFront's, in any case of letters.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let value = match words[..] {
            [value, from, name]
                if from.eq_ignore_ascii_case("from") && name.eq_ignore_ascii_case("cloudfront") =>
            {
                value
            }
            _ => return Self::Unknown(text.to_owned()),
        };
        let known = VALUES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
        known.map_or_else(|| Self::Unknown(text.to_owned()), |(_, meaning)| meaning)
    }

    /// The value as CloudFront writes it; an unknown one as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if let Self::Unknown(text) = self {
            return text;
        }
        VALUES.iter().find(|(_, meaning)| meaning == self).map_or("", |(name, _)| name)
    }

    /// Whether it is CloudFront's word, and one that is not known: it may stand for any answer, such as an error page.
    #[must_use]
    pub fn is_unknown_of_cloudfront(&self) -> bool {
        matches!(self, Self::Unknown(text) if text.to_ascii_lowercase().ends_with("from cloudfront"))
    }

    /// Whether a function at the edge made the answer. No cache is involved then, and its headers are the function's.
    #[must_use]
    pub const fn is_generated(&self) -> bool {
        matches!(self, Self::FunctionGenerated | Self::LambdaGenerated)
    }
}

impl From<String> for XCache {
    fn from(header: String) -> Self {
        Self::parse(&header)
    }
}

/// The header from which [`XCache::parse`] reads the same.
impl From<XCache> for String {
    fn from(value: XCache) -> Self {
        match value {
            XCache::Unknown(text) => text,
            known => format!("{} from cloudfront", known.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_values_from_cloudfront_are_known() {
        for (name, meaning) in VALUES {
            assert!(!meaning.is_unknown_of_cloudfront());
            assert_eq!(XCache::parse(&format!("{name} from cloudfront")), meaning);
            assert_eq!(XCache::from(String::from(meaning.clone())), meaning);
            assert_eq!(XCache::parse(&format!(" {} From CloudFront ", name.to_uppercase())), meaning);
        }
        for other in [
            "Hit",
            "HIT from proxy.example.com",
            "ErrorHit from cloudfront",
            "OriginShieldHit from cloudfront",
            "Hit from cloudfront, Hit from cloudfront",
            "",
        ] {
            assert_eq!(XCache::parse(other), XCache::Unknown(other.to_owned()));
            assert_eq!(XCache::parse(other).is_unknown_of_cloudfront(), other.ends_with("cloudfront"));
        }
    }

    #[test]
    fn a_value_is_shown_as_cloudfront_writes_it() {
        assert_eq!(XCache::parse("refreshhit from CLOUDFRONT").as_str(), "RefreshHit");
        assert_eq!(XCache::parse("TCP_HIT from x").as_str(), "TCP_HIT from x");
        assert!(XCache::parse("LambdaGeneratedResponse from cloudfront").is_generated());
    }
}
