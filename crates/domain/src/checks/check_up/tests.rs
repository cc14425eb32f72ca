//! The rules of the check-up, each by a change of a site of which nothing is to be said.

mod buckets;

use std::time::Duration;

use super::*;
use crate::{
    checks::{Answer, Look, LookFailure, XCache},
    distributions::{
        delivery::{
            Behavior, CustomErrorResponse, DeliverySettings, OriginAccess, OriginSettings, ViewerProtocol,
        },
        distribution::DistributionConfig,
    },
    id::DistributionId,
    time::Timestamp,
};

const BUCKET: &str = "site.s3.eu-central-1.amazonaws.com";
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// A distribution of which nothing is to be said.
fn distribution() -> Distribution {
    let behavior = Behavior {
        pattern: "*".to_owned(),
        origin: Some(BUCKET.to_owned()),
        cache_policy: Some(CACHING_OPTIMIZED.to_owned()),
        viewer_protocol: Some(ViewerProtocol::RedirectToHttps),
        ..Behavior::default()
    };
    let origin = OriginSettings {
        domain: BUCKET.to_owned(),
        path: String::new(),
        access: OriginAccess::Control("E2OAC".to_owned()),
    };
    let delivery = DeliverySettings {
        behaviors: vec![behavior],
        origins: vec![origin],
        legacy_logs: Some(true),
        ..DeliverySettings::default()
    };
    Distribution {
        id: DistributionId::parse("E2QWRUHAPOMQZL").unwrap(),
        arn: "arn:aws:cloudfront::111122223333:distribution/E2QWRUHAPOMQZL".to_owned(),
        domain_name: "d111111abcdef8.cloudfront.net".to_owned(),
        aliases: vec!["www.example.com".to_owned()],
        comment: String::new(),
        enabled: true,
        status: "Deployed".to_owned(),
        staging: false,
        tenant_only: false,
        origins: vec![BUCKET.to_owned()],
        config: Some(DistributionConfig {
            root_object: Some("index.html".to_owned()),
            tag_header: Some("x-amz-meta-cache-tag".to_owned()),
            query_strings: None,
            delivery,
        }),
        last_modified: Timestamp::from_micros(0),
        seen_at: Timestamp::from_micros(0),
        traffic: None,
        flat_rate_plan: None,
        gone_at: None,
    }
}

fn config(distribution: &mut Distribution) -> &mut DistributionConfig {
    distribution.config.as_mut().unwrap()
}

fn behavior(distribution: &mut Distribution) -> &mut Behavior {
    &mut config(distribution).delivery.behaviors[0]
}

fn look(outcome: Result<Answer, LookFailure>) -> Look {
    Look { at: Timestamp::from_micros(7), duration: Duration::ZERO, outcome }
}

fn answered(status: u16) -> Look {
    look(Ok(Answer { status, ..Answer::default() }))
}

fn bucket(look: Look) -> BucketSeen {
    BucketSeen { origin: BUCKET.to_owned(), url: format!("https://{BUCKET}/index.html"), look }
}

/// Looks of which nothing is to be said.
fn looks() -> CheckUpLooks {
    let to_https =
        Answer { status: 301, location: Some("https://www.example.com/".to_owned()), ..Answer::default() };
    CheckUpLooks {
        host: "www.example.com".to_owned(),
        page: Some(answered(200)),
        plain_http: Some(look(Ok(to_https))),
        buckets: vec![bucket(answered(403))],
        is_dns_replaced: false,
        scripts: Some(ScriptsSeen { read: 2, ..ScriptsSeen::default() }),
    }
}

fn of(name: FindingName, distribution: &Distribution, looks: Option<&CheckUpLooks>) -> Finding {
    check_up(distribution, looks).into_iter().find(|finding| finding.name == name).unwrap()
}

/// The state of one finding after a change of the distribution or of the looks.
fn changed(name: FindingName, change: impl FnOnce(&mut Distribution, &mut CheckUpLooks)) -> Finding {
    let (mut distribution, mut looks) = (distribution(), looks());
    change(&mut distribution, &mut looks);
    of(name, &distribution, Some(&looks))
}

#[test]
fn a_site_with_nothing_to_mend_is_good_throughout() {
    let findings = check_up(&distribution(), Some(&looks()));
    assert_eq!(findings.len(), FindingName::ALL.len());
    for finding in findings {
        assert_eq!(finding.state, FindingState::Good, "{finding:?}");
        assert!(
            finding.step.is_empty() && finding.snippet.is_none() && finding.found.ends_with('.'),
            "{finding:?}"
        );
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let mut unread = distribution();
    unread.config = None;
    for finding in check_up(&unread, None) {
        let expected = match finding.name {
            FindingName::Deployed => FindingState::Good,
            _ => FindingState::Unknown,
        };
        assert_eq!(finding.state, expected, "{finding:?}");
        assert!(expected == FindingState::Good || !finding.step.is_empty(), "{finding:?}");
    }
    // What an earlier version of Unstale read.
    let mut old = distribution();
    let delivery = &mut config(&mut old).delivery;
    (delivery.origins, delivery.legacy_logs) = (Vec::new(), None);
    let only = delivery.behaviors.remove(0);
    delivery.behaviors.push(Behavior { pattern: only.pattern, origin: only.origin, ..Behavior::default() });
    for name in [
        FindingName::OriginAccess,
        FindingName::HttpsOnly,
        FindingName::CachePolicy,
        FindingName::MinTtl,
        FindingName::StandardLogs,
    ] {
        assert_eq!(of(name, &old, Some(&looks())).state, FindingState::Unknown, "{name:?}");
    }
}

#[test]
fn problems_come_first() {
    let mut site = distribution();
    site.enabled = false;
    config(&mut site).tag_header = None;
    let findings = check_up(&site, None);
    assert!(findings.is_sorted_by_key(|finding| finding.state));
    assert_eq!(findings[0].name, FindingName::Deployed);
    assert_eq!(findings[0].state, FindingState::Problem);
}

#[test]
fn plain_http_is_a_problem_wherever_it_is_allowed() {
    let open = changed(FindingName::HttpsOnly, |site, _| {
        let api = Behavior {
            pattern: "/api/*".to_owned(),
            viewer_protocol: Some(ViewerProtocol::Any),
            ..behavior(site).clone()
        };
        config(site).delivery.behaviors.insert(0, api);
    });
    assert_eq!(open.state, FindingState::Problem);
    assert!(open.found.contains("at /api/*"), "{}", open.found);
    let served = changed(FindingName::HttpsOnly, |_, looks| looks.plain_http = Some(answered(200)));
    assert_eq!(served.state, FindingState::Problem);
    let elsewhere = changed(FindingName::HttpsOnly, |_, looks| {
        (looks.plain_http, looks.is_dns_replaced) = (Some(answered(200)), true);
    });
    assert_eq!(elsewhere.state, FindingState::Good);
    let refused = changed(FindingName::HttpsOnly, |_, looks| looks.plain_http = Some(answered(403)));
    assert_eq!(refused.state, FindingState::Good);
}

#[test]
fn a_root_object_is_needed_where_the_root_has_no_answer() {
    let name = FindingName::DefaultRootObject;
    let without = |status: Option<u16>| {
        changed(name, |site, looks| {
            config(site).root_object = None;
            looks.page = status.map(answered);
        })
    };
    assert_eq!(without(None).state, FindingState::Problem);
    assert_eq!(without(Some(403)).state, FindingState::Problem);
    assert_eq!(without(Some(200)).state, FindingState::Good);
    let snippet = without(None).snippet.unwrap();
    assert_eq!(
        snippet,
        "aws cloudfront update-distribution --id E2QWRUHAPOMQZL --default-root-object index.html"
    );
    let missing = changed(name, |_, looks| looks.page = Some(answered(404)));
    assert_eq!(missing.state, FindingState::Problem);
    assert_eq!(missing.snippet.unwrap(), "aws s3 ls s3://site/index.html");
}

#[test]
fn error_pages_that_turn_an_error_into_a_success_are_named() {
    let page =
        |code, response_code| CustomErrorResponse { code, response_code, page: Some("/app.html".to_owned()) };
    let with = |pages: Vec<CustomErrorResponse>| {
        changed(FindingName::ErrorPages, |site, _| config(site).delivery.custom_errors = pages)
    };
    assert_eq!(with(vec![page(404, Some(404)), page(403, None)]).state, FindingState::Good);
    let hiding = with(vec![page(403, Some(200))]);
    assert_eq!(hiding.state, FindingState::Advice);
    assert!(hiding.found.contains("403 becomes 200 with /app.html"), "{}", hiding.found);
    assert!(hiding.snippet.unwrap().contains("request.uri = '/app.html';"));
    let hostile = CustomErrorResponse { page: Some("/'+x+'".to_owned()), ..page(403, Some(200)) };
    assert!(with(vec![hostile]).snippet.unwrap().contains("'/index.html'"));
    let root = changed(FindingName::ErrorPages, |site, looks| {
        config(site).delivery.custom_errors = vec![page(403, Some(200))];
        let error = Answer { status: 200, x_cache: Some(XCache::Error), ..Answer::default() };
        looks.page = Some(look(Ok(error)));
    });
    assert_eq!(root.state, FindingState::Problem);
}

#[test]
fn times_are_told_in_words() {
    let found = |change: fn(&mut Behavior)| {
        let keep = |name| changed(name, |site, _| change(behavior(site)));
        (keep(FindingName::CachePolicy), keep(FindingName::MinTtl))
    };
    let (policy, min) = found(|_| ());
    assert_eq!(
        policy.found,
        "*: CachingOptimized, kept at least 1 s, 1 day where the origin says nothing, at most 365 days."
    );
    assert_eq!(
        min.found,
        "It is at most 1 s, so what the origin forbids to keep is kept no longer than that."
    );
    let (policy, min) = found(|behavior| behavior.cache_policy = Some("11112222-abcd".to_owned()));
    assert_eq!((policy.state, min.state), (FindingState::Unknown, FindingState::Unknown));
    assert_eq!(policy.snippet.as_deref(), Some("aws cloudfront get-cache-policy --id 11112222-abcd"));
    let (policy, min) = found(|behavior| {
        behavior.cache_policy = None;
        (behavior.min_ttl, behavior.default_ttl, behavior.max_ttl) =
            (Some(7_200), Some(86_400), Some(86_400));
    });
    assert_eq!((policy.state, min.state), (FindingState::Good, FindingState::Advice));
    assert!(policy.found.contains("older settings, kept at least 2 hours, 1 day where"), "{}", policy.found);
    assert!(min.found.ends_with("private: * for 2 hours."), "{}", min.found);
    let (policy, min) = found(|behavior| {
        behavior.cache_policy = Some("4135ea2d-6df8-44a3-9df3-4b5a84be39ad".to_owned());
    });
    assert_eq!((policy.state, min.state), (FindingState::Advice, FindingState::Good));
}

#[test]
fn a_key_is_shown_as_a_place_and_never_as_its_value() {
    let place = |kind| KeyPlace { url: "https://www.example.com/app.js".to_owned(), line: 12, kind };
    let with = |kind| {
        let places = vec![place(kind)];
        changed(FindingName::KeyInScript, |_, looks| {
            looks.scripts = Some(ScriptsSeen { read: 1, places, ..ScriptsSeen::default() });
        })
    };
    let api = with(KeyKind::ApiKey);
    assert_eq!(api.state, FindingState::Problem);
    assert_eq!(
        api.found,
        "Everyone can read what looks like an API key in https://www.example.com/app.js, line 12."
    );
    assert!(api.snippet.unwrap().contains("{ value: 'YOUR-NEW-API-KEY' }"));
    assert!(with(KeyKind::AccessKey).step.starts_with("Make the access key inactive at once"));
    let some = |scripts| changed(FindingName::KeyInScript, |_, looks| looks.scripts = scripts).state;
    assert_eq!(some(None), FindingState::Unknown);
    assert_eq!(some(Some(ScriptsSeen::default())), FindingState::Good);
    assert_eq!(some(Some(ScriptsSeen { not_read: 1, ..ScriptsSeen::default() })), FindingState::Unknown);
    assert_eq!(some(Some(ScriptsSeen { cut: 1, ..ScriptsSeen::default() })), FindingState::Unknown);
}

#[test]
fn looks_read_back_as_they_were_stored() {
    let mut looks = looks();
    looks.scripts.as_mut().unwrap().add_places((0..99).map(|line| KeyPlace {
        url: "https://www.example.com/a.js".to_owned(),
        line,
        kind: KeyKind::AccessKey,
    }));
    assert_eq!(looks.scripts.as_ref().unwrap().places.len(), ScriptsSeen::PLACES_MAX);
    assert_eq!(CheckUpLooks::from_json(&looks.to_json()), Some(looks));
    assert_eq!(CheckUpLooks::from_json("[1]"), None);
}
