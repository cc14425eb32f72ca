//! Tests which settings are taken.

use super::*;
use crate::distributions::distribution::tests::sample as distribution;

fn settings(change: impl Fn(&mut CheckSettings)) -> Result<CheckSettings, CheckSettingsError> {
    let mut settings = CheckSettings::default();
    change(&mut settings);
    settings.checked(&distribution())
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
fn headers_that_are_secret_or_the_connections_own_are_refused() {
    let with = |name: &str, value: &str| settings(|s| s.headers = vec![(name.to_owned(), value.to_owned())]);
    for good in ["Accept-Language", "X-Preview", "Origin"] {
        assert!(with(good, "de, en").is_ok(), "{good}");
    }
    for secret in ["Authorization", "X-Api-Key", "cookie", "X-Auth-Token", "X-Amz-Signature"] {
        assert_eq!(with(secret, "v"), Err(CheckSettingsError::SecretHeader(secret.to_owned())));
    }
    for bad in ["Host", "Connection", "", "a b", "a:b", "ü"] {
        assert!(matches!(with(bad, "v"), Err(CheckSettingsError::Header(_))), "{bad}");
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
