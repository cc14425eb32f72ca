//! Plans by what a distribution keeps in its cache, and under which key.

use super::*;
use crate::distributions::{
    cache_policy::{CachePolicy, InKey},
    delivery::{Behavior, DeliverySettings},
};

#[test]
fn what_would_change_nothing_is_not_sent_unless_somebody_insists() {
    let behavior = |pattern: &str, max_ttl: Option<u64>| Behavior {
        pattern: pattern.to_owned(),
        max_ttl,
        ..Behavior::default()
    };
    let delivery = DeliverySettings {
        behaviors: vec![behavior("/api/*", Some(0)), behavior("*", Some(60))],
        ..DeliverySettings::default()
    };
    let config = Some(DistributionConfig { delivery, ..DistributionConfig::default() });
    let (distribution, hosts) = (Distribution { config, ..sample() }, HostTable::default());
    let on = TargetDistribution::new(&distribution, &hosts);
    let plan = |exact: bool| {
        let input = PlanInput::items(&["/api/students?x", "#tag", "/a", "/api/*"]).exactly(exact);
        let plan = Plan::within(input, &on, AROUND, &Access::whole(Role::Operator));
        plan.items.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(plan(false), ["/a", "/api/*"]);
    assert_eq!(plan(true), ["#tag", "/a", "/api/*"], "what a wildcard covers is never sent twice");
}

#[test]
fn where_nothing_is_cached_it_is_said_and_sent_unless_a_policy_disables_caching() {
    let plan = |behavior: Behavior| {
        let behaviors = vec![Behavior { pattern: "*".to_owned(), ..behavior }];
        let delivery = DeliverySettings { behaviors, ..DeliverySettings::default() };
        let config = Some(DistributionConfig { delivery, ..DistributionConfig::default() });
        Plan::work_out("/a\n/b/*", &Distribution { config, ..sample() }, AROUND)
    };
    let unknown = plan(Behavior { max_ttl: Some(0), ..Behavior::default() });
    assert_eq!(sent(&unknown), ["/a", "/b/*"]);
    let doubts = |line: &PlanLine| matches!(&line.verdict, LineVerdict::Send { doubts, .. } if doubts == &[Doubt::CachesNothing]);
    assert!(unknown.lines.iter().all(doubts), "{:?}", unknown.lines);
    let disabled = Some("4135ea2d-6df8-44a3-9df3-4b5a84be39ad".to_owned());
    assert_eq!(sent(&plan(Behavior { cache_policy: disabled, ..Behavior::default() })), [""; 0]);
}

/// The plan on a distribution whose only behaviour has this policy.
fn plan_by_policy(typed: &str, behavior: Behavior, exact: bool) -> Plan {
    let behaviors = vec![Behavior { pattern: "*".to_owned(), ..behavior }];
    let delivery = DeliverySettings { behaviors, ..DeliverySettings::default() };
    let config = Some(DistributionConfig { delivery, ..DistributionConfig::default() });
    let (distribution, hosts) = (Distribution { config, ..sample() }, HostTable::default());
    let on = TargetDistribution::new(&distribution, &hosts);
    Plan::within(PlanInput::text(typed).exactly(exact), &on, AROUND, &Access::whole(Role::Operator))
}

#[test]
fn a_query_string_that_is_not_in_the_cache_key_is_cut() {
    let typed = "/q.html?utm=1\n/q.html?utm=2\n/q.html?x*";
    // CachingOptimized
    let optimized = || Some("658327ea-f89d-4fab-a63d-7e88639e58f6".to_owned());
    let policy =
        |exact| plan_by_policy(typed, Behavior { cache_policy: optimized(), ..Behavior::default() }, exact);
    assert_eq!(sent(&policy(false)), ["/q.html", "/q.html?x*"]);
    assert_eq!(sent(&policy(true)), ["/q.html?utm=1", "/q.html?utm=2", "/q.html?x*"]);
    let doubtful = |line: &PlanLine| matches!(&line.verdict, LineVerdict::Send { doubts, .. } if doubts == &[Doubt::QueryNotInKey]);
    assert!(policy(true).lines.iter().all(doubtful));
    let unknown = plan_by_policy(typed, Behavior::default(), false);
    assert_eq!(sent(&unknown), ["/q.html?utm=1", "/q.html?utm=2", "/q.html?x*"]);
}

#[test]
fn an_own_cache_policy_says_what_belongs_to_an_item() {
    let policy = CachePolicy {
        name: "own".to_owned(),
        query_strings: InKey::Listed,
        headers: InKey::Nothing,
        cookies: InKey::All,
        min_ttl: 0,
        default_ttl: Some(60),
        max_ttl: Some(600),
    };
    let plan = |policy: &CachePolicy| {
        let behavior = Behavior {
            cache_policy: Some("own".to_owned()),
            own_policy: Some(policy.clone()),
            ..Behavior::default()
        };
        plan_by_policy("/a", behavior, false)
    };
    let found = plan(&policy);
    let offered = found.lines.iter().filter_map(|line| match &line.verdict {
        LineVerdict::Offered { item, .. } => Some(item.as_str()),
        _ => None,
    });
    assert_eq!(offered.collect::<Vec<_>>(), ["/a*"]);
    assert!(
        matches!(&found.lines[0].verdict, LineVerdict::Send { doubts, .. } if doubts == &[Doubt::AllVariants])
    );
    let bare =
        plan(&CachePolicy { query_strings: InKey::Nothing, cookies: InKey::Nothing, ..policy.clone() });
    assert!(
        matches!(&bare.lines[..], [line] if matches!(&line.verdict, LineVerdict::Send { doubts, .. } if doubts.is_empty()))
    );
    let uncached = plan(&CachePolicy { cookies: InKey::Nothing, max_ttl: Some(0), ..policy });
    assert!(
        matches!(&uncached.lines[0].verdict, LineVerdict::Send { doubts, .. } if doubts == &[Doubt::CachesNothing])
    );
}
