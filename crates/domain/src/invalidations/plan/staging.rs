//! Says which cache of a continuous deployment a plan does not reach, and offers the same items there.
//!
//! Nothing is sent to a staging distribution unasked, because each path costs there too.

use super::{Plan, PlanInput, input::PlanChoice};
use crate::{
    access::Access,
    distributions::{
        continuous_deployment::{StagingPair, StagingTraffic},
        distribution::Distribution,
    },
    id::DistributionId,
    invalidations::intake::{Entry, Reading},
};

/// The staging distribution that the plan of its primary distribution does not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagingOffer {
    pub staging: DistributionId,
    /// Its name as text for people.
    pub name: String,
    /// Which requests get it.
    pub traffic: StagingTraffic,
    /// How many items it would get. Each is billed as on the primary distribution.
    pub items: usize,
    /// Whether the actor may request these items there. If not, it is not offered.
    pub is_allowed: bool,
}

impl StagingOffer {
    /// Which requests get another cache than that of the plan, as a sentence for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let requests = self.traffic.describe();
        let told = format!(
            "{}{} get the staging distribution {}, which has a cache of its own.",
            requests[..1].to_uppercase(),
            &requests[1..],
            self.staging,
        );
        if self.is_allowed { told } else { format!("{told} You may not refresh these items there.") }
    }
}

impl Plan {
    /// Offers the same items on the staging distribution of this pair, if viewers reach that now. An actor who may not see
    /// it is told nothing.
    pub fn offer_staging(&mut self, pair: &StagingPair, staging: &Distribution, access: &Access) {
        let is_reached = pair.policy.enabled && staging.enabled && staging.gone_at.is_none();
        if self.items.is_empty() || !is_reached || !access.sees(&staging.id) {
            return;
        }
        self.staging = Some(StagingOffer {
            staging: staging.id.clone(),
            name: staging.shown_name(),
            traffic: pair.policy.traffic.clone(),
            items: self.items.len(),
            is_allowed: staging.refusal().is_none() && access.may_request(&staging.id, &self.items),
        });
    }

    /// Says how viewers reach the staging distribution that the plan is for. `primary` is `None` if the actor may not see
    /// that one.
    pub fn tell_how_reached(&mut self, pair: &StagingPair, primary: Option<&Distribution>) {
        let told = if pair.policy.enabled {
            let of = primary.map_or_else(String::new, |primary| format!(" to {}", primary.shown_name()));
            format!("It gets {}{of}.", pair.policy.traffic.describe())
        } else {
            "Its continuous deployment policy is disabled, so no viewer reaches it now. Paths that are sent are billed anyway.".to_owned()
        };
        self.warnings.push(told);
    }

    /// The same items for the staging distribution: what is sent here, and nothing else. Each has the number of its line
    /// here.
    #[must_use]
    pub fn input_for_staging(&self) -> PlanInput {
        let entries = self.lines.iter().filter_map(|line| {
            let reading = Reading::AsSent(line.item_to_send()?.clone());
            Some(Entry { number: line.number, typed: line.typed.clone(), reading })
        });
        let choice = PlanChoice { exact: true, is_copy: true, ..PlanChoice::default() };
        PlanInput { entries: entries.collect(), is_text: false, choice }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Granted, Role, Scope, grant_scope::GrantScope},
        distributions::{
            continuous_deployment::tests::pair,
            distribution::tests::{named, sample},
            host_table::HostTable,
        },
        invalidations::{
            batching,
            item::TargetDistribution,
            plan::{LineVerdict, Surroundings},
        },
    };

    fn staging() -> Distribution {
        Distribution { staging: true, ..named("ESTAGING", &[]) }
    }

    fn plan(typed: &str) -> Plan {
        Plan::work_out(typed, &sample(), Surroundings::unmeasured(batching::OURS))
    }

    fn offered(typed: &str, pair: &StagingPair, staging: &Distribution, access: &Access) -> Plan {
        let mut plan = plan(typed);
        let before = plan.clone();
        plan.offer_staging(pair, staging, access);
        assert_eq!(Plan { staging: None, ..plan.clone() }, before, "nothing else changes");
        plan
    }

    fn granted(ids: &[&str], scope: GrantScope) -> Access {
        let distributions = ids.iter().map(|id| DistributionId::from_trusted(*id)).collect();
        Access::new(Role::Operator, Scope::Only(vec![Granted { distributions, scope }]))
    }

    #[test]
    fn the_staging_distribution_of_an_enabled_policy_is_offered_and_not_sent() {
        let pair = pair(sample().id.as_str(), "ESTAGING");
        let whole = Access::whole(Role::Operator);
        let offer = offered("/a\n/b\n/b", &pair, &staging(), &whole).staging.unwrap();
        assert_eq!((offer.staging.as_str(), offer.items, offer.is_allowed), ("ESTAGING", 2, true));
        assert_eq!(
            offer.describe(),
            "Requests with the header aws-cf-cd-test get the staging distribution ESTAGING, which has a cache of its own."
        );
        assert_eq!(offered("", &pair, &staging(), &whole).staging, None, "nothing is sent");
        let mut disabled = pair.clone();
        disabled.policy.enabled = false;
        assert_eq!(offered("/a", &disabled, &staging(), &whole).staging, None);
        let off = Distribution { enabled: false, ..staging() };
        assert_eq!(offered("/a", &pair, &off, &whole).staging, None);
    }

    #[test]
    fn grants_decide_who_is_told_and_who_may() {
        let primary = sample().id;
        let pair = pair(primary.as_str(), "ESTAGING");
        let both = [primary.as_str(), "ESTAGING"];
        let offer = |access: &Access| offered("/docs/a\n/b", &pair, &staging(), access).staging;
        assert!(offer(&granted(&both, GrantScope::whole())).unwrap().is_allowed);
        assert_eq!(offer(&granted(&both[..1], GrantScope::whole())), None, "it is named to nobody else");
        assert_eq!(offer(&Access::nothing()), None);
        let looks = offer(&Access::whole(Role::Viewer)).unwrap();
        assert!(!looks.is_allowed && looks.describe().ends_with("You may not refresh these items there."));
        let mut part = granted(&both[..1], GrantScope::whole());
        part = part.within(granted(&both, GrantScope::whole()));
        assert_eq!(offer(&part), None);
    }

    #[test]
    fn it_gets_what_is_sent_here_and_nothing_else() {
        let primary = {
            let mut primary = sample();
            primary.config = Some(crate::distributions::distribution::DistributionConfig {
                root_object: Some("index.html".to_owned()),
                ..Default::default()
            });
            primary
        };
        let typed = "/index.html\n\n/a b.html\n/img/a.png\n/img/*\n/a%20b.html\n/star%2A\n/a%2520b.html\nhttps://www.example.com/tmp/x";
        let plan = Plan::work_out(typed, &primary, Surroundings::unmeasured(batching::OURS));
        assert!(plan.is_sendable(), "{:?}", plan.lines);
        let (hosts, staging) = (HostTable::default(), staging());
        let on = TargetDistribution::new(&staging, &hosts);
        let access = Access::whole(Role::Operator);
        let staging =
            Plan::within(plan.input_for_staging(), &on, Surroundings::unmeasured(batching::OURS), &access);
        assert_eq!(staging.items, plan.items);
        assert!(
            staging.lines.iter().all(|line| matches!(line.verdict, LineVerdict::Send { .. })),
            "{:?}",
            staging.lines
        );
        let numbers = |plan: &Plan| {
            plan.lines.iter().filter(|l| l.item_to_send().is_some()).map(|l| l.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&staging), numbers(&plan));
    }

    #[test]
    fn a_staging_distribution_says_how_viewers_reach_it() {
        let mut pair = pair(sample().id.as_str(), "ESTAGING");
        let told = |pair: &StagingPair, primary: Option<&Distribution>| {
            let mut plan = Plan::work_out("/a", &staging(), Surroundings::unmeasured(batching::OURS));
            plan.tell_how_reached(pair, primary);
            plan.warnings.join(" ")
        };
        let words = told(&pair, Some(&sample()));
        assert!(words.contains("Viewers reach it only through its primary distribution"), "{words}");
        assert!(words.contains("checks do not see it"), "{words}");
        assert!(words.ends_with("It gets requests with the header aws-cf-cd-test to www.example.com."));
        assert!(told(&pair, None).ends_with("It gets requests with the header aws-cf-cd-test."));
        pair.policy.enabled = false;
        assert!(told(&pair, Some(&sample())).contains("is disabled"));
    }
}
