//! The ways to name a distribution: its ID, its ARN, a host that it serves, or a URL.

use super::{distribution::Distribution, host::HostName, host_table::HostTable};
use crate::id::DistributionId;

/// The longest text that names a distribution, in bytes. It leaves room for a pasted URL.
pub const REFERENCE_MAX: usize = 2_048;

/// A parsed name of a distribution, before the lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistributionReference {
    Id(DistributionId),
    /// `arn:aws:cloudfront::ACCOUNT:distribution/ID`
    Arn {
        account: String,
        id: DistributionId,
    },
    /// Its domain name, an alias, a name that a wildcard alias matches, or the host of a URL.
    Host(HostName),
}

/// Why a text cannot be the name of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    #[error("Name a distribution: its ID, its ARN, a domain name or alias, or a URL that it serves")]
    Empty,
    #[error("The name of the distribution is longer than {REFERENCE_MAX} bytes")]
    TooLong,
    #[error(
        "The ARN is not that of a distribution; one looks like arn:aws:cloudfront::ACCOUNT:distribution/ID"
    )]
    OtherArn,
    #[error("The URL of the distribution has a user name or password; leave that part out")]
    Credentials,
    #[error(
        "The name of the distribution is neither an ID such as E2QWRUHAPOMQZL nor an ARN, a host name or a URL of http or https"
    )]
    Unreadable,
}

/// Why the lookup found no distribution, or more than one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    #[error(transparent)]
    Unread(#[from] ReferenceError),
    #[error("There is no distribution with the ID {0}")]
    Id(DistributionId),
    #[error("There is no distribution with the ID {id} in the account {account}")]
    Arn { account: String, id: DistributionId },
    #[error("No distribution has {0} as its domain name or alias")]
    Host(HostName),
    #[error("{name} is a name of {}; write the ID of one", candidates.join(" and "))]
    Ambiguous { name: String, candidates: Vec<String> },
}

impl DistributionReference {
    /// Parses what a person or a program wrote.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() > REFERENCE_MAX {
            return Err(ReferenceError::TooLong);
        }
        if text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("arn:")) {
            return arn(text).ok_or(ReferenceError::OtherArn);
        }
        let (schemed, rest) = after_scheme(text)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if authority.contains('@') {
            return Err(ReferenceError::Credentials);
        }
        // A word without a dot, such as `E2QWRUHAPOMQZL/`, is an ID, not a host.
        if !schemed && tail.trim_matches('/').is_empty() {
            let bare = authority.strip_suffix('.').unwrap_or(authority);
            if let Some(id) = DistributionId::parse(bare) {
                return Ok(Self::Id(id));
            }
        }
        let host = HostName::of_authority(authority).filter(|host| schemed || host.as_str().contains('.'));
        let host = host.ok_or(ReferenceError::Unreadable)?;
        Ok(in_the_console(&host, tail).map_or(Self::Host(host), Self::Id))
    }

    /// Finds the distribution among `all`. `sees` says which ones the actor may see; a hidden one is not found. If
    /// a hidden distribution serves the host, a visible one with a less specific alias is not returned in its
    /// place, because viewers of that host do not reach it.
    pub fn find<'a>(
        &self,
        all: &'a [Distribution],
        sees: impl Fn(&DistributionId) -> bool,
    ) -> Result<&'a Distribution, NotFound> {
        let seen = || all.iter().filter(|distribution| sees(&distribution.id));
        match self {
            Self::Id(id) => by_id(seen, id).ok_or_else(|| NotFound::Id(id.clone())),
            Self::Arn { account, id } => by_id(seen, id)
                // The account is empty if the ARN was not read yet. Then the ID alone decides.
                .filter(|distribution| distribution.account() == account || distribution.account().is_empty())
                .ok_or_else(|| NotFound::Arn { account: account.clone(), id: id.clone() }),
            Self::Host(host) => {
                let table = HostTable::of_living(all);
                let owners = table.served_by(host);
                let found: Vec<_> = seen().filter(|distribution| owners.contains(&distribution.id)).collect();
                match found.as_slice() {
                    [] => Err(NotFound::Host(host.clone())),
                    [one] => Ok(one),
                    many => Err(NotFound::Ambiguous {
                        name: host.to_string(),
                        candidates: many.iter().map(|distribution| distribution.id.to_string()).collect(),
                    }),
                }
            }
        }
    }
}

/// Parses a text and finds the distribution that it names.
pub fn find_named<'a>(
    text: &str,
    all: &'a [Distribution],
    sees: impl Fn(&DistributionId) -> bool,
) -> Result<&'a Distribution, NotFound> {
    DistributionReference::parse(text)?.find(all, sees)
}

/// Finds an ID. CloudFront's IDs are in capitals. If no ID is equal, one that differs only in case is accepted,
/// provided that it is the only one.
fn by_id<'a, I: Iterator<Item = &'a Distribution>>(
    seen: impl Fn() -> I,
    id: &DistributionId,
) -> Option<&'a Distribution> {
    let exact = seen().find(|distribution| distribution.id == *id);
    let mut alike = seen().filter(|distribution| distribution.id.as_str().eq_ignore_ascii_case(id.as_str()));
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none()))
}

fn arn(text: &str) -> Option<DistributionReference> {
    let mut parts = text.splitn(6, ':').skip(2);
    let service = parts.next()?;
    let _region = parts.next()?;
    let account = parts.next()?;
    let id = parts.next()?.strip_prefix("distribution/")?.trim_end_matches('/');
    let id = DistributionId::parse(id).filter(|_| service.eq_ignore_ascii_case("cloudfront"))?;
    Some(DistributionReference::Arn { account: account.to_owned(), id })
}

/// Whether the text begins with a scheme or `//`, and the rest. `Err` for a scheme other than `http` and `https`.
fn after_scheme(text: &str) -> Result<(bool, &str), ReferenceError> {
    if let Some(rest) = text.strip_prefix("//") {
        return Ok((true, rest));
    }
    match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#', '.']) => {
            let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            if known { Ok((true, rest)) } else { Err(ReferenceError::Unreadable) }
        }
        _ => Ok((false, text)),
    }
}

/// The ID in the URL of a page of the AWS console, such as
/// `https://us-east-1.console.aws.amazon.com/cloudfront/v4/home#/distributions/ID`.
fn in_the_console(host: &HostName, tail: &str) -> Option<DistributionId> {
    let host = host.as_str();
    if host != "console.aws.amazon.com" && !host.ends_with(".console.aws.amazon.com") {
        return None;
    }
    let (_, id) = tail.split_once("/distributions/")?;
    DistributionId::parse(id.split(['/', '?', '#']).next().unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{distributions::distribution::tests::named, time::Timestamp};

    fn distributions() -> Vec<Distribution> {
        vec![
            named("E1WIDE", &["*.example.com"]),
            named("E2EXACT", &["a.apps.example.com", "xn--bcher-kva.example"]),
            named("E3TWICE", &["two.example.org"]),
            named("E4TWICE", &["two.example.org"]),
            Distribution {
                gone_at: Some(Timestamp::from_micros(1)),
                ..named("E5GONE", &["old.example.org"])
            },
        ]
    }

    fn found(text: &str) -> Result<String, String> {
        let found =
            find_named(text, &distributions(), |_| true).map(|distribution| distribution.id.to_string());
        found.map_err(|error| error.to_string())
    }

    #[test]
    fn each_way_of_naming_one_finds_it() {
        for (text, id) in [
            ("E2EXACT", "E2EXACT"),
            (" E2EXACT ", "E2EXACT"),
            ("E2EXACT/", "E2EXACT"),
            ("E2EXACT.", "E2EXACT"),
            ("e2exact", "E2EXACT"),
            ("E5GONE", "E5GONE"),
            ("arn:aws:cloudfront::123456789012:distribution/E2EXACT", "E2EXACT"),
            ("arn:aws-cn:cloudfront::123456789012:distribution/E2EXACT/", "E2EXACT"),
            ("a.apps.example.com", "E2EXACT"),
            ("A.Apps.Example.COM.", "E2EXACT"),
            ("a.apps.example.com:443", "E2EXACT"),
            ("https://a.apps.example.com/x?y#z", "E2EXACT"),
            ("https://a.apps.example.com:8443/", "E2EXACT"),
            ("//a.apps.example.com", "E2EXACT"),
            ("a.apps.example.com/", "E2EXACT"),
            ("a.apps.example.com./", "E2EXACT"),
            ("bücher.example", "E2EXACT"),
            ("https://BÜCHER\u{3002}example/x", "E2EXACT"),
            ("de2exact.cloudfront.net", "E2EXACT"),
            ("anything.at.all.example.com", "E1WIDE"),
            ("*.example.com", "E1WIDE"),
            (
                "https://us-east-1.console.aws.amazon.com/cloudfront/v4/home?region=x#/distributions/E1WIDE",
                "E1WIDE",
            ),
            (
                "https://console.aws.amazon.com/cloudfront/v3/home#/distributions/E1WIDE/invalidations",
                "E1WIDE",
            ),
        ] {
            assert_eq!(found(text), Ok(id.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_not_found_says_why() {
        for (text, why) in [
            ("", "Name a distribution"),
            ("E9NONE", "There is no distribution with the ID E9NONE"),
            ("arn:aws:cloudfront::999999999999:distribution/E2EXACT", "in the account 999999999999"),
            ("arn:aws:s3:::bucket", "not that of a distribution"),
            ("arn:aws:cloudfront::123456789012:function/E2EXACT", "not that of a distribution"),
            ("example.com", "No distribution has example.com as its domain name or alias"),
            ("old.example.org", "No distribution has old.example.org"),
            ("two.example.org", "two.example.org is a name of E3TWICE and E4TWICE; write the ID of one"),
            ("https://me:word@a.apps.example.com/", "user name or password"),
            ("s3://bucket", "neither an ID such as"),
            ("two words", "neither an ID such as"),
            ("E1/../x", "neither an ID such as"),
            (&"x".repeat(3_000), "longer than"),
        ] {
            assert!(found(text).unwrap_err().contains(why), "{text}: {:?}", found(text));
        }
        assert!(!found("https://me:word@x.example/").unwrap_err().contains("word@"));
    }

    #[test]
    fn what_is_hidden_is_as_if_it_were_not_there_and_nothing_else_stands_in_for_it() {
        let distributions = distributions();
        let sees = |id: &DistributionId| !["E2EXACT", "E3TWICE"].contains(&id.as_str());
        let find = |text: &str| {
            find_named(text, &distributions, sees).map(|distribution| distribution.id.to_string())
        };
        assert!(find("a.apps.example.com").is_err(), "its viewers do not get the wildcard's");
        assert!(find("E2EXACT").is_err());
        assert_eq!(find("two.example.org").unwrap(), "E4TWICE");
    }
}
