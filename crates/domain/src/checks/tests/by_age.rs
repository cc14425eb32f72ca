//! What `Age` proves, with and without a look before.

use super::*;

/// The old copy, as it was seen 1 s before acceptance, cached an hour before.
fn old() -> Seen {
    seen(-1, "old").age(3_600)
}

#[test]
fn age_and_content_decide_together() {
    check(vec![
        ("a new copy", case(old(), seen(60, "new").age(30)), "fresh"),
        ("the same, fetched since", case(old(), seen(60, "old").age(30)), "unchanged origin_unchanged"),
        ("the old copy", case(old(), seen(60, "old").age(3_661)), "stale old_at_edge"),
        ("old, and nothing to compare", case(None, seen(60, "old").age(3_661)), "stale old_at_edge"),
        ("new or not", case(None, seen(60, "new").age(30)), "unclear nothing_to_compare"),
        (
            "no common fingerprint",
            case(old(), seen(60, "new").no_body().age(30)),
            "unclear nothing_to_compare",
        ),
        ("other, of a cache behind", case(old(), seen(60, "new").age(3_000)), "unclear cache_behind"),
        (
            "a failed look before is none",
            case(failed(-1, LookFailure::AnswerTimeout), seen(60, "new").age(9)),
            "unclear nothing_to_compare",
        ),
        ("missing before", case(seen(-1, "").status(404), seen(60, "new").age(30)), "fresh"),
        (
            "the same in another encoding",
            case(old(), seen(60, "packed").with(|answer| answer.encoding = Some("gzip".to_owned())).age(30)),
            "unclear nothing_to_compare",
        ),
        ("a 304 to a plain GET", case(old(), seen(60, "").status(304).age(30)), "unclear contradiction"),
        (
            "a word of another cache",
            case(old(), seen(60, "new").with(|a| a.x_cache = Some(XCache::parse("TCP_MISS"))).age(30)),
            "fresh",
        ),
        (
            "an edge that counts seconds at its own turn of the second",
            case(old(), seen(60, "new").age(59)),
            "unclear age_too_near",
        ),
        ("cached just before", case(old(), seen(60, "old").age(62)), "unclear age_too_near"),
        ("cached some seconds before", case(old(), seen(60, "old").age(63)), "stale old_at_edge"),
        (
            "the answer took so long that both may be",
            case(old(), seen(60, "new").age(40).took(30)),
            "unclear age_too_near",
        ),
        ("a wrong age", case(old(), seen(60, "old").age(u64::MAX)), "unclear contradiction"),
    ]);
}

#[test]
fn the_time_of_a_look_matters() {
    check(vec![
        ("sent before acceptance", case(old(), seen(5, "new").age(0).took(6)), "unclear too_early"),
        ("old before completion", case(old(), seen(10, "old").age(3_611)), "unclear too_early"),
        (
            "old, sent before completion and answered after it",
            case(old(), seen(21, "old").age(3_622).took(2)),
            "unclear too_early",
        ),
        (
            "old while completion was not seen",
            case(old(), seen(900, "old").age(4_501)).not_completed(),
            "unclear too_early",
        ),
        ("new before completion", case(old(), seen(10, "new").age(3)).not_completed(), "fresh"),
        ("no invalidation", case(old(), seen(60, "new").age(3)).no_invalidation(), "unclear no_invalidation"),
        (
            "a look before that came too late proves no change",
            case(seen(5, "old").age(1), seen(60, "new").age(3)),
            "unclear nothing_to_compare",
        ),
        (
            "a late look before that shows an old copy",
            case(seen(5, "old").age(3_600), seen(60, "new").age(3)),
            "fresh",
        ),
    ]);
}

#[test]
fn date_is_never_counted_with_age() {
    check(vec![
        (
            "a cache that keeps the origin's Date",
            case(old().date(-3_601), seen(60, "new").age(40).date(20)),
            "fresh",
        ),
        (
            "a cache that writes a new Date",
            case(old().date(-1), seen(60, "old").age(3_661).date(60)),
            "stale old_at_edge",
        ),
        (
            "fetched since, from an origin whose clock is 40 s behind",
            case(old().date(-3_641), seen(30, "old").age(45).date(-15)),
            "unclear age_too_near",
        ),
        (
            "the same, and the cache's clock is 30 s ahead of ours",
            case(old().date(-3_631), seen(30, "old").age(65).date(-5)),
            "unclear age_too_near",
        ),
        (
            "the stored answer of before, by its Date",
            case(seen(-1, "old").age(19).date(-20), seen(30, "old").age(50).date(-20)),
            "stale old_at_edge",
        ),
        (
            "the stored answer of before, by its Age",
            case(seen(-1, "old").age(19).date(-1), seen(30, "old").age(50).date(30)),
            "stale old_at_edge",
        ),
        (
            "fetched for the look before, or just since",
            case(seen(-1, "old").age(2).date(-3), seen(30, "old").age(33).date(-3)),
            "unclear age_too_near",
        ),
    ]);
}

#[test]
fn an_old_copy_has_a_likely_cause() {
    let stale = || seen(60, "old").age(3_661);
    let hosts = |hosts: &'static [&'static str]| {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        move |configuration: &mut EdgeConfiguration| configuration.hosts = Some(hosts)
    };
    let varnish = |answer: &mut Answer| answer.other_cache = Some("Varnish".to_owned());
    check(vec![
        (
            "the host is another distribution's",
            case(old(), stale()).configured(hosts(&["d1.cloudfront.net"])),
            "stale other_distribution",
        ),
        (
            "the host is its own, by a wildcard",
            case(old(), stale()).configured(hosts(&["d1.cloudfront.net", "*.example.com"])),
            "stale old_at_edge",
        ),
        ("a cache that names itself", case(old(), stale().with(varnish)), "stale cache_in_front"),
        ("an Age without CloudFront", case(old(), stale().elsewhere()), "stale cache_in_front"),
        (
            "a cache that names itself, behind",
            case(old(), stale().with(varnish).with(|answer| answer.is_cache_behind = true)),
            "stale cache_behind",
        ),
        (
            "CloudFront had no copy, and another cache had",
            case(old(), stale().x_cache("Miss")),
            "stale cache_behind",
        ),
    ]);
}

#[test]
fn a_redirect_is_its_status_and_target() {
    let redirect = |seconds, to: &str| seen(seconds, "").status(301).location(to);
    check(vec![
        (
            "another target",
            case(redirect(-1, "/a").age(3_600), redirect(60, "/b").age(30).x_cache("Miss")),
            "fresh",
        ),
        ("the same", case(redirect(-1, "/a"), redirect(60, "/a").age(30)), "unchanged origin_unchanged"),
        ("an old one", case(redirect(-1, "/a"), redirect(60, "/a").age(3_600)), "stale old_at_edge"),
        (
            "without Age",
            case(redirect(-1, "/a"), redirect(60, "/b").x_cache("Miss").text(false)),
            "unclear redirected",
        ),
        (
            "to HTTPS",
            case(redirect(-1, "/a"), redirect(60, "/b").x_cache("Redirect")),
            "unclear redirect_to_https",
        ),
    ]);
}
