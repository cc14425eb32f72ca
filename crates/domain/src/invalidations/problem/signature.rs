//! Reads AWS's messages about a signature. AWS returns the same codes for a wrong clock, a wrong region and a wrong
//! secret; only the message tells them apart.

use std::time::Duration;

use super::ProblemKind;
use crate::time::{Timestamp, span_in_words};

/// The largest difference between a request's time and AWS's clock that AWS accepts (Signature Version 4, IAM user
/// guide).
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// The codes with which AWS refuses a signature. They differ between services.
const CODES: [&str; 6] = [
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidSignature",
    "AuthFailure",
    "IncompleteSignature",
    "AuthorizationHeaderMalformed",
];

/// The texts before the two times that [`note`] adds.
const AWS_CLOCK: &str = "AWS's clock ";
const OUR_CLOCK: &str = ", this server's ";

/// The kind of problem of a refused signature. `None` if the code is another one.
#[must_use]
pub fn kind(code: &str, message: &str) -> Option<ProblemKind> {
    if !CODES.contains(&code) {
        return None;
    }
    let text = message.to_lowercase();
    let skewed =
        ["signature expired", "signature not yet current", "date in credential scope does not match"];
    let skewed = skewed.iter().any(|words| text.contains(words));
    let scope = [
        "scoped to a valid region",
        "scoped to correct service",
        "scoped to a correct service",
        "is wrong; expecting",
    ];
    Some(if skewed || Skew::noted(message).is_some() {
        ProblemKind::ClockSkew
    } else if scope.iter().any(|words| text.contains(words)) {
        ProblemKind::WrongScope
    } else {
        ProblemKind::BadCredentials
    })
}

/// How much this server's clock differs from AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// This server's clock is behind AWS's.
    Behind(Duration),
    /// This server's clock is ahead of AWS's.
    Ahead(Duration),
}

impl Skew {
    #[must_use]
    pub fn between(ours: Timestamp, aws: Timestamp) -> Self {
        if ours < aws { Self::Behind(aws.since(ours)) } else { Self::Ahead(ours.since(aws)) }
    }

    #[must_use]
    pub const fn span(self) -> Duration {
        match self {
            Self::Behind(span) | Self::Ahead(span) => span,
        }
    }

    /// Reads the difference from the times that [`note`] added, or else from those in AWS's message. `None` if
    /// there are none.
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        Self::noted(message).or_else(|| Self::told(message))
    }

    fn noted(message: &str) -> Option<Self> {
        let (_, times) = message.rsplit_once(AWS_CLOCK)?;
        let (aws, ours) = times.split_once(OUR_CLOCK)?;
        Some(Self::between(Timestamp::parse(ours.trim_end_matches(')'))?, Timestamp::parse(aws)?))
    }

    /// Reads AWS's message, which is `Signature expired: OURS is now earlier than LIMIT (AWS's - 5 min.)` or
    /// `Signature not yet current: OURS is still later than LIMIT (AWS's + 5 min.)`. The text in parentheses may be
    /// missing.
    fn told(message: &str) -> Option<Self> {
        let times: Vec<Timestamp> = message
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() == 16 && word.ends_with('Z'))
            .filter_map(Timestamp::parse)
            .collect();
        match times.as_slice() {
            // The third time is AWS's clock. If it is missing, it follows from the limit and the tolerance.
            [ours, _, aws, ..] => Some(Self::between(*ours, *aws)),
            [ours, limit] if ours < limit => Some(Self::between(*ours, limit.plus(TOLERANCE))),
            [ours, limit] => Some(Self::between(*ours, limit.minus(TOLERANCE))),
            _ => None,
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Behind(span) => format!("{} behind AWS's", span_in_words(span)),
            Self::Ahead(span) => format!("{} ahead of AWS's", span_in_words(span)),
        }
    }
}

/// AWS's message with the times of both clocks, for messages that have no times.
#[must_use]
pub fn note(message: &str, aws: Timestamp, ours: Timestamp) -> String {
    format!("{message} ({AWS_CLOCK}{aws}{OUR_CLOCK}{ours})")
}

/// The advice for requests that expire before AWS receives them, although the clocks agree.
pub(super) const LATE: &str = "This server's clock and AWS's agree now, so the request was held up on its way, or the clock was set since. If it goes on, look for what is slow between this server and AWS, such as a proxy. Unstale continues automatically within a minute.";

/// The advice for a clock that is wrong.
#[must_use]
pub fn clock_advice(message: &str) -> String {
    let skew = Skew::read(message);
    if skew.is_some_and(|skew| skew.span() < TOLERANCE) {
        return LATE.to_owned();
    }
    let how =
        skew.map_or_else(|| "is too far from AWS's".to_owned(), |skew| format!("is {}", skew.describe()));
    format!(
        "This server's clock {how}. AWS accepts requests whose time is within five minutes of its own. Set the clock, best with NTP; Unstale continues automatically within a minute."
    )
}

/// The advice for a region or a service that AWS does not accept.
#[must_use]
pub fn scope_advice(message: &str) -> String {
    const ELSE: &str = "The calls go to an address that is not CloudFront's: check AWS_ENDPOINT_URL_CLOUDFRONT and AWS_ENDPOINT_URL. Then restart Unstale; what is queued stays queued.";
    let text = message.to_lowercase();
    if !text.contains("valid region") && !text.contains("the region '") {
        return ELSE.to_owned();
    }
    let named = message.split_once("not '").or_else(|| message.split_once("region '"));
    let named = named.and_then(|(_, rest)| rest.split_once('\''));
    let region = named.map_or_else(String::new, |(region, _)| format!(" {region}"));
    format!(
        "Requests are signed for the region{region}, which CloudFront does not accept. Set AWS_REGION=us-east-1 (in China cn-northwest-1), or correct the region of the profile; check AWS_ENDPOINT_URL_CLOUDFRONT too if it is set. Then restart Unstale; what is queued stays queued."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRED: &str = "Signature expired: 20261128T070000Z is now earlier than 20261128T081500Z (20261128T082000Z - 5 min.)";
    const EARLY: &str = "Signature not yet current: 20261128T093000Z is still later than 20261128T083500Z (20261128T083000Z + 5 min.)";
    const REGION: &str = "Credential should be scoped to a valid region, not 'eu-north-9'. ";

    #[test]
    fn a_wrong_clock_is_no_wrong_key() {
        for code in CODES {
            assert_eq!(kind(code, EXPIRED), Some(ProblemKind::ClockSkew));
            assert_eq!(kind(code, EARLY), Some(ProblemKind::ClockSkew));
            assert_eq!(kind(code, REGION), Some(ProblemKind::WrongScope));
            let other = "The request signature we calculated does not match the signature you provided.";
            assert_eq!(kind(code, other), Some(ProblemKind::BadCredentials));
        }
        let midnight = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261128' != '20261127', from '20261127T235959Z'.";
        assert_eq!(kind("SignatureDoesNotMatch", midnight), Some(ProblemKind::ClockSkew));
        assert_eq!(kind("AccessDenied", EXPIRED), None);
    }

    #[test]
    fn it_is_said_by_how_much() {
        assert_eq!(Skew::read(EXPIRED), Some(Skew::Behind(Duration::from_mins(80))));
        assert_eq!(Skew::read(EARLY), Some(Skew::Ahead(Duration::from_hours(1))));
        let (short, _) = EXPIRED.split_once(" (").unwrap();
        assert_eq!(Skew::read(short), Some(Skew::Behind(Duration::from_mins(80))));
        let at = |text| Timestamp::parse(text).unwrap();
        let noted = note("too skewed", at("2026-11-28T08:00:00Z"), at("2026-11-28T10:00:00Z"));
        assert_eq!(Skew::read(&noted), Some(Skew::Ahead(Duration::from_hours(2))));
        assert_eq!(Skew::read("no times at all"), None);
        assert!(clock_advice(EXPIRED).contains("is 80 min behind AWS's"), "{}", clock_advice(EXPIRED));
        assert!(clock_advice("").contains("is too far from AWS's"));
        let agree = note("expired", at("2026-11-28T08:00:00Z"), at("2026-11-28T08:00:01Z"));
        assert!(clock_advice(&agree).contains("agree now"), "{}", clock_advice(&agree));
    }

    #[test]
    fn the_region_is_named() {
        assert!(scope_advice(REGION).contains("the region eu-north-9,"));
        let expecting =
            "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'";
        assert_eq!(kind("AuthorizationHeaderMalformed", expecting), Some(ProblemKind::WrongScope));
        assert!(scope_advice(expecting).contains("the region eu-west-1,"));
        assert!(
            scope_advice("Credential should be scoped to correct service: 'sts'.")
                .contains("AWS_ENDPOINT_URL")
        );
    }
}
