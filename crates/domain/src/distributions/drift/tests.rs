//! What is told of each change.

use super::{
    super::delivery::{Behavior, CustomErrorResponse, FunctionAssociation, FunctionEvent},
    *,
};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

const LAST: &str = "2026-11-12T09:58:02Z";

fn behavior(pattern: &str, functions: &[(FunctionEvent, &str)]) -> Behavior {
    let function = |(event, name): &(FunctionEvent, &str)| FunctionAssociation {
        event: *event,
        name: (*name).to_owned(),
    };
    Behavior {
        pattern: pattern.to_owned(),
        functions: Some(functions.iter().map(function).collect()),
        ..Behavior::default()
    }
}

fn config(behaviors: Vec<Behavior>) -> DistributionConfig {
    let mut config = DistributionConfig { tag_header: Some("Cache-Tag".to_owned()), ..Default::default() };
    config.delivery.behaviors = behaviors;
    config
}

/// What is told of a change.
fn told(change: impl FnOnce(&mut DistributionConfig)) -> Vec<String> {
    let before = config(vec![behavior("*", &[])]);
    let mut after = before.clone();
    change(&mut after);
    texts(before, &after)
}

fn texts(before: DistributionConfig, after: &DistributionConfig) -> Vec<String> {
    let earlier = EarlierConfig { config: before, until: at("2026-11-13T00:00:00Z") };
    Drift::of(&earlier, after, at(LAST)).map(|drift| drift.texts()).unwrap_or_default()
}

#[test]
fn nothing_is_told_where_nothing_changed_or_a_request_was_made_since() {
    assert_eq!(told(|_| {}), [""; 0]);
    assert_eq!(told(|config| config.tag_header = Some("cache-tag".to_owned())), [""; 0], "the same header");
    let earlier = EarlierConfig { config: config(Vec::new()), until: at("2026-11-13T00:00:00Z") };
    let after = DistributionConfig::default();
    assert!(Drift::of(&earlier, &after, at("2026-11-12T23:59:59Z")).is_some());
    assert_eq!(Drift::of(&earlier, &after, at("2026-11-13T00:00:00Z")), None);
}

#[test]
fn a_changed_tag_header_says_what_tags_do_not_reach() {
    let changed = told(|config| config.tag_header = Some("X-Tag".to_owned()));
    assert_eq!(
        changed,
        [
            "The tag header changed from Cache-Tag to X-Tag since the last request on 2026-11-12 09:58 UTC: objects that are cached with tags under Cache-Tag are not reached by tags until they are fetched again; a path or a wildcard reaches them."
        ]
    );
    let removed = told(|config| config.tag_header = None);
    assert!(removed[0].starts_with("The tag header Cache-Tag was removed since"), "{removed:?}");
}

#[test]
fn error_pages_are_told_by_status() {
    let page = |code, response_code, page: &str| CustomErrorResponse {
        code,
        response_code,
        page: Some(page.to_owned()),
    };
    let mut before = config(Vec::new());
    before.delivery.custom_errors = vec![page(404, None, "/404.html"), page(403, Some(200), "/index.html")];
    let mut after = before.clone();
    after.delivery.custom_errors = vec![page(500, None, "/oops.html"), page(404, Some(200), "/index.html")];
    let told = texts(before, &after);
    for (text, begin) in told.iter().zip([
        "The error page for 403, /index.html with 200, was removed since",
        "The error page for 404 changed from /404.html with 404 to /index.html with 200 since",
        "An error page for 500 was set, /oops.html with 500 since",
    ]) {
        assert!(text.starts_with(begin), "{text}");
    }
    assert_eq!(told.len(), 3);
}

#[test]
fn a_web_acl_is_told_where_it_is_known_to_be_another() {
    let acl = |id: Option<&str>| {
        let mut config = config(Vec::new());
        config.delivery.web_acl = id.is_some();
        config.delivery.web_acl_id = id.filter(|id| !id.is_empty()).map(str::to_owned);
        config
    };
    let told = |from, to| texts(acl(from), &acl(to));
    assert!(told(Some("a"), Some("b"))[0].starts_with("The web ACL changed since"));
    assert!(told(Some("a"), None)[0].starts_with("The web ACL was removed since"));
    assert!(told(None, Some(""))[0].starts_with("A web ACL was attached since"));
    assert_eq!(told(Some(""), Some("b")), [""; 0], "the first one was not known");
}

#[test]
fn the_same_function_on_several_behaviours_is_one_change() {
    use FunctionEvent::{OriginRequest, ViewerRequest, ViewerResponse};
    let before = config(vec![
        behavior("/api/*", &[]),
        behavior("/img/*", &[]),
        behavior("/old/*", &[(OriginRequest, "the function a")]),
        behavior("*", &[(ViewerResponse, "the Lambda function headers:1")]),
    ]);
    let after = config(vec![
        behavior("/api/*", &[(ViewerRequest, "the function rewrite")]),
        behavior("/img/*", &[(ViewerRequest, "the function rewrite")]),
        behavior("*", &[(ViewerResponse, "the Lambda function headers:2")]),
    ]);
    let told = texts(before, &after);
    for (text, begin) in told.iter().zip([
        "The function rewrite now runs at viewer-request for /api/*, /img/* since",
        "The function a no longer runs at origin-request for /old/* since",
        "The Lambda function headers:2 now runs at viewer-response for the default behaviour in place of the Lambda function headers:1 since",
    ]) {
        assert!(text.starts_with(begin), "{text}");
    }
    assert_eq!(told.len(), 3);
    assert!(told[0].ends_with(": what it rewrites is cached under the path that it makes; send both paths."));
}

#[test]
fn what_an_earlier_version_did_not_read_is_no_change() {
    let mut before = config(vec![behavior("*", &[])]);
    before.delivery.behaviors[0].functions = None;
    assert_eq!(texts(before, &config(vec![behavior("*", &[(FunctionEvent::ViewerRequest, "f")])])), [""; 0]);
}

#[test]
fn many_changes_are_bounded_and_paths_are_not_told_to_everybody() {
    let with = |path: &str| {
        let behaviors = (0..30)
            .map(|n| Behavior { origin_path: format!("{path}/{n}"), ..behavior(&format!("/{n}/*"), &[]) });
        config(behaviors.collect())
    };
    let mut after = with("/v2");
    after.tag_header = None;
    let earlier = EarlierConfig { config: with("/v1"), until: at("2026-11-13T00:00:00Z") };
    let drift = Drift::of(&earlier, &after, at(LAST)).unwrap();
    assert_eq!(drift.changes.len(), TOLD_MAX);
    let told = drift.without_paths().unwrap().texts();
    assert!(told.len() == 1 && told[0].starts_with("The tag header Cache-Tag was removed"), "{told:?}");
    let moved = texts(
        config(vec![Behavior { origin_path: String::new(), ..behavior("*", &[]) }]),
        &config(vec![Behavior { origin_path: "/v2".to_owned(), ..behavior("*", &[]) }]),
    );
    assert!(
        moved[0].starts_with("The origin path for the default behaviour changed from / to /v2 since"),
        "{moved:?}"
    );
}
