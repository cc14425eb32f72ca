//! Tests which settings are taken.

use super::*;
use crate::{distributions::distribution::tests::sample as distribution, secrets_key::SecretsKey};

fn settings(change: impl Fn(&mut NewCheckSettings)) -> Result<CheckSettings, CheckSettingsError> {
    let mut settings = NewCheckSettings::default();
    change(&mut settings);
    let mut sealing = Sealing { key: None, nonces: Vec::new() };
    settings.checked(&distribution(), &CheckSettings::default(), &mut sealing)
}

#[test]
fn the_default_looks_at_the_first_alias_that_is_one_name() {
    let host = |aliases: &[&str]| {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        CheckSettings::default().primary_host(&Distribution { aliases, ..distribution() }).unwrap()
    };
    assert_eq!(host(&["*.example.com", "Www.example.com"]), "www.example.com");
    assert_eq!(host(&["*.example.com"]), "d12345678.cloudfront.net");
    assert_eq!(host(&[]), "d12345678.cloudfront.net");
}

#[test]
fn only_hosts_of_the_distribution_are_looked_at() {
    for good in ["www.example.com", "WWW.example.com.", "a.preview.example.com", "d12345678.cloudfront.net"] {
        assert!(settings(|s| s.host = Some(good.to_owned())).is_ok(), "{good}");
        assert!(settings(|s| s.urls = vec![format!("https://{good}/a?b=c")]).is_ok(), "{good}");
    }
    for bad in
        ["example.com", "preview.example.com", "a.b.preview.example.com", "169.254.169.254", "x", "a b"]
    {
        assert!(
            matches!(settings(|s| s.host = Some(bad.to_owned())), Err(CheckSettingsError::Host(_))),
            "{bad}"
        );
        assert!(settings(|s| s.urls = vec![format!("https://{bad}/")]).is_err(), "{bad}");
    }
    for bad in ["news", "/a#b", "ftp://www.example.com/", "https://a@www.example.com/", "/a b", "/a/../b"] {
        assert!(
            matches!(settings(|s| s.urls = vec![bad.to_owned()]), Err(CheckSettingsError::Url(_))),
            "{bad}"
        );
    }
    assert!(settings(|s| s.urls = vec!["https://www.example.com:8443/".to_owned()]).is_err());
}

#[test]
fn texts_are_trimmed_and_bounded() {
    let trimmed = settings(|s| {
        s.host = Some("  ".to_owned());
        s.urls = vec![" /a ".to_owned(), " ".to_owned()];
        s.must_contain = Some(" build 5 ".to_owned());
    });
    let trimmed = trimmed.unwrap();
    assert_eq!((trimmed.host, trimmed.urls), (None, vec!["/a".to_owned()]));
    assert_eq!(trimmed.must_contain.as_deref(), Some("build 5"));
    let long = "x".repeat(TEXT_MAX + 1);
    assert_eq!(
        settings(|s| s.must_contain = Some(long.clone())),
        Err(CheckSettingsError::TooLong("must_contain"))
    );
    let many: Vec<String> = (0..=URLS_MAX).map(|number| format!("/{number}")).collect();
    assert_eq!(settings(|s| s.urls.clone_from(&many)), Err(CheckSettingsError::TooManyUrls(URLS_MAX)));
}

#[test]
fn without_a_key_secret_headers_are_refused_and_always_the_connections_own() {
    let with = |name: &str, value: &str| settings(|s| s.headers = vec![header(name, value)]);
    for good in ["Accept-Language", "X-Preview", "Origin"] {
        assert!(with(good, "de, en").is_ok(), "{good}");
    }
    for secret in ["Authorization", "X-Api-Key", "cookie", "X-Auth-Token", "X-Amz-Signature"] {
        assert_eq!(with(secret, "v"), Err(LookHeaderProblem::NoKey(secret.to_owned()).into()));
    }
    for bad in ["Host", "Connection", "", "a b", "a:b", "ü"] {
        assert!(
            matches!(with(bad, "v"), Err(CheckSettingsError::Headers(LookHeaderProblem::NotSendable(_)))),
            "{bad}"
        );
    }
    assert!(with("X-Preview", "a\r\nHost: b").is_err());
}

#[test]
fn an_origin_for_cors_is_written_as_browsers_write_it() {
    let with = |text: &str| settings(|s| s.cors_origin = Some(text.to_owned()));
    for (text, origin) in [
        ("https://app.example.com", "https://app.example.com"),
        (" HTTPS://App.Example.com:443/ ", "https://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ] {
        assert_eq!(with(text).unwrap().cors_origin.as_deref(), Some(origin), "{text}");
    }
    assert_eq!(with(" ").unwrap().cors_origin, None);
    for bad in [
        "*",
        "null",
        "app.example.com",
        "ftp://app.example.com",
        "https://app.example.com/a",
        "https://app.example.com//",
        "https://app.example.com?a",
        "https://app.example.com#a",
        "https://ada@app.example.com",
        "https://@app.example.com",
        "https:app.example.com",
        "https://",
    ] {
        assert_eq!(with(bad), Err(CheckSettingsError::CorsOrigin(bad.to_owned())), "{bad}");
    }
}

#[test]
fn edge_locations_are_names_of_a_distribution_that_has_such_names() {
    let with = |names: &[&str]| {
        settings(|s| s.edge_locations = names.iter().map(|name| (*name).to_owned()).collect())
    };
    let set = with(&[" fra50-c1", "", "NRT20-P2", "FRA50-C1"]).unwrap();
    assert_eq!(set.list_edge_locations(), "FRA50-C1, NRT20-P2");
    assert_eq!(set.describe(), "on: edge locations FRA50-C1, NRT20-P2");
    assert_eq!(with(&["Frankfurt"]), Err(CheckSettingsError::EdgeLocation("Frankfurt".to_owned())));
    let long = "x".repeat(900);
    assert_eq!(with(&[&long]), Err(CheckSettingsError::EdgeLocation("x".repeat(EDGE_LOCATION_SHOWN))));
    let six = ["FRA50-C1", "FRA50-C2", "FRA50-C3", "FRA50-C4", "FRA50-C5", "FRA50-C6"];
    assert!(with(&six[..5]).is_ok());
    assert_eq!(with(&six), Err(CheckSettingsError::TooManyEdgeLocations));
    assert_eq!(with(&six).unwrap_err().pointer(), "/edge_locations");

    let tenant = Distribution { domain_name: "app.example.org".to_owned(), ..distribution() };
    let new = NewCheckSettings { edge_locations: vec!["FRA50-C1".to_owned()], ..NewCheckSettings::default() };
    let mut sealing = Sealing { key: None, nonces: Vec::new() };
    let refused = new.checked(&tenant, &CheckSettings::default(), &mut sealing);
    assert_eq!(refused, Err(CheckSettingsError::NoLocationName("app.example.org".to_owned())));
}

fn header(name: &str, value: &str) -> NewHeader {
    NewHeader { name: name.to_owned(), value: value.to_owned() }
}

/// What is stored of this on top of what is stored, with a key.
fn stored(new: NewCheckSettings, before: &CheckSettings) -> Result<CheckSettings, CheckSettingsError> {
    // 32 bytes in base64.
    let key = SecretsKey::parse(&format!("{}=", "A".repeat(43))).unwrap();
    let nonces = (1..=9).map(|byte| [byte; 12]).collect();
    new.checked(&distribution(), before, &mut Sealing { key: Some(&key), nonces })
}

fn with_api(url: &str, headers: Vec<NewHeader>) -> NewCheckSettings {
    let api = NewApi { url: url.to_owned(), headers, ..NewApi::default() };
    NewCheckSettings { apis: vec![api], ..NewCheckSettings::default() }
}

const API: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/students";

#[test]
fn an_api_is_at_a_public_name_by_https_and_not_at_a_host_of_the_distribution() {
    let with = |url: &str| stored(with_api(url, Vec::new()), &CheckSettings::default());
    for (url, kept) in
        [(API, API), (" https://API.example.com:443/a/../b?c=d ", "https://api.example.com/b?c=d")]
    {
        assert_eq!(with(url).unwrap().apis[0].url, kept);
    }
    let long = format!("{API}/{}", "x".repeat(TEXT_MAX));
    for bad in [
        "",
        "students",
        "http://api.example.com/",
        "https:api.example.com/",
        "https://api.example.com:8443/",
        "https://ada:secret@api.example.com/",
        "https://@api.example.com/",
        "https://api.example.com/#a",
        "https://192.0.2.7/",
        "https://169.254.169.254/latest/meta-data/",
        "https://3232235521/",
        "https://[2001:db8::1]/",
        "https://localhost/",
        "https://api/",
        "https://api.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://api.example.com./",
        "wss://api.example.com/",
        long.as_str(),
    ] {
        let Err(CheckSettingsError::Api(0, problem)) = with(bad) else { panic!("{bad}") };
        assert_eq!(problem.field(), "url");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    for own in
        ["https://www.example.com/api", "https://d12345678.cloudfront.net/", "https://a.preview.example.com/"]
    {
        assert!(matches!(with(own), Err(CheckSettingsError::Api(0, ApiProblem::OwnHost(_)))), "{own}");
    }
    let twice = NewCheckSettings {
        apis: [API, API].map(|url| NewApi { url: url.to_owned(), ..NewApi::default() }).into(),
        ..NewCheckSettings::default()
    };
    let error = stored(twice, &CheckSettings::default()).unwrap_err();
    assert_eq!((error.field(), error.pointer().as_str()), ("apis", "/apis/1/url"));
    let many =
        NewCheckSettings { apis: vec![NewApi::default(); APIS_MAX + 1], ..NewCheckSettings::default() };
    assert_eq!(stored(many, &CheckSettings::default()), Err(CheckSettingsError::TooManyApis));
}

#[test]
fn an_empty_value_keeps_what_is_stored_for_the_same_url_and_name_alone() {
    let new = with_api(API, vec![header("X-Api-Key", "gT5key"), header("Accept", "text/csv")]);
    let first = stored(new, &CheckSettings::default()).unwrap();
    assert_eq!(first.apis[0].headers.plain, [("Accept".to_owned(), "text/csv".to_owned())]);
    assert!(!format!("{first:?}").contains("gT5key") && !first.describe().contains("gT5key"));
    assert!(first.describe().ends_with("with Accept, X-Api-Key"), "{}", first.describe());

    let empty = vec![header("x-api-key", ""), header("accept", "")];
    let kept = stored(with_api(API, empty.clone()), &first).unwrap();
    assert_eq!(kept.apis[0].headers.secret[0].value, first.apis[0].headers.secret[0].value);
    assert_eq!(kept.apis[0].headers.plain[0].1, "text/csv");
    // Without the key that it was sealed with it is kept too: it may come back.
    let without = &mut Sealing { key: None, nonces: Vec::new() };
    assert_eq!(with_api(API, empty.clone()).checked(&distribution(), &first, without).unwrap(), kept);

    let elsewhere = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/teachers";
    for (url, headers) in [(elsewhere, empty), (API, vec![header("authorization", "")])] {
        let error = stored(with_api(url, headers), &first).unwrap_err();
        assert!(matches!(
            error,
            CheckSettingsError::Api(0, ApiProblem::Headers(LookHeaderProblem::NoValue(_)))
        ));
        assert_eq!(error.pointer(), "/apis/0/headers");
    }
    let removed = stored(with_api(API, Vec::new()), &first).unwrap();
    assert_eq!(removed.apis[0].headers.names().count(), 0);
}

#[test]
fn headers_that_a_browser_sets_are_not_set_for_an_api() {
    for own in ["Origin", "access-control-request-headers", "Host", "Range"] {
        let error = stored(with_api(API, vec![header(own, "a")]), &CheckSettings::default()).unwrap_err();
        let expected = ApiProblem::Headers(LookHeaderProblem::NotSendable(own.to_owned()));
        assert_eq!(error, CheckSettingsError::Api(0, expected));
    }
    let many = (0..=crate::checks::settings::HEADERS_MAX).map(|n| header(&format!("x-{n}"), "a")).collect();
    let error = stored(with_api(API, many), &CheckSettings::default()).unwrap_err();
    assert_eq!(error.pointer(), "/apis/0/headers");
}
