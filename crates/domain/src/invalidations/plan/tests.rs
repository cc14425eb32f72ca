//! Plans of each kind of line.

mod caching;
mod property;

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
    assert_eq!(plan.cost().unwrap().to_string(), "$0.00");
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
fn what_is_certain_is_added_though_another_line_only_offers_it() {
    assert_eq!(
        sent(&plan("/img/[1].png\n/img/%5b1%5D.png")),
        ["/img/%5B1%5D.png", "/img/%5b1%5D.png", "/img/[1].png"]
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

#[test]
fn the_files_below_a_folder_are_offered_because_its_path_does_not_name_them() {
    let offered = |typed: &str| {
        let below = |line: &PlanLine| match &line.verdict {
            LineVerdict::Offered { item, why: Companion::BelowFolder } => Some(item.to_string()),
            _ => None,
        };
        plan(typed).lines.iter().filter_map(below).collect::<Vec<_>>()
    };
    assert_eq!(offered("/images/"), ["/images/*"]);
    assert_eq!(offered("/images/\n/images/*"), [""; 0], "it is sent already");
    assert_eq!(offered("/images\n/"), [""; 0], "a file, and the home page");
}

#[test]
fn the_index_of_a_folder_is_added_in_the_spelling_of_browsers_too() {
    use crate::distributions::delivery::{Behavior, DeliverySettings};
    let mut distribution = of_buckets();
    let behavior = Behavior {
        pattern: "*".to_owned(),
        origin: Some("site.s3-website-us-east-1.amazonaws.com".to_owned()),
        ..Behavior::default()
    };
    let delivery = DeliverySettings { behaviors: vec![behavior], ..DeliverySettings::default() };
    distribution.config = Some(DistributionConfig { delivery, ..DistributionConfig::default() });
    let plan = Plan::work_out("/%c3%bc/", &distribution, AROUND);
    let wanted = ["/%C3%BC/", "/%C3%BC/index.html", "/%c3%bc/", "/%c3%bc/index.html"];
    assert_eq!(sent(&plan), wanted);
}

#[test]
fn a_star_in_a_name_is_no_wildcard_and_the_plan_says_who_asks_for_it_plain() {
    let hosts = HostTable::default();
    let distribution = sample();
    let target = TargetDistribution::new(&distribution, &hosts);
    let plan = Plan::within(PlanInput::keys(&["a b*.html"]), &target, AROUND, &Access::whole(Role::Operator));
    let verdicts: Vec<_> = plan.lines.iter().map(|line| &line.verdict).collect();
    let [LineVerdict::Send { item, doubts, .. }, LineVerdict::Offered { item: wildcard, why }] = verdicts[..]
    else {
        panic!("{verdicts:?}");
    };
    assert_eq!((item.as_str(), &doubts[..]), ("/a%20b%2A.html", &[Doubt::Star][..]));
    assert_eq!((wildcard.as_str(), *why), ("/a%20b*", Companion::PlainStar));
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
