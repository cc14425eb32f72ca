//! A distribution as sync read it from CloudFront, and which hosts it answers for.

use super::host;
use crate::{id::DistributionId, time::Timestamp};

/// What is known of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    pub id: DistributionId,
    /// `arn:aws:cloudfront::ACCOUNT:distribution/ID`
    pub arn: String,
    /// `d….cloudfront.net`
    pub domain_name: String,
    /// Alternate domain names; one may begin with `*.`.
    pub aliases: Vec<String>,
    pub comment: String,
    pub enabled: bool,
    /// `Deployed` or `InProgress`, as CloudFront says it.
    pub status: String,
    /// A staging distribution has a cache of its own.
    pub staging: bool,
    /// A multi-tenant distribution: it serves through its distribution tenants only.
    pub tenant_only: bool,
    pub origins: Vec<String>,
    /// `None` until the distribution's configuration was read.
    pub config: Option<DistributionConfig>,
    pub last_modified: Timestamp,
    /// When CloudFront last named it.
    pub seen_at: Timestamp,
    /// Set once CloudFront no longer names it.
    pub gone_at: Option<Timestamp>,
}

/// Where one stands in a list by IDs in which those that are gone come last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPosition {
    pub gone: bool,
    pub id: DistributionId,
}

impl ListPosition {
    #[must_use]
    pub fn of(distribution: &Distribution) -> Self {
        Self { gone: distribution.gone_at.is_some(), id: distribution.id.clone() }
    }

    /// As it stands in an address: an ID, with a tilde before it, which no ID has, where that one is gone.
    #[must_use]
    pub fn in_address(&self) -> String {
        format!("{}{}", if self.gone { "~" } else { "" }, self.id)
    }

    /// Reads what [`ListPosition::in_address`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = text.strip_prefix('~');
        Some(Self { gone: id.is_some(), id: DistributionId::parse(id.unwrap_or(text))? })
    }
}

/// What only `GetDistributionConfig` tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DistributionConfig {
    pub root_object: Option<String>,
    /// The response header that carries cache tags; without one, tags do nothing.
    pub tag_header: Option<String>,
    /// Whether query strings are part of the cache key; `None` where a cache policy decides.
    pub query_strings: Option<bool>,
}

/// Whether a distribution serves viewers now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistributionReadiness {
    Ready,
    Deploying,
    Disabled,
    /// It is a template: viewers get what its distribution tenants serve.
    TenantOnly,
    Gone,
}

/// Why nothing is sent to a multi-tenant distribution.
pub const TENANT_ONLY: &str = "This distribution serves only through distribution tenants. AWS does not document what an invalidation of the template itself clears, so Unstale does not send any to it. Invalidate for the tenant with CreateInvalidationForDistributionTenant.";

impl DistributionReadiness {
    /// As it is written in `data-state`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "completed",
            Self::Deploying => "in_progress",
            Self::Disabled | Self::TenantOnly => "queued",
            Self::Gone => "failed",
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ready => "Enabled, deployed",
            Self::Deploying => "Enabled, deploying",
            Self::Disabled => "Disabled",
            Self::TenantOnly => "Multi-tenant",
            Self::Gone => "No longer in CloudFront",
        }
    }

    /// What a person should know before they invalidate here.
    #[must_use]
    pub const fn warning(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::Deploying => Some(
                "This distribution is still deploying, which takes 5 to 15 minutes. Some edges may serve its earlier settings until then.",
            ),
            Self::Disabled => Some(
                "This distribution is disabled. Viewers get nothing from it, and the paths are billed all the same.",
            ),
            Self::TenantOnly => Some(TENANT_ONLY),
            Self::Gone => {
                Some("CloudFront no longer lists this distribution. A request will most likely be refused.")
            }
        }
    }
}

impl Distribution {
    /// The name that people know it by: its first alias, else its comment, else its domain.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.aliases.first() {
            Some(alias) => alias,
            None if !self.comment.is_empty() => &self.comment,
            None => &self.domain_name,
        }
    }

    /// The AWS account, read from the ARN; empty where the ARN has none.
    #[must_use]
    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    #[must_use]
    pub fn readiness(&self) -> DistributionReadiness {
        if self.gone_at.is_some() {
            DistributionReadiness::Gone
        } else if self.tenant_only {
            DistributionReadiness::TenantOnly
        } else if !self.enabled {
            DistributionReadiness::Disabled
        } else if self.status == "Deployed" {
            DistributionReadiness::Ready
        } else {
            DistributionReadiness::Deploying
        }
    }

    /// Why no request is taken for it; `None` where one is.
    #[must_use]
    pub const fn refusal(&self) -> Option<&'static str> {
        if self.tenant_only { Some(TENANT_ONLY) } else { None }
    }

    /// Its own names: CloudFront's and its aliases. An alias may begin with `*.`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().chain([&self.domain_name]).map(String::as_str)
    }

    /// Does every word stand in a name of its own, its comment or its ID? The words are in lower case.
    #[must_use]
    pub fn is_found_by(&self, words: &[String]) -> bool {
        let text = self.search_text();
        words.iter().all(|word| text.contains(word))
    }

    /// The hosts it answers for, as a person reads them.
    #[must_use]
    pub fn hosts(&self) -> String {
        self.names().map(host::shown).collect::<Vec<_>>().join(", ")
    }

    /// Its name as a person reads it, in Unicode too where that is another spelling.
    #[must_use]
    pub fn shown_name(&self) -> String {
        self.aliases.first().map_or_else(|| self.name().to_owned(), |alias| host::shown(alias))
    }

    /// What it is found by when one types: its ID, its comment, and its names in ASCII and in Unicode; in lower case.
    #[must_use]
    pub fn search_text(&self) -> String {
        format!("{} {} {}", self.id, self.comment, self.hosts()).to_lowercase()
    }

    /// The account-unique name of a distribution for IAM, also where the ARN was not read yet.
    #[must_use]
    pub fn arn_or_guess(&self) -> String {
        if self.arn.is_empty() {
            format!("arn:aws:cloudfront::ACCOUNT_ID:distribution/{}", self.id)
        } else {
            self.arn.clone()
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::distributions::{host::HostName, host_table::HostTable};

    #[must_use]
    pub fn sample() -> Distribution {
        Distribution {
            id: DistributionId::from_trusted("E2QWRUHAPOMQZL"),
            arn: "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL".to_owned(),
            domain_name: "d12345678.cloudfront.net".to_owned(),
            aliases: vec!["www.example.com".to_owned(), "*.preview.example.com".to_owned()],
            comment: "StudentWebsiteDistribution".to_owned(),
            enabled: true,
            status: "Deployed".to_owned(),
            staging: false,
            tenant_only: false,
            origins: Vec::new(),
            config: None,
            last_modified: Timestamp::from_micros(0),
            seen_at: Timestamp::from_micros(0),
            gone_at: None,
        }
    }

    /// One with this ID, these aliases and a domain of its own.
    #[must_use]
    pub fn named(id: &str, aliases: &[&str]) -> Distribution {
        Distribution {
            id: DistributionId::from_trusted(id),
            arn: format!("arn:aws:cloudfront::123456789012:distribution/{id}"),
            domain_name: format!("d{}.cloudfront.net", id.to_lowercase()),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            ..sample()
        }
    }

    #[test]
    fn it_answers_for_its_domain_and_its_aliases_only() {
        let distribution = sample();
        let hosts = HostTable::of([&distribution]);
        let serves = |host: &str| hosts.knows(&HostName::parse(host).unwrap());
        for host in [
            "www.example.com",
            "WWW.Example.com.",
            "d12345678.cloudfront.net",
            "a.preview.example.com",
            "b.a.preview.example.com",
        ] {
            assert!(serves(host), "{host}");
        }
        for host in ["example.com", "preview.example.com", "evilwww.example.com", "d1.cloudfront.net"] {
            assert!(!serves(host), "{host}");
        }
    }

    #[test]
    fn one_is_found_by_all_words_in_any_of_its_names() {
        let found =
            |words: &str| sample().is_found_by(&words.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(found("e2qw example student") && found("d12345678.cloudfront.net"));
        assert!(!found("www nobody"));
        assert!(sample().is_found_by(&[]));
    }

    #[test]
    fn a_place_reads_back() {
        let here = ListPosition::of(&sample());
        let gone = ListPosition { gone: true, ..here.clone() };
        for place in [here, gone] {
            assert_eq!(ListPosition::parse(&place.in_address()), Some(place));
        }
        assert_eq!(ListPosition::parse("~~E1"), None);
        assert_eq!(ListPosition::parse(""), None);
    }

    #[test]
    fn the_account_stands_in_the_arn() {
        assert_eq!(sample().account(), "123456789012");
    }

    #[test]
    fn a_status_other_than_deployed_is_not_ready() {
        let mut distribution = sample();
        distribution.status = "Frobbing".to_owned();
        assert_eq!(distribution.readiness(), DistributionReadiness::Deploying);
        distribution.enabled = false;
        assert_eq!(distribution.readiness(), DistributionReadiness::Disabled);
        distribution.tenant_only = true;
        assert_eq!(distribution.readiness(), DistributionReadiness::TenantOnly);
        assert!(distribution.refusal().is_some());
    }
}
