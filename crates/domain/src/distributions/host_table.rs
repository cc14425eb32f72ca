//! Which distribution serves which host.

use std::collections::{HashMap, HashSet};

use super::{distribution::Distribution, host::HostName};
use crate::id::DistributionId;

/// The hosts of some distributions. For each host it finds the distribution with the most specific name.
///
/// A wildcard alias matches any number of labels: `*.example.com` also matches `marketing.product-name.example.com`
/// (developer guide, alternate-domain-names-wildcard). If the names of two distributions overlap, CloudFront uses
/// the one with the more specific name, even if the DNS points to the other (developer guide, CNAMEs, restrictions
/// on using alternate domain names): an exact alias before a wildcard, a longer wildcard before a shorter one.
#[derive(Debug, Clone, Default)]
pub struct HostTable {
    exact: HashMap<String, Vec<DistributionId>>,
    /// The key is the part after `*.`.
    wildcards: HashMap<String, Vec<DistributionId>>,
    /// The distributions that may be named to the actor.
    distributions: HashSet<DistributionId>,
}

impl HostTable {
    /// The hosts of all these distributions.
    #[must_use]
    pub fn of<'a>(distributions: impl IntoIterator<Item = &'a Distribution>) -> Self {
        let mut table = Self::default();
        for distribution in distributions {
            table.distributions.insert(distribution.id.clone());
            for name in distribution.names() {
                table.add(&HostName::of_alias(name), &distribution.id);
            }
        }
        table
    }

    fn add(&mut self, name: &HostName, id: &DistributionId) {
        let (names, name) = match name.as_str().strip_prefix("*.") {
            Some(below) => (&mut self.wildcards, below),
            None => (&mut self.exact, name.as_str()),
        };
        names.entry(name.to_owned()).or_default().push(id.clone());
    }

    /// The table for an actor who may see only some distributions: all hosts of the visible distributions that
    /// CloudFront still lists. A name of a hidden distribution is included only if a name of a visible distribution
    /// matches it too. Viewers of that host reach the hidden distribution, so a request must not be sent to the
    /// visible one. Other names of hidden distributions are left out, so that the actor cannot find out that they
    /// exist.
    #[must_use]
    pub fn of_seen(distributions: &[Distribution], sees: impl Fn(&DistributionId) -> bool) -> Self {
        let living = || distributions.iter().filter(|distribution| distribution.gone_at.is_none());
        let mut table = Self::of(living().filter(|distribution| sees(&distribution.id)));
        let seen = table.clone();
        for distribution in living().filter(|distribution| !sees(&distribution.id)) {
            let names = distribution.names().map(HostName::of_alias);
            names.filter(|name| seen.knows(name)).for_each(|name| table.add(&name, &distribution.id));
        }
        table
    }

    /// The hosts of the distributions that CloudFront still lists. Viewers cannot reach the others.
    #[must_use]
    pub fn of_living<'a>(distributions: impl IntoIterator<Item = &'a Distribution>) -> Self {
        Self::of(distributions.into_iter().filter(|distribution| distribution.gone_at.is_none()))
    }

    /// The distributions that serve this host with the most specific name. There can be more than one if an alias
    /// was moved to another distribution and the sync has not read both again yet.
    #[must_use]
    pub fn served_by(&self, host: &HostName) -> &[DistributionId] {
        if let Some(owners) = self.exact.get(host.as_str()) {
            return owners;
        }
        let mut rest = host.as_str();
        // Each step removes the first label, so the longest wildcard is found first.
        while let Some((_, below)) = rest.split_once('.') {
            if let Some(owners) = self.wildcards.get(below) {
                return owners;
            }
            rest = below;
        }
        &[]
    }

    /// Whether this distribution is in the table, and not hidden from the actor.
    #[must_use]
    pub fn has_distribution(&self, id: &DistributionId) -> bool {
        self.distributions.contains(id)
    }

    /// Whether any distribution in the table serves this host.
    #[must_use]
    pub fn knows(&self, host: &HostName) -> bool {
        !self.served_by(host).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{distributions::distribution::tests::named, time::Timestamp};

    fn owners(table: &HostTable, host: &str) -> Vec<String> {
        let owners = table.served_by(&HostName::parse(host).unwrap());
        owners.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_more_specific_name_wins() {
        let distributions = [
            named("WIDE", &["*.example.com"]),
            named("APPS", &["*.apps.example.com"]),
            named("ONE", &["a.apps.example.com", "xn--bcher-kva.example"]),
        ];
        for (order, table) in [
            ("as listed", HostTable::of(&distributions)),
            ("turned round", HostTable::of(distributions.iter().rev())),
        ] {
            for (host, owner) in [
                ("a.apps.example.com", vec!["ONE"]),
                ("A.Apps.Example.com", vec!["ONE"]),
                ("b.apps.example.com", vec!["APPS"]),
                ("x.a.apps.example.com", vec!["APPS"]),
                ("apps.example.com", vec!["WIDE"]),
                ("www.example.com", vec!["WIDE"]),
                ("*.apps.example.com", vec!["APPS"]),
                ("done.cloudfront.net", vec!["ONE"]),
                ("bücher.example", vec!["ONE"]),
                ("example.com", vec![]),
                ("evilexample.com", vec![]),
            ] {
                assert_eq!(owners(&table, host), owner, "{host}, {order}");
            }
        }
    }

    #[test]
    fn of_what_is_hidden_only_names_under_those_that_are_seen_are_known() {
        let distributions = [
            named("WIDE", &["*.example.com"]),
            named("HIDDEN", &["a.example.com", "*.b.example.com", "blog.kunde.de", "*.kunde.de"]),
            named("OTHER", &["x.y.kunde.de"]),
        ];
        let table = HostTable::of_seen(&distributions, |id| id.as_str() != "HIDDEN");
        for (host, owner) in [
            ("a.example.com", vec!["HIDDEN"]),
            ("x.b.example.com", vec!["HIDDEN"]),
            ("c.example.com", vec!["WIDE"]),
            ("x.y.kunde.de", vec!["OTHER"]),
            ("blog.kunde.de", vec![]),
            ("blog2.kunde.de", vec![]),
            ("dhidden.cloudfront.net", vec![]),
        ] {
            assert_eq!(owners(&table, host), owner, "{host}");
        }
    }

    #[test]
    fn what_is_gone_serves_nobody() {
        let gone = Distribution {
            gone_at: Some(Timestamp::from_micros(1)),
            ..named("ONE", &["a.apps.example.com"])
        };
        let distributions = [named("APPS", &["*.apps.example.com"]), gone];
        assert_eq!(owners(&HostTable::of_living(&distributions), "a.apps.example.com"), ["APPS"]);
        assert_eq!(owners(&HostTable::of(&distributions), "a.apps.example.com"), ["ONE"]);
    }
}
