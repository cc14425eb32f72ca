//! Edge locations that people want asked from the server, and those that gave no answer of their own.

use super::{Answer, Look, LookFailure};

/// The most edge locations that may be set for one distribution.
pub const EDGE_LOCATIONS_MAX: usize = 5;
/// The longest name.
const NAME_MAX: usize = 16;
/// What the domain name of a distribution ends with.
const CLOUDFRONT: &str = ".cloudfront.net";

/// The name of an edge location of CloudFront, as `X-Amz-Cf-Pop` has it: the three letters of an airport, a number, and
/// mostly a dash with a letter and a number, such as `FRA50-C1`. AWS documents no list; names come and go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EdgeLocation(String);

impl EdgeLocation {
    /// Reads a name, in whichever case. `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_uppercase();
        let (airport, rest) = name.split_at_checked(3)?;
        let (number, suffix) =
            rest.split_once('-').map_or((rest, None), |(number, suffix)| (number, Some(suffix)));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_suffix = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_uppercase()) && text.get(1..).is_some_and(is_number)
        };
        let is_name = airport.bytes().all(|byte| byte.is_ascii_uppercase())
            && is_number(number)
            && suffix.is_none_or(is_suffix)
            && name.len() <= NAME_MAX;
        is_name.then_some(Self(name))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that leads to this location, for a distribution with this domain name: `d111.FRA50-C1.cloudfront.net`.
    /// AWS does not document such names; awslabs/aws-cloudfront-extensions uses them (`get_pop_ip`). `None` if the domain
    /// name is not `LABEL.cloudfront.net`.
    #[must_use]
    pub fn host_name(&self, domain_name: &str) -> Option<String> {
        let label = location_label(domain_name)?;
        Some(format!("{label}.{}{CLOUDFRONT}", self.0))
    }

    /// Whether the answer says that it comes from this location. Nothing else is believed.
    #[must_use]
    pub fn gave(&self, answer: &Answer) -> bool {
        answer.pop.as_ref().is_some_and(|pop| pop.eq_ignore_ascii_case(&self.0))
    }
}

/// The first label of `LABEL.cloudfront.net`.
pub(super) fn location_label(domain_name: &str) -> Option<&str> {
    let label = domain_name.strip_suffix(CLOUDFRONT)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!label.is_empty() && label.bytes().all(is_plain)).then_some(label)
}

/// An edge location that was asked for a URL and gave no answer of its own. It counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentLocation {
    pub location: EdgeLocation,
    /// What came in its place: a failure, or the answer of another location.
    pub look: Look,
}

impl SilentLocation {
    /// Why it counts for nothing, in words: `its name has no address`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.look.outcome {
            Ok(Answer { pop: Some(pop), .. }) => format!("{pop} answered in its place"),
            Ok(_) => "the answer names no edge location".to_owned(),
            Err(LookFailure::NameNotResolved) => "its name has no address".to_owned(),
            Err(LookFailure::NotLooked) => "it was not asked".to_owned(),
            Err(failure) => failure.label().to_lowercase().replace("http", "HTTP").replace("tls", "TLS"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn location(text: &str) -> EdgeLocation {
        EdgeLocation::parse(text).unwrap()
    }

    #[test]
    fn a_name_is_as_the_header_has_it() {
        for (text, name) in [
            ("FRA50-C1", "FRA50-C1"),
            (" fra50-c1 ", "FRA50-C1"),
            ("PRG50", "PRG50"),
            ("DXB52-P1", "DXB52-P1"),
            ("IAD89-P10", "IAD89-P10"),
        ] {
            assert_eq!(EdgeLocation::parse(text).unwrap().as_str(), name, "{text}");
        }
        for bad in [
            "",
            "FRA",
            "FR50-C1",
            "FRAN50-C1",
            "FRA-C1",
            "FRA50-",
            "FRA50-C",
            "FRA50-11",
            "FRA50-CC1",
            "FRA50-C1-C1",
            "FRA50 C1",
            "FRA50.C1",
            "FRA50-Ü1",
            "FRÄ50-C1",
            "ÄÖ",
            "FRA50000000000-C1",
            "evil.example/FRA50",
        ] {
            assert_eq!(EdgeLocation::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn its_name_is_below_that_of_the_distribution() {
        let name = |domain: &str| location("fra50-c1").host_name(domain);
        assert_eq!(name("d12345678.cloudfront.net").as_deref(), Some("d12345678.FRA50-C1.cloudfront.net"));
        for other in [
            "",
            "www.example.com",
            "cloudfront.net",
            ".cloudfront.net",
            "a.b.cloudfront.net",
            "d1.cloudfront.cn",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_answers_own_word_counts() {
        let answer =
            |pop: Option<&str>| Answer { status: 200, pop: pop.map(str::to_owned), ..Answer::default() };
        assert!(location("FRA50-C1").gave(&answer(Some("FRA50-C1"))));
        let silent = |outcome| {
            let look = Look { outcome, ..Look::not_made(Timestamp::from_micros(0)) };
            SilentLocation { location: location("FRA50-C1"), look }.describe()
        };
        for other in [Some("FRA50-C2"), Some("FRA50"), None] {
            assert!(!location("FRA50-C1").gave(&answer(other)), "{other:?}");
        }
        assert_eq!(silent(Ok(answer(Some("CDG50-P2")))), "CDG50-P2 answered in its place");
        assert_eq!(silent(Ok(answer(None))), "the answer names no edge location");
        assert_eq!(silent(Err(LookFailure::NameNotResolved)), "its name has no address");
        assert_eq!(silent(Err(LookFailure::ProtocolError)), "connection reset, or no HTTP");
        assert_eq!(silent(Err(LookFailure::TlsFailed)), "TLS failed");
        assert_eq!(silent(Err(LookFailure::NotLooked)), "it was not asked");
    }
}
