//! Plans of each kind of line.

use super::*;
use crate::distributions::distribution::{DistributionConfig, tests::sample};
use crate::distributions::path_mapping::PathMapping;
use crate::id::DistributionId;
use crate::invalidations::intake::{Entry, FileChange, FilePlace, NamedFile, Reading, Tool};
use crate::invalidations::item::Doubt;

const AROUND: Surroundings = Surroundings {
    used_this_month: 612,
    in_flight: Load { paths: 0, wildcards: 0 },
    limits: batching::OURS,
    quotas: Quotas { daily_items: None },
    spent: QuotaUsage { items: 20_000, since: None },
};

fn plan(typed: &str) -> Plan {
    Plan::work_out(typed, &sample(), AROUND)
}

fn sent(plan: &Plan) -> Vec<&str> {
    plan.items.iter().map(Item::as_str).collect()
}

#[test]
fn the_example_of_the_design() {
    let plan =
        plan("https://www.example.com/styles.css\n/images/*\n\n/images/hero.png\n#product:electronics");
    assert_eq!(sent(&plan), ["#product:electronics", "/images/*", "/styles.css"]);
    assert_eq!(plan.billable(), 3);
    assert_eq!(plan.cost().to_string(), "$0.00");
    assert_eq!(plan.lines[2].number, 4);
    let why = Drop::CoveredBy(Item::from_trusted("/images/*"));
    let item = Item::from_trusted("/images/hero.png");
    assert_eq!(plan.lines[2].verdict, LineVerdict::Dropped { item: Some(item), why });
    assert!(plan.is_sendable());
}

#[test]
fn repeats_are_dropped_and_name_the_first() {
    let plan = plan("/a\na\n#Tag\n#tag\n/A");
    assert_eq!(sent(&plan), ["#Tag", "/A", "/a"]);
    let repeats =
        |line: &PlanLine| matches!(line.verdict, LineVerdict::Dropped { why: Drop::Repeats(_), .. });
    assert_eq!(plan.lines.iter().filter(|line| repeats(line)).count(), 2);
}

#[test]
fn one_line_that_names_two_files_of_one_path_sends_it_once() {
    let mappings = [PathMapping::parse("dist", "/").unwrap(), PathMapping::parse("public", "/").unwrap()];
    let (distribution, hosts) = (sample(), HostTable::default());
    let on = TargetDistribution::new(&distribution, &hosts).with_mappings(&mappings);
    let input = PlanInput::text("R100\tdist/x.html\tpublic/x.html");
    let plan = Plan::within(input, &on, AROUND, &Access::whole(Role::Operator));
    assert_eq!(sent(&plan), ["/x.html"]);
    assert!(matches!(plan.lines[1].verdict, LineVerdict::Dropped { why: Drop::Repeats(1), .. }));
}

#[test]
fn names_below_a_mapped_folder_show_that_the_others_are_names_too() {
    let mappings = [PathMapping::parse("dist", "/").unwrap()];
    let (distribution, hosts) = (sample(), HostTable::default());
    let on = TargetDistribution::new(&distribution, &hosts).with_mappings(&mappings);
    let planned = |input| Plan::within(input, &on, AROUND, &Access::whole(Role::Operator));
    let list = planned(PlanInput::text("dist/a%20b.html\nsrc/main.ts\nREADME.md"));
    assert_eq!(sent(&list), ["/a%2520b.html"]);
    let left_out =
        |line: &PlanLine| matches!(line.verdict, LineVerdict::Dropped { why: Drop::NotMapped, .. });
    assert_eq!(list.lines.iter().filter(|line| left_out(line)).count(), 2);
    let star = planned(PlanInput::text("dist/index.html\ndist/star*"));
    assert!(matches!(star.lines[1].verdict, LineVerdict::Refused(_)));
    // With a path or a URL among them, they are typed; one name alone and a list of items are too.
    assert_eq!(
        sent(&planned(PlanInput::text("dist/a.html\nabout.html\n/b"))),
        ["/a.html", "/about.html", "/b"]
    );
    assert_eq!(sent(&planned(PlanInput::text("dist/a%20b.html"))), ["/a%20b.html"]);
    assert_eq!(
        sent(&planned(PlanInput::items(&["dist/a.html", "src/main.ts"]))),
        ["/a.html", "/src/main.ts"]
    );
}

#[test]
fn a_command_for_another_distribution_is_refused_here() {
    let (here, mut other) = (sample(), sample());
    other.id = DistributionId::from_trusted("E9OTHER");
    let hosts = HostTable::of_living([&here, &other]);
    let on = TargetDistribution::new(&here, &hosts);
    let planned = |id: &str| {
        let command = format!("aws cloudfront create-invalidation --distribution-id {id} --paths /a");
        Plan::within(PlanInput::text(&command), &on, AROUND, &Access::whole(Role::Operator))
    };
    let refused = planned("E9OTHER");
    let why = ItemError::ForDistribution { id: "E9OTHER".to_owned() };
    assert_eq!(refused.lines[0].verdict, LineVerdict::Refused(why));
    assert_eq!(sent(&planned(here.id.as_str())), ["/a"]);
    let unknown = planned("EDFDVBD6EXAMPLE");
    assert_eq!(sent(&unknown), ["/a"]);
    assert!(
        matches!(&unknown.lines[0].verdict, LineVerdict::Send { doubts, .. } if doubts == &[Doubt::UnknownDistribution])
    );
}

#[test]
fn files_that_rsync_does_not_tell_enough_about_are_told() {
    let plan = plan(">f.s....... a.html\n>f..t...... b.html\n>f..t...... c.html");
    assert_eq!(sent(&plan), ["/a.html"]);
    assert!(
        plan.warnings.iter().any(|warning| warning.starts_with("2 files are left out")),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn everything_covers_all_else() {
    assert_eq!(sent(&plan("/a*\n#tag\n/*\n/b")), ["/*"]);
}

#[test]
fn a_wildcard_covers_what_begins_with_it_and_no_more() {
    assert_eq!(sent(&plan("/doc*\n/docs/a\n/do")), ["/do", "/doc*"]);
    assert_eq!(sent(&plan("/docs/*\n/docs-old/a\n/docs")), ["/docs", "/docs-old/a", "/docs/*"]);
    assert_eq!(sent(&plan("/a/*\n/a/b*\n/a*")), ["/a*"]);
}

#[test]
fn one_refused_line_holds_back_the_whole_request() {
    let plan = plan("/a\n/b*c");
    assert!(!plan.is_sendable());
    assert_eq!(plan.refused().map(|(line, _)| line.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_line_outside_the_grants_is_refused_and_covers_nothing() {
    use crate::access::{Granted, Scope, grant::parse_grant_scope};
    let scope = parse_grant_scope("/docs/", None, false).unwrap();
    let granted = Granted { distributions: [sample().id].into(), scope };
    let access = Access::new(Role::Operator, Scope::Only(vec![granted]));
    let (distribution, hosts) = (sample(), HostTable::default());
    let plan = Plan::within(
        PlanInput::text("/docs/a\n/*\n/docs*"),
        &TargetDistribution::new(&distribution, &hosts),
        AROUND,
        &access,
    );
    assert_eq!(plan.refused().map(|(line, _)| line.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(sent(&plan), ["/docs/a"], "what is refused covers nothing");
    assert!(!plan.is_sendable());
}

#[test]
fn too_many_lines_are_counted_and_not_sent() {
    let plan = plan(&"/a\n".repeat(LINES_MAX + 1));
    assert_eq!(plan.too_many_lines, Some(LINES_MAX + 1));
    assert!(!plan.is_sendable());
}

#[test]
fn what_would_be_refused_as_too_much_is_said_before() {
    let around = Surroundings { quotas: Quotas { daily_items: Some(20_001) }, ..AROUND };
    let warnings = |typed: &str| Plan::work_out(typed, &sample(), around).warnings;
    assert_eq!(warnings("/a").len(), 0);
    let warnings = warnings("/a\n/b");
    assert!(
        warnings[0].starts_with("It would be refused: one person or token may request 20001"),
        "{warnings:?}"
    );
}

#[test]
fn a_multi_tenant_distribution_takes_nothing() {
    let distribution = Distribution { tenant_only: true, ..sample() };
    let plan = Plan::work_out("/a", &distribution, AROUND);
    assert!(!plan.is_sendable());
    assert!(plan.refusal.is_some_and(|why| why.contains("tenants")));
    assert_eq!(plan.warnings, [plan.refusal.unwrap()]);
}

#[test]
fn nothing_typed_is_not_sendable() {
    assert!(!plan("\n  \n").is_sendable());
}

#[test]
fn the_root_object_is_sent_under_both_paths() {
    let mut distribution = sample();
    let root_object = Some("index.html".to_owned());
    distribution.config = Some(DistributionConfig { root_object, ..DistributionConfig::default() });
    let sent_for = |input: PlanInput| {
        let hosts = HostTable::default();
        let on = TargetDistribution::new(&distribution, &hosts);
        let plan = Plan::within(input, &on, AROUND, &Access::whole(Role::Operator));
        plan.items.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(sent_for(PlanInput::text("/")), ["/", "/index.html"]);
    assert_eq!(sent_for(PlanInput::text("/index.html")), ["/", "/index.html"]);
    assert_eq!(sent_for(PlanInput::text("/\n/index.html")), ["/", "/index.html"]);
    assert_eq!(sent_for(PlanInput::text("/*")), ["/*"]);
    assert_eq!(sent_for(PlanInput::text("/").without(&["/index.html"])), ["/"]);
    assert_eq!(sent_for(PlanInput::text("/").exactly(true)), ["/"]);
}

proptest::proptest! {
    #[test]
    fn what_is_dropped_is_covered_by_what_is_sent(
        typed in proptest::collection::vec("/[ab]{0,3}(/[ab]{0,2})?\\*?", 1..30)
    ) {
        let plan = plan(&typed.join("\n"));
        for line in &plan.lines {
            let LineVerdict::Dropped { item: Some(item), .. } = &line.verdict else { continue };
            let reached = |sent: &Item| sent == item
                || sent.prefix().is_some_and(|p| item.prefix().unwrap_or(item.as_str()).starts_with(p));
            proptest::prop_assert!(plan.items.iter().any(reached), "{item:?} in {plan:?}");
        }
    }
}

/// A distribution with two buckets: the second one below `/app/`, from its folder `releases`.
fn of_buckets() -> Distribution {
    use crate::distributions::delivery::{Behavior, DeliverySettings, OriginAccess, OriginSettings};
    let origin = |domain: &str, path: &str| OriginSettings {
        domain: domain.to_owned(),
        path: path.to_owned(),
        access: OriginAccess::Open,
    };
    let behavior = |pattern: &str, domain: &str, path: &str| Behavior {
        pattern: pattern.to_owned(),
        origin: Some(domain.to_owned()),
        origin_path: path.to_owned(),
        ..Behavior::default()
    };
    let (site, app) = ("site.s3.eu-central-1.amazonaws.com", "app.s3-website.eu-central-1.amazonaws.com");
    let delivery = DeliverySettings {
        behaviors: vec![behavior("/app/*", app, "/releases"), behavior("*", site, "")],
        origins: vec![origin(site, ""), origin(app, "/releases")],
        ..DeliverySettings::default()
    };
    Distribution {
        config: Some(DistributionConfig { delivery, ..DistributionConfig::default() }),
        ..sample()
    }
}

fn of_file(name: &str, place: FilePlace) -> PlanLine {
    let file = NamedFile {
        name: name.to_owned(),
        place,
        change: FileChange::Written,
        tool: Tool::AwsS3,
        note: None,
    };
    let (distribution, hosts) = (of_buckets(), HostTable::default());
    let mappings = [PathMapping::parse("dist", "/").unwrap()];
    let on = TargetDistribution::new(&distribution, &hosts).with_mappings(&mappings);
    PlanLine::read(Entry { number: 1, typed: name.to_owned(), reading: Reading::File(file) }, &on)
}

#[test]
fn keys_are_found_by_the_origin_path_and_the_behaviours() {
    let bucket = |name: &str| FilePlace::Bucket(name.to_owned());
    let path = |name: &str, place: FilePlace| match of_file(name, place).verdict {
        LineVerdict::Send { item, .. } => item.to_string(),
        LineVerdict::Dropped { why, .. } => format!("{why:?}"),
        other => format!("{other:?}"),
    };
    assert_eq!(path("100% cotton.html", bucket("site")), "/100%25%20cotton.html");
    assert_eq!(path("what?*.html", bucket("site")), "/what%3F%2A.html");
    assert_eq!(path("app/x.js", bucket("site")), "NotServed", "another behaviour answers there");
    assert_eq!(path("releases/app/x.js", bucket("app")), "/app/x.js");
    assert_eq!(path("releases/x.js", bucket("app")), "NotServed");
    assert_eq!(path("app/x.js", bucket("app")), "NotServed");
    assert!(path("x", bucket("other")).contains("OtherBucket"));
    assert_eq!(path("dist/it's [1].html", FilePlace::Local), "/it's%20[1].html");
    assert_eq!(path("src/main.rs", FilePlace::Local), "NotMapped");
}

#[test]
fn what_would_change_nothing_is_not_sent_unless_somebody_insists() {
    use crate::distributions::delivery::{Behavior, DeliverySettings};
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
    use crate::distributions::delivery::{Behavior, DeliverySettings};
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
fn plan_by_policy(typed: &str, behavior: crate::distributions::delivery::Behavior, exact: bool) -> Plan {
    use crate::distributions::delivery::{Behavior, DeliverySettings};
    let behaviors = vec![Behavior { pattern: "*".to_owned(), ..behavior }];
    let delivery = DeliverySettings { behaviors, ..DeliverySettings::default() };
    let config = Some(DistributionConfig { delivery, ..DistributionConfig::default() });
    let (distribution, hosts) = (Distribution { config, ..sample() }, HostTable::default());
    let on = TargetDistribution::new(&distribution, &hosts);
    Plan::within(PlanInput::text(typed).exactly(exact), &on, AROUND, &Access::whole(Role::Operator))
}

#[test]
fn a_query_string_that_is_not_in_the_cache_key_is_cut() {
    use crate::distributions::delivery::Behavior;
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
    use crate::distributions::{
        cache_policy::{CachePolicy, InKey},
        delivery::Behavior,
    };
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

#[test]
fn what_may_belong_to_an_item_is_offered_and_not_sent() {
    let plan = plan("/img[1].png");
    assert_eq!(sent(&plan), ["/img[1].png"]);
    let offered = plan.lines.iter().filter_map(|line| match &line.verdict {
        LineVerdict::Offered { item, why } => Some((item.as_str(), *why)),
        _ => None,
    });
    assert_eq!(offered.collect::<Vec<_>>(), [("/img%5B1%5D.png", Companion::MoreEncoded)]);
}

proptest::proptest! {
    #[test]
    fn a_plan_of_what_a_plan_sends_is_the_same(
        typed in proptest::collection::vec("/[a%é\\[ ']{0,4}(/[a+]{0,2}|/index\\.html)?\\*?", 1..20)
    ) {
        let mut distribution = of_buckets();
        if let Some(config) = &mut distribution.config {
            config.root_object = Some("index.html".to_owned());
        }
        let first = Plan::work_out(&typed.join("\n"), &distribution, AROUND);
        let again = Plan::work_out(
            &first.items.iter().map(Item::as_str).collect::<Vec<_>>().join("\n"), &distribution, AROUND,
        );
        proptest::prop_assert_eq!(first.items, again.items);
    }
}
