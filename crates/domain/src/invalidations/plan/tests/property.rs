//! What holds of every plan. `PROPTEST_CASES` sets how many texts are tried; `scripts/torture plan` tries a million.

use proptest::prelude::*;

use super::*;
use crate::distributions::{
    cache_policy::{CachePolicy, InKey},
    delivery::{Behavior, DeliverySettings},
};

/// Lines as people paste them, and parts that make odd ones.
const LINES: [&str; 28] = [
    "/",
    "/*",
    "/index.html",
    "/news/",
    "/news/index.html",
    "/news/*",
    "/news/today.html?page=2",
    "/ne*",
    "/img/[1].png",
    "/img/%5b1%5D.png",
    "/~ada/x.css",
    "/a b/\u{fc}.html",
    "/caf\u{65}\u{301}",
    "/100%25",
    "/100%2525",
    "#release",
    "#Release",
    "styles.css",
    "dist/app.js",
    "./a.html",
    "https://www.example.com/x?y=1",
    "https://other.example.org/x",
    "upload: dist/x y.html to s3://site/x y.html",
    "delete: s3://site/gone.html",
    "M\tdist/app.js",
    ">f..t...... a.html",
    "npm notice created a lockfile",
    "",
];

fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        6 => prop::sample::select(&LINES[..]).prop_map(str::to_owned),
        2 => "/[a-c]{1,2}(/[a-c]{0,2}){0,2}[*?]?",
        1 => "[ -~]{0,30}",
        1 => "\\PC{0,12}",
    ];
    prop::collection::vec(line, 0..16).prop_map(|lines| lines.join("\n"))
}

/// Distributions that differ in what a plan adds and leaves out.
fn distribution() -> impl Strategy<Value = Distribution> {
    let policy =
        (prop::bool::ANY, prop::bool::ANY, prop::option::of(0..2_u64)).prop_map(|(queries, cookies, ttl)| {
            let part = |is_in_key| if is_in_key { InKey::All } else { InKey::Nothing };
            CachePolicy {
                name: "own".to_owned(),
                query_strings: part(queries),
                headers: InKey::Nothing,
                cookies: part(cookies),
                min_ttl: 0,
                default_ttl: None,
                max_ttl: ttl.map(|ttl| ttl * 60),
            }
        });
    let behavior = |pattern: &'static str| {
        (prop::option::of(policy.clone()), prop::option::of(prop::sample::select(&["site.s3.amazonaws.com", "site.s3-website-us-east-1.amazonaws.com", "origin.example.com"][..])))
            .prop_map(move |(own_policy, origin)| Behavior {
                pattern: pattern.to_owned(),
                cache_policy: own_policy.as_ref().map(|_| "own".to_owned()),
                own_policy,
                origin: origin.map(str::to_owned),
                ..Behavior::default()
            })
    };
    (behavior("/news/*"), behavior("*"), prop::bool::ANY, prop::bool::ANY).prop_map(
        |(news, rest, has_root, has_tags)| {
            let delivery = DeliverySettings { behaviors: vec![news, rest], ..DeliverySettings::default() };
            let config = DistributionConfig {
                root_object: has_root.then(|| "index.html".to_owned()),
                tag_header: has_tags.then(|| "Cache-Tag".to_owned()),
                delivery,
                ..DistributionConfig::default()
            };
            Distribution { config: Some(config), ..sample() }
        },
    )
}

fn planned(input: PlanInput, distribution: &Distribution) -> Plan {
    let hosts = HostTable::of_living([distribution]);
    Plan::within(
        input,
        &TargetDistribution::new(distribution, &hosts),
        AROUND,
        &Access::whole(Role::Operator),
    )
}

/// What is asked for in any way, and which of the plan's own additions are left out.
fn input() -> impl Strategy<Value = PlanInput> {
    let name = prop_oneof![
        3 => "(tmp/|/|home/a/dist/|http://|#)?[a-c]{0,2}[,;|'\"`:.*?%$\\\\~ ]{0,2}[a-c]?[,;|'\"`:)}\\\\*?]?",
        1 => "[ -~]{1,20}",
        1 => "\\PC{1,8}",
    ];
    let names = || prop::collection::vec(name.clone(), 1..8);
    let urls = names().prop_map(|names| {
        PlanInput::items(
            &names.iter().map(|name| format!("https://www.example.com/{name}")).collect::<Vec<_>>(),
        )
    });
    let paths = names()
        .prop_map(|names| PlanInput::items(&names.iter().map(|name| format!("/{name}")).collect::<Vec<_>>()));
    let asked = prop_oneof![
        2 => text().prop_map(|text| PlanInput::text(&text)),
        3 => names().prop_map(|names| PlanInput::keys(&names)),
        2 => urls,
        2 => paths,
        1 => names().prop_map(|names| PlanInput::items(&names)),
    ];
    let without = prop::sample::subsequence(&["/", "/index.html", "/news/index.html", "/news/"][..], 0..4);
    (asked, prop::bool::ANY, without)
        .prop_map(|(asked, is_exact, without)| asked.exactly(is_exact).without(&without))
}

/// Whether the wildcard covers the item.
fn covers(wildcard: &Item, item: &Item) -> bool {
    let everything = wildcard.as_str() == "/*";
    wildcard != item
        && wildcard.prefix().is_some_and(|prefix| {
            everything || (!item.is_tag() && item.prefix().unwrap_or(item.as_str()).starts_with(prefix))
        })
}

/// The lines of each JSON document. It is told by its elements, or at its first line where it has none.
fn documents(text: &str) -> Vec<std::ops::RangeInclusive<usize>> {
    let mut found = Vec::new();
    let mut begin = 0;
    for (line, number) in text.split('\n').zip(1..) {
        let from = &text[begin..];
        let mut values = serde_json::Deserializer::from_str(from).into_iter::<serde::de::IgnoredAny>();
        if line.trim_start().starts_with(['{', '[']) && values.next().is_some_and(|value| value.is_ok()) {
            let (document, behind) = from.split_at(values.byte_offset());
            if !behind.lines().next().unwrap_or_default().contains(char::is_alphanumeric) {
                found.push(number..=number + document.matches('\n').count());
            }
        }
        begin += line.len() + 1;
    }
    found
}

proptest! {
    #[test]
    fn what_is_sent_stays_the_same_when_it_is_asked_for_again(text in text(), distribution in distribution()) {
        let first = planned(PlanInput::text(&text), &distribution);
        let items: Vec<&str> = first.items.iter().map(Item::as_str).collect();
        let again = planned(PlanInput::items(&items), &distribution);
        let same: Vec<&str> = again.items.iter().map(Item::as_str).collect();
        // A quotation mark, a comma or the like is a sign of a typing error only at the end of a line. A path may end with
        // one: `/a,` of `/a,?v=1`, where the query string is cut off.
        let is_mark = |error: &ItemError| matches!(error, ItemError::StrayQuote { .. } | ItemError::Closing(_));
        if again.refused().any(|(_, error)| is_mark(error)) {
            return Ok(());
        }
        prop_assert_eq!(items, same);
        prop_assert_eq!(again.refused().count(), 0);
    }

    #[test]
    fn a_repeat_sends_the_same_items(input in input(), distribution in distribution()) {
        let first = planned(input, &distribution).items;
        let plan = |input| planned(input, &distribution);
        let lines = ItemLines::new(&first, plan);
        let is_exact = lines.have_to_be_exact(&first, plan);
        let again = plan(lines.input().exactly(is_exact));
        prop_assert_eq!(again.refused().count(), 0, "{:?}", lines);
        prop_assert_eq!(&again.items, &first, "{:?}", lines);
        // Lines that somebody writes below are read as ever, and those above stay what they are.
        let more = PlanInput::text_with_items(&format!("{}\n/b,", lines.text), &lines.as_sent);
        let more = plan(more.exactly(true));
        prop_assert!(first.iter().all(|item| more.lines.iter().any(|line| line.item() == Some(item))));
        prop_assert_eq!(lines.as_sent.split(' ').any(|item| item == "/b,"), more.refused().count() == 0);
    }

    #[test]
    fn nothing_that_is_sent_covers_or_repeats_another(text in text(), distribution in distribution()) {
        let plan = planned(PlanInput::text(&text), &distribution);
        let mut identities: Vec<_> = plan.items.iter().map(Item::identity).collect();
        identities.sort();
        identities.dedup();
        prop_assert_eq!(identities.len(), plan.items.len());
        for item in &plan.items {
            let wider = plan.items.iter().find(|other| covers(other, item));
            prop_assert!(wider.is_none(), "{wider:?} covers {item}");
        }
    }

    #[test]
    fn only_what_is_covered_or_repeated_is_left_out_where_lines_are_exact(text in text(), distribution in distribution()) {
        let plan = planned(PlanInput::text(&text).exactly(true), &distribution);
        for line in &plan.lines {
            let LineVerdict::Dropped { item: Some(item), why } = &line.verdict else { continue };
            match why {
                Drop::Repeats(_) => prop_assert!(plan.items.iter().any(|sent| sent.identity() == item.identity() || covers(sent, item))),
                Drop::CoveredBy(wildcard) => {
                    prop_assert!(plan.items.contains(wildcard) && covers(wildcard, item), "{wildcard} {item}");
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn lines_keep_their_order_and_none_is_lost(text in text(), distribution in distribution()) {
        let plan = planned(PlanInput::text(&text), &distribution);
        prop_assert!(plan.lines.is_sorted_by_key(|line| line.number));
        let documents = documents(&text);
        let written = text.lines().zip(1..).filter(|(line, _)| !crate::invalidations::item::trimmed(line).is_empty());
        for (line, number) in written {
            let around = documents.iter().find(|lines| lines.contains(&number));
            let is_told = |told: &PlanLine| told.number == number || around.is_some_and(|lines| lines.contains(&told.number));
            prop_assert!(plan.lines.iter().any(is_told), "line {number} is not told: {line:?}");
        }
    }
}
