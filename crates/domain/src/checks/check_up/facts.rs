//! What the rules of a check-up are given.

use super::{
    super::{EdgeConfiguration, OriginKind, bucket_of},
    seen::CheckUpLooks,
};
use crate::{
    checks::Answer,
    distributions::{
        delivery::{DeliverySettings, OriginAccess},
        distribution::{Distribution, DistributionConfig},
    },
};

/// What is known of a distribution.
pub(super) struct Facts<'a> {
    pub distribution: &'a Distribution,
    /// `None` until the sync has read it.
    pub config: Option<&'a DistributionConfig>,
    /// `None` if its behaviours are not known.
    pub delivery: Option<&'a DeliverySettings>,
    pub looks: Option<&'a CheckUpLooks>,
    /// For the words of commands.
    pub filling: EdgeConfiguration,
}

/// One origin that is a bucket.
pub(super) struct Bucket<'a> {
    pub domain: &'a str,
    pub kind: OriginKind,
    /// `None` if it is not known.
    pub access: Option<&'a OriginAccess>,
}

impl<'a> Facts<'a> {
    pub fn new(distribution: &'a Distribution, looks: Option<&'a CheckUpLooks>) -> Self {
        let config = distribution.config.as_ref();
        let account = distribution.account();
        let filling = EdgeConfiguration {
            distribution: Some(distribution.id.to_string()),
            account: (!account.is_empty()).then(|| account.to_owned()),
            hosts: Some(distribution.names().map(str::to_owned).collect()),
            ..EdgeConfiguration::default()
        };
        Self {
            distribution,
            config,
            delivery: config.map(|config| &config.delivery).filter(|delivery| !delivery.behaviors.is_empty()),
            looks,
            filling,
        }
    }

    /// The same with a bucket, for the words of commands.
    pub fn filled_for(&self, domain: &str) -> EdgeConfiguration {
        EdgeConfiguration { bucket: bucket_of(domain).map(str::to_owned), ..self.filling.clone() }
    }

    /// The origins that are buckets, by S3's API or as a website.
    pub fn buckets(&self) -> Vec<Bucket<'a>> {
        let read = self.delivery.map(|delivery| &delivery.origins[..]).unwrap_or_default();
        let listed = self.distribution.origins.iter().map(|domain| {
            let settings = read.iter().find(|origin| origin.domain == *domain);
            (domain.as_str(), settings.map(|origin| &origin.access))
        });
        let buckets = listed.filter_map(|(domain, access)| {
            let kind = OriginKind::of(domain);
            matches!(kind, OriginKind::S3 | OriginKind::S3Website).then_some(Bucket { domain, kind, access })
        });
        buckets.collect()
    }

    /// The domain name of the origin of paths for which no other behaviour is. `None` if it is not known, or a group.
    pub fn default_origin(&self) -> Option<&'a str> {
        match (self.delivery.and_then(|delivery| delivery.behaviors.last()), &self.distribution.origins[..]) {
            (Some(behavior), _) => behavior.origin.as_deref(),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The default root object. `None` if it is not known, `Some("")` if none is set.
    pub fn root_object(&self) -> Option<&'a str> {
        self.config.map(|config| config.root_object.as_deref().unwrap_or_default())
    }

    /// What the root answered by HTTPS.
    pub fn page(&self) -> Option<&'a Answer> {
        self.looks?.page.as_ref()?.answer()
    }
}

/// At most `max` of these texts as a list in words, and how many more there are.
pub(super) fn listed<T: AsRef<str>>(texts: &[T], max: usize) -> String {
    let shown = texts.iter().take(max).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(max) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A text from outside, bounded and in one line.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect()
}

/// The longest text from outside that is repeated, in characters.
const SHOWN_MAX: usize = 200;
