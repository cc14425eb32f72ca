//! Answers that prove less than they seem to.

use super::{super::CustomErrorResponse, *};

fn old() -> Seen {
    seen(-1, "old").age(3_600)
}

#[test]
fn without_age_nothing_is_proved() {
    let no_store = |answer: &mut Answer| answer.forbids_caching = true;
    check(vec![
        ("a miss with other content", case(old(), seen(60, "new").x_cache("Miss")), "unclear no_age"),
        ("a miss with the same", case(old(), seen(60, "old").x_cache("Miss")), "unclear no_age"),
        ("a hit", case(old(), seen(60, "new")), "unclear no_age"),
        ("never cached", case(old(), seen(60, "new").x_cache("Miss").with(no_store)), "unclear never_cached"),
        ("not CloudFront", case(old(), seen(60, "new").elsewhere()), "unclear not_cloudfront"),
        ("an unknown value", case(old(), seen(60, "new").x_cache("ErrorHit")), "unclear unknown_x_cache"),
        ("revalidated", case(old(), seen(60, "new").x_cache("RefreshHit")), "unclear revalidated"),
    ]);
}

#[test]
fn some_values_of_x_cache_weaken_age() {
    check(vec![
        ("revalidated", case(old(), seen(60, "old").age(3).x_cache("RefreshHit")), "unclear revalidated"),
        (
            "old, and the origin may have failed",
            case(old(), seen(60, "old").age(3_661).x_cache("RefreshHit")),
            "unclear revalidated",
        ),
        ("new all the same", case(old(), seen(60, "new").age(3).x_cache("RefreshHit")), "fresh"),
        (
            "unknown, with the same content",
            case(old(), seen(60, "old").age(3).x_cache("StaleHit")),
            "unclear unknown_x_cache",
        ),
        (
            "unknown, with an old copy",
            case(old(), seen(60, "old").age(3_661).x_cache("StaleHit")),
            "stale old_at_edge",
        ),
        // It may be the page for an error.
        (
            "unknown, with new content",
            case(old(), seen(60, "new").age(3).x_cache("StaleHit")),
            "unclear unknown_x_cache",
        ),
        (
            "a function's answer",
            case(old(), seen(60, "new").age(3).x_cache("FunctionGeneratedResponse")),
            "unclear generated_at_edge",
        ),
        (
            "Lambda's answer",
            case(old(), seen(60, "new").age(3).x_cache("LambdaGeneratedResponse")),
            "unclear generated_at_edge",
        ),
        ("another cache's answer", case(old(), seen(60, "new").age(3).elsewhere()), "fresh"),
    ]);
}

#[test]
fn a_custom_error_page_is_never_fresh_by_age() {
    let errors_to_index = |configuration: &mut EdgeConfiguration| {
        let page = Some("/index.html".to_owned());
        configuration.custom_errors = vec![CustomErrorResponse { code: 403, response_code: Some(200), page }];
    };
    let page = || seen(60, "index").age(3).x_cache("Error");
    let script = "https://www.example.com/app.5121.JS?v=2";
    check(vec![
        ("nothing known", case(old(), page()), "unclear error_page_served"),
        (
            "a function failed",
            case(old(), page().x_cache("LambdaExecutionError")),
            "unclear error_page_served",
        ),
        (
            "a route",
            case(old(), page()).configured(errors_to_index).url("https://www.example.com/news"),
            "unclear error_page_served",
        ),
        (
            "a script",
            case(old(), page()).configured(errors_to_index).url(script),
            "broken hidden_missing_file",
        ),
        (
            "a script that is no HTML",
            case(old(), page().with(|answer| answer.is_html = false)).configured(errors_to_index).url(script),
            "unclear error_page_served",
        ),
        (
            "a cached error page",
            case(old(), page().x_cache("Hit"))
                .configured(errors_to_index)
                .configured(|known| known.error_page_sha256 = Some(BodyDigest::of(b"index", true).sha256))
                .url(script),
            "broken hidden_missing_file",
        ),
        ("a script, and nothing configured", case(old(), page()).url(script), "unclear error_page_served"),
    ]);
}

#[test]
fn an_error_is_broken_whenever_it_was_cached() {
    check(vec![
        ("an error", case(old(), seen(60, "").status(500).x_cache("Error")), "broken"),
        ("cached before", case(old(), seen(60, "").status(404).age(3_661)), "broken"),
        ("before completion", case(old(), seen(10, "").status(403)).not_completed(), "broken"),
        ("no answer", case(old(), failed(60, LookFailure::ConnectTimeout)), "broken"),
        ("no invalidation", case(None, failed(60, LookFailure::TlsFailed)).no_invalidation(), "broken"),
    ]);
}

#[test]
fn what_was_not_asked_is_unclear_and_what_did_not_answer_is_broken() {
    check(vec![
        ("not asked", case(old(), failed(60, LookFailure::NotLooked)), "unclear not_looked"),
        ("no key", case(old(), failed(60, LookFailure::SecretNotRead)), "unclear secret_not_read"),
        (
            "a private address",
            case(old(), failed(60, LookFailure::AddressRefused)),
            "unclear address_refused",
        ),
        (
            "leads elsewhere",
            case(old(), failed(60, LookFailure::RedirectNotFollowed)),
            "unclear redirect_not_followed",
        ),
        ("hangs", case(old(), failed(60, LookFailure::AnswerTimeout)), "broken answer_timeout"),
    ]);
}

#[test]
fn a_url_that_nobody_named_may_be_missing() {
    check(vec![
        ("never there", case(None, seen(60, "").status(404)).guessed(), "unclear guessed_url"),
        (
            "missing before",
            case(seen(-1, "").status(403), seen(60, "").status(403)).guessed(),
            "unclear guessed_url",
        ),
        ("there before", case(old(), seen(60, "").status(404)).guessed(), "broken"),
        ("the site fails", case(None, seen(60, "").status(502)).guessed(), "broken"),
        ("named", case(None, seen(60, "").status(404)), "broken"),
    ]);
}
