//! A distribution as the sync read it from CloudFront, and the hosts that it serves.

use serde::{Deserialize, Serialize};

use super::{delivery::DeliverySettings, flat_rate_plan::FlatRatePlan, host, traffic::Traffic};
use crate::{id::DistributionId, time::Timestamp};

/// What Unstale knows about a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    pub id: DistributionId,
    /// `arn:aws:cloudfront::ACCOUNT:distribution/ID`. May be empty.
    pub arn: String,
    /// The domain name that CloudFront gave, `d….cloudfront.net`.
    pub domain_name: String,
    /// Alternate domain names; one may begin with `*.`.
    pub aliases: Vec<String>,
    pub comment: String,
    pub enabled: bool,
    /// CloudFront's own word: `Deployed` or `InProgress`.
    pub status: String,
    /// Whether it is a staging distribution. Its cache is separate from the cache of the primary distribution.
    pub staging: bool,
    /// Whether it is a multi-tenant distribution. Viewers reach it only through its distribution tenants.
    pub tenant_only: bool,
    pub origins: Vec<String>,
    /// `None` until the sync has read the distribution's configuration.
    pub config: Option<DistributionConfig>,
    /// `None` if CloudWatch was not asked or did not tell.
    pub traffic: Option<Traffic>,
    /// The flat-rate plan that it is on. `None` if it is on none, or if that is not known.
    pub flat_rate_plan: Option<FlatRatePlan>,
    pub last_modified: Timestamp,
    /// When CloudFront last listed it.
    pub seen_at: Timestamp,
    /// When the sync found that CloudFront no longer lists it. `None` while CloudFront lists it.
    pub gone_at: Option<Timestamp>,
}

/// A position in the list of distributions. The list is sorted by ID, with the distributions that are gone at the
/// end.
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

    /// The position as text for a URL: the ID, after a `~` if the distribution is gone. No ID contains `~`.
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

/// The settings that only `GetDistributionConfig` returns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DistributionConfig {
    pub root_object: Option<String>,
    /// The response header with the cache tags. If `None`, an invalidation by tag has no effect.
    pub tag_header: Option<String>,
    /// Whether query strings are part of the cache key. `None` if a cache policy decides that.
    pub query_strings: Option<bool>,
    pub delivery: DeliverySettings,
}

impl DistributionConfig {
    /// Whether query strings are part of the cache key of this path. `None` if that is not known.
    #[must_use]
    pub fn keys_query_strings(&self, path: &str) -> Option<bool> {
        let bare = path.split('?').next().unwrap_or(path);
        let Some(behavior) = self.delivery.behavior_of(bare) else { return self.query_strings };
        let by_default = || self.query_strings.filter(|_| behavior.pattern == "*");
        behavior.keys_query_strings().or_else(by_default)
    }
}

/// Whether a distribution serves viewers now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistributionReadiness {
    Ready,
    Deploying,
    Disabled,
    /// A multi-tenant distribution. It is only a template; viewers use its distribution tenants.
    TenantOnly,
    Gone,
}

/// Why Unstale sends nothing to a multi-tenant distribution, as a message for people.
pub const TENANT_ONLY: &str = "This distribution serves only through distribution tenants. AWS does not document what an invalidation of the template itself clears, so Unstale does not send any to it. Invalidate for the tenant with CreateInvalidationForDistributionTenant.";

impl DistributionReadiness {
    /// The value of the `data-state` attribute on pages.
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

    /// What a person should know before they request an invalidation here.
    #[must_use]
    pub const fn warning(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::Deploying => Some(
                "This distribution is still deploying, which takes 5 to 15 minutes. Some edges may serve its earlier settings until then.",
            ),
            Self::Disabled => Some(
                "This distribution is disabled. Viewers get nothing from it, and the paths are billed anyway.",
            ),
            Self::TenantOnly => Some(TENANT_ONLY),
            Self::Gone => {
                Some("CloudFront no longer lists this distribution. A request will most likely be refused.")
            }
        }
    }
}

impl Distribution {
    /// The name that pages show: the first alias, or else the comment, or else the domain name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.aliases.first() {
            Some(alias) => alias,
            None if !self.comment.is_empty() => &self.comment,
            None => &self.domain_name,
        }
    }

    /// The ID of the AWS account, from the ARN. Empty if the ARN is not known.
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

    /// Why Unstale accepts no request for this distribution. `None` if it accepts requests.
    #[must_use]
    pub const fn refusal(&self) -> Option<&'static str> {
        if self.tenant_only { Some(TENANT_ONLY) } else { None }
    }

    /// Whether viewers, and so looks, reach it at a host of its own.
    #[must_use]
    pub fn has_host(&self) -> bool {
        let is_served = match self.readiness() {
            DistributionReadiness::Ready
            | DistributionReadiness::Deploying
            | DistributionReadiness::Disabled => true,
            DistributionReadiness::TenantOnly | DistributionReadiness::Gone => false,
        };
        is_served && !self.staging
    }

    /// The aliases and the domain name that CloudFront gave. An alias may begin with `*.`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().chain([&self.domain_name]).map(String::as_str)
    }

    /// Whether [`Distribution::search_text`] contains every word. The words must be in lower case.
    #[must_use]
    pub fn is_found_by(&self, words: &[String]) -> bool {
        let text = self.search_text();
        words.iter().all(|word| text.contains(word))
    }

    /// The host names that it serves, as text for people.
    #[must_use]
    pub fn hosts(&self) -> String {
        self.names().map(host::shown).collect::<Vec<_>>().join(", ")
    }

    /// The name as text for people. An internationalized alias is also shown in Unicode.
    #[must_use]
    pub fn shown_name(&self) -> String {
        self.aliases.first().map_or_else(|| self.name().to_owned(), |alias| host::shown(alias))
    }

    /// The text that a search looks in: the ID, the comment, and the host names in ASCII and in Unicode. In lower
    /// case.
    #[must_use]
    pub fn search_text(&self) -> String {
        format!("{} {} {}", self.id, self.comment, self.hosts()).to_lowercase()
    }

    /// The ARN. If it is not known yet, an ARN with the placeholder `ACCOUNT_ID`, for a policy that a person
    /// completes.
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
            traffic: None,
            flat_rate_plan: None,
            gone_at: None,
        }
    }

    /// A sample distribution with this ID, these aliases and its own domain name.
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
