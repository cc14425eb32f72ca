//! What a look at the API behind the site proves, and what to do then.

use std::time::Duration;

use super::super::{
    Answer, ApiCheck, ApiMethod, CheckCause, CorsAnswer, CorsLook, EdgeConfiguration, Evidence,
    ExpectedContent, Look, LookFailure, LookHeaders, Verdict, api_step, judge_api, preflight_headers,
};
use crate::time::Timestamp;

const PAGE: &str = "https://www.example.com";

/// The verdict and the cause of an answer with what CORS said.
fn judged(method: ApiMethod, outcome: Result<Answer, LookFailure>) -> String {
    let after = Look { at: Timestamp::from_micros(0), duration: Duration::ZERO, outcome };
    let configuration = EdgeConfiguration::default();
    let evidence = Evidence {
        url: "https://api.example.com/a",
        accepted_at: None,
        completed_at: None,
        before: None,
        after: &after,
        expected: ExpectedContent::NewVersion,
        is_guessed: false,
        configuration: &configuration,
    };
    let judgement = judge_api(&evidence, method);
    // Nothing is fresh or stale of an API.
    assert!(matches!(judgement.verdict, Verdict::Broken | Verdict::Unclear));
    format!("{} {}", judgement.verdict.as_str(), judgement.cause.map_or("", CheckCause::as_str))
}

fn answer(status: u16, get: Option<&CorsAnswer>, preflight: Option<&CorsAnswer>, asked: &[&str]) -> Answer {
    let cors = CorsLook {
        origin: PAGE.to_owned(),
        get: get.cloned(),
        preflight: preflight.cloned(),
        asked_headers: asked.iter().map(|name| (*name).to_owned()).collect(),
    };
    Answer { status, cors: Some(cors), ..Answer::default() }
}

fn cors(status: u16, origin: &str, headers: &str) -> CorsAnswer {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    CorsAnswer {
        status,
        allowed_origin: given(origin),
        allowed_headers: given(headers),
        ..CorsAnswer::default()
    }
}

#[test]
fn a_preflight_must_allow_the_origin_and_each_header() {
    let get = &cors(200, PAGE, "");
    for (preflight, asked, expected) in [
        (None, &[][..], "unclear answers"),
        (None, &["x-api-key"], "unclear not_looked"),
        (Some(cors(204, PAGE, "X-Api-Key, content-type")), &["x-api-key"], "unclear answers"),
        (Some(cors(204, "*", "*")), &["x-api-key"], "unclear answers"),
        (Some(cors(204, "*", "*")), &["authorization", "x-api-key"], "broken cors_header_not_allowed"),
        (Some(cors(204, PAGE, "")), &["x-api-key"], "broken cors_header_not_allowed"),
        (Some(cors(204, "https://b.example", "*")), &["x-api-key"], "broken cors_preflight_refused"),
        (Some(cors(403, PAGE, "x-api-key")), &["x-api-key"], "broken cors_preflight_refused"),
    ] {
        let seen = answer(200, Some(get), preflight.as_ref(), asked);
        assert_eq!(judged(ApiMethod::Get, Ok(seen)), expected, "{preflight:?}");
    }
}

#[test]
fn an_error_is_its_own_cause_and_a_refused_preflight_is_one_of_cors() {
    let open = &cors(200, PAGE, "");
    for (method, status, expected) in [
        (ApiMethod::Get, 404, "broken not_found"),
        (ApiMethod::Get, 502, "broken origin_failed"),
        (ApiMethod::Head, 503, "broken origin_unavailable"),
        (ApiMethod::Options, 403, "broken cors_preflight_refused"),
        (ApiMethod::Options, 404, "broken cors_preflight_refused"),
        (ApiMethod::Options, 429, "broken too_many_requests"),
        (ApiMethod::Options, 500, "broken origin_failed"),
        (ApiMethod::Get, 302, "unclear redirected"),
    ] {
        assert_eq!(
            judged(method, Ok(answer(status, Some(open), None, &[]))),
            expected,
            "{method:?} {status}"
        );
    }
    assert_eq!(judged(ApiMethod::Get, Err(LookFailure::AnswerTimeout)), "broken answer_timeout");
    assert_eq!(judged(ApiMethod::Get, Err(LookFailure::SecretNotRead)), "unclear secret_not_read");
    assert_eq!(judged(ApiMethod::Get, Err(LookFailure::AddressRefused)), "unclear address_refused");
}

#[test]
fn a_browser_asks_about_headers_that_are_not_harmless() {
    let plain = ["X-B", "accept", "x-a", "X-A", "Content-Language"];
    let plain = plain.map(|name| (name.to_owned(), "1".to_owned())).to_vec();
    let headers = LookHeaders { plain, ..LookHeaders::default() };
    assert_eq!(preflight_headers(&headers), ["x-a", "x-b"]);
}

#[test]
fn each_cause_of_an_api_has_a_step_that_says_nothing_of_cloudfronts_cache() {
    let api = ApiCheck {
        url: "https://abc123.execute-api.us-east-1.amazonaws.com/prod/students".to_owned(),
        method: ApiMethod::Get,
        headers: LookHeaders::default(),
    };
    for cause in CheckCause::ALL {
        for status in [200, 403, 429, 500, 502, 504] {
            let after = Look {
                at: Timestamp::from_micros(0),
                duration: Duration::ZERO,
                outcome: Ok(Answer { status, ..Answer::default() }),
            };
            let configuration = EdgeConfiguration::default();
            let evidence = Evidence {
                url: &api.url,
                accepted_at: None,
                completed_at: None,
                before: None,
                after: &after,
                expected: ExpectedContent::NewVersion,
                is_guessed: false,
                configuration: &configuration,
            };
            let text = api_step(*cause, &evidence, &api);
            assert_eq!(text.is_empty(), *cause == CheckCause::Answers, "{cause:?}");
            // Causes that a look at an API can have, which it shares with those of a site.
            let is_its_own = cause.label() != cause.label_of_api()
                || [CheckCause::CorsMissing, CheckCause::CorsOtherOrigin, CheckCause::CorsPreflightRefused]
                    .contains(cause);
            let is_of_cloudfront = text.contains("error caching minimum TTL") || text.contains("managed");
            assert!(!(is_its_own && is_of_cloudfront), "{cause:?} {text}");
        }
    }
}
