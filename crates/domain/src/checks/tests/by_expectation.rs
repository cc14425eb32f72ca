//! What people expect: a body, texts, or nothing at all.

use super::*;

fn old() -> Seen {
    seen(-1, "old").age(3_600)
}

#[test]
fn an_expected_body_decides() {
    let cut = |answer: &mut Answer| answer.body = Some(BodyDigest::of(b"ne", false));
    check(vec![
        ("it is there", case(old(), seen(60, "new").x_cache("Miss")).body("new"), "fresh"),
        ("it was there before", case(None, seen(60, "new").age(3_661)).body("new"), "fresh"),
        ("no invalidation", case(None, seen(60, "new")).body("new").no_invalidation(), "fresh"),
        ("an old one", case(old(), seen(60, "old").age(3_661)).body("new"), "stale old_at_edge"),
        (
            "the origin's is old",
            case(old(), seen(60, "old").age(30)).body("new"),
            "unchanged origin_unchanged",
        ),
        ("old before completion", case(old(), seen(9, "old").age(3_610)).body("new"), "unclear too_early"),
        ("a third", case(old(), seen(60, "third").age(30)).body("new"), "unclear other_body"),
        ("a third without Age", case(old(), seen(60, "third")).body("new"), "unclear other_body"),
        ("sent too early", case(old(), seen(1, "new").took(3)).body("new"), "unclear too_early"),
        (
            "a body that was cut is not compared with the expected one",
            case(old(), seen(60, "").age(30).with(cut)).body("new"),
            "unclear nothing_to_compare",
        ),
    ]);
}

#[test]
fn texts_decide_where_age_does_not() {
    check(vec![
        ("the text is new", case(old().text(false), seen(60, "new").x_cache("Miss").text(true)), "fresh"),
        (
            "the text is new, and a cache behind had it",
            case(old().text(false), seen(60, "new").age(900).text(true)),
            "fresh",
        ),
        (
            "the forbidden text is gone",
            case(old().forbidden(true), seen(60, "new").forbidden(false)),
            "fresh",
        ),
        ("in both, without Age", case(old().text(true), seen(60, "new").text(true)), "unclear no_age"),
        (
            "in both, and old",
            case(old().text(true), seen(60, "old").age(3_661).text(true)),
            "stale old_at_edge",
        ),
        ("nothing known of before", case(None, seen(60, "new").text(true)), "fresh"),
        (
            "nothing known of before, and old",
            case(None, seen(60, "a").age(99).text(true)),
            "stale old_at_edge",
        ),
        ("set since, the same page", case(old(), seen(60, "old").text(true)), "unclear no_age"),
        ("only a forbidden text", case(None, seen(60, "new").forbidden(false)), "unclear no_age"),
        ("missing", case(old(), seen(60, "new").age(30).text(false)), "broken text_missing"),
        ("missing, and old", case(old(), seen(60, "old").age(3_661).text(false)), "stale old_at_edge"),
        ("missing before completion", case(old(), seen(9, "old").text(false)), "unclear too_early"),
        ("forbidden", case(old(), seen(60, "new").text(true).forbidden(true)), "broken text_forbidden"),
        (
            "a check without an invalidation",
            case(None, seen(60, "new").text(true)).no_invalidation(),
            "fresh",
        ),
        (
            "missing, without an invalidation",
            case(None, seen(60, "new").text(false)).no_invalidation(),
            "broken text_missing",
        ),
        (
            "only the text tells the two apart",
            case(old().no_body().text(false), seen(60, "").no_body().age(900).text(true)),
            "fresh",
        ),
    ]);
}

#[test]
fn what_was_taken_down_must_be_gone() {
    let gone = |after| case(old(), after).expected(ExpectedContent::Gone);
    let answers = |status| gone(seen(60, "").status(status).x_cache("Error"));
    check(vec![
        ("404", answers(404), "fresh"),
        ("410", answers(410), "fresh"),
        ("403", answers(403), "fresh"),
        ("gone before anything was asked", gone(seen(1, "").status(404).took(2)), "unclear too_early"),
        ("another error", answers(503), "broken"),
        ("no answer", gone(failed(60, LookFailure::AnswerTimeout)), "broken"),
        ("an old copy", gone(seen(60, "old").age(3_661)), "stale old_at_edge"),
        ("an old redirect", gone(seen(60, "").status(302).age(3_661)), "stale old_at_edge"),
        ("a copy since", gone(seen(60, "old").age(30)), "broken not_gone"),
        ("without Age", gone(seen(60, "old").x_cache("Miss")), "broken not_gone"),
        ("a redirect", gone(seen(60, "").status(302).x_cache("Miss")), "broken not_gone"),
        ("before completion", gone(seen(9, "old").x_cache("Miss")), "unclear too_early"),
        ("hidden by an error page", gone(seen(60, "index").x_cache("Error")), "unclear error_page_served"),
        ("to HTTPS", gone(seen(60, "").status(301).x_cache("Redirect")), "unclear redirect_to_https"),
    ]);
}
