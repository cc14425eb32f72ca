//! What the requests of another origin prove.

use super::super::{
    Answer, BodyHint, CheckCause as C, CorsAnswer, CorsLook, CorsRequests, EdgeConfiguration, Judgement,
    Verdict, judge_cors,
};

const ORIGIN: &str = "https://app.example.com";
const GOOD: Judgement = Judgement { verdict: Verdict::Unchanged, cause: Some(C::OriginUnchanged) };

fn seen(status: u16, allowed: Option<&str>) -> CorsAnswer {
    CorsAnswer { status, allowed_origin: allowed.map(str::to_owned), ..CorsAnswer::default() }
}

fn judged(plain: &Answer, get: Option<CorsAnswer>, preflight: Option<CorsAnswer>) -> Judgement {
    let cors = Some(CorsLook { origin: ORIGIN.to_owned(), get, preflight, ..CorsLook::default() });
    judge_cors(GOOD, &Answer { cors, ..plain.clone() }, &EdgeConfiguration::default())
}

fn ok() -> Answer {
    Answer { status: 200, ..Answer::default() }
}

#[test]
fn each_way_in_which_a_browser_refuses_has_its_cause() {
    let allowed = || Some(seen(200, Some(ORIGIN)));
    let plainly_allowed = Answer { allowed_origin: Some("*".to_owned()), ..ok() };
    let any_with_credentials = CorsAnswer { allows_credentials: true, ..seen(200, Some("*")) };
    let cases = [
        (ok(), Some(seen(200, None)), Some(seen(403, None)), C::CorsMissing),
        (ok(), Some(seen(200, None)), None, C::CorsMissing),
        (ok(), Some(seen(200, None)), Some(seen(204, Some(ORIGIN))), C::CorsCachedWithoutOrigin),
        (ok(), Some(seen(200, Some("https://b.example"))), allowed(), C::CorsCachedWithoutOrigin),
        (plainly_allowed, Some(seen(200, None)), None, C::CorsCachedWithoutOrigin),
        (ok(), Some(seen(200, Some("https://b.example"))), Some(seen(403, None)), C::CorsOtherOrigin),
        (ok(), Some(seen(200, Some("https://app.example.com, *"))), None, C::CorsOtherOrigin),
        (ok(), Some(seen(200, Some("https://App.example.com"))), None, C::CorsOtherOrigin),
        (ok(), Some(any_with_credentials), allowed(), C::CorsCredentialsWithAny),
        (ok(), Some(seen(500, Some(ORIGIN))), allowed(), C::CorsRequestRefused),
        (ok(), allowed(), Some(seen(405, Some(ORIGIN))), C::CorsPreflightRefused),
        (ok(), allowed(), Some(seen(301, Some(ORIGIN))), C::CorsPreflightRefused),
        (ok(), allowed(), Some(seen(200, None)), C::CorsPreflightRefused),
    ];
    for (plain, get, preflight, cause) in cases {
        let what = format!("{get:?} {preflight:?}");
        let expected = Judgement { verdict: Verdict::Broken, cause: Some(cause) };
        assert_eq!(judged(&plain, get, preflight), expected, "{what}");
    }
}

#[test]
fn what_is_allowed_or_not_known_changes_nothing() {
    let any = || Some(seen(200, Some("*")));
    let allowed = || Some(CorsAnswer { allows_credentials: true, ..seen(204, Some(ORIGIN)) });
    let not_a_method = || Some(CorsAnswer { method_refused: true, ..seen(403, None) });
    for (get, preflight) in [
        (any(), any()),
        (allowed(), allowed()),
        (allowed(), None),
        (None, None),
        // A plain GET needs no preflight.
        (allowed(), not_a_method()),
    ] {
        assert_eq!(judged(&ok(), get, preflight), GOOD);
    }
    assert_eq!(judge_cors(GOOD, &ok(), &EdgeConfiguration::default()), GOOD);
    // The error is the cause.
    let error = Answer { status: 403, ..ok() };
    assert_eq!(judged(&error, Some(seen(403, None)), None), GOOD);
}

#[test]
fn a_refused_preflight_counts_where_the_behavior_allows_options() {
    let cors = CorsLook {
        origin: ORIGIN.to_owned(),
        get: Some(seen(200, Some("*"))),
        preflight: Some(seen(403, None)),
        ..CorsLook::default()
    };
    let answer = Answer { cors: Some(cors), ..ok() };
    let cause = |methods: &[&str]| {
        let allowed_methods = Some(methods.iter().map(|method| (*method).to_owned()).collect());
        judge_cors(GOOD, &answer, &EdgeConfiguration { allowed_methods, ..EdgeConfiguration::default() })
            .cause
    };
    assert_eq!(cause(&["HEAD", "GET"]), GOOD.cause);
    assert_eq!(cause(&["HEAD", "GET", "OPTIONS"]), Some(C::CorsPreflightRefused));
}

#[test]
fn only_what_cannot_become_better_by_itself_is_asked_for() {
    let after = |verdict, cause, status| {
        CorsRequests::after(Judgement { verdict, cause }, &Answer { status, ..Answer::default() })
    };
    assert_eq!(after(Verdict::Fresh, None, 200), CorsRequests::GetAndPreflight);
    assert_eq!(after(Verdict::Unclear, Some(C::NoInvalidation), 200), CorsRequests::GetAndPreflight);
    assert_eq!(after(Verdict::Broken, Some(C::RefusedByOrigin), 403), CorsRequests::Get);
    for (verdict, cause, status) in [
        (Verdict::Stale, C::OldAtEdge, 200),
        (Verdict::Broken, C::TextMissing, 200),
        (Verdict::Unclear, C::TooEarly, 200),
        (Verdict::Unclear, C::RedirectToHttps, 301),
        (Verdict::Unclear, C::GuessedUrl, 404),
    ] {
        assert_eq!(after(verdict, Some(cause), status), CorsRequests::None, "{cause:?}");
    }
}

#[test]
fn the_headers_are_read_as_browsers_read_them() {
    let read = |headers: &[(&str, &str)]| CorsAnswer::read(200, headers.iter().copied(), BodyHint::None);
    let twice =
        read(&[("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", ORIGIN)]).allowed_origin;
    assert_eq!(twice.as_deref(), Some("*, https://app.example.com"));
    assert!(read(&[("Access-Control-Allow-Credentials", "true")]).allows_credentials);
    assert!(!read(&[("Access-Control-Allow-Credentials", "True")]).allows_credentials);
    assert!(CorsAnswer::read(403, [], BodyHint::MethodNotAllowed).method_refused);
}
