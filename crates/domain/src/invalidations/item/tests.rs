//! Tests with lines as people and pipelines write them.

mod property;
mod refused;

use super::*;
use crate::distributions::{
    distribution::{
        Distribution, DistributionConfig,
        tests::{named, sample},
    },
    host_table::HostTable,
};

/// The sample distribution, and others that serve other hosts.
fn distributions() -> Vec<Distribution> {
    vec![
        sample(),
        named("E2OFF", &["off.example.com", "one.preview.example.com"]),
        named("E3BOOKS", &["xn--bcher-kva.example"]),
    ]
}

fn parse(line: &str) -> Result<Parsed, ItemError> {
    parse_for(line, 0)
}

fn parse_for(line: &str, index: usize) -> Result<Parsed, ItemError> {
    let distributions = distributions();
    let hosts = HostTable::of_living(&distributions);
    parse_line(trimmed(line), &TargetDistribution::new(&distributions[index], &hosts))
}

#[track_caller]
fn item(line: &str) -> String {
    parse(line).unwrap_or_else(|error| panic!("{line:?} {error}")).item.0
}

#[track_caller]
fn refusal(line: &str) -> ItemError {
    match parse(line) {
        Ok(parsed) => panic!("{line:?} became {}", parsed.item),
        Err(error) => error,
    }
}

#[test]
fn a_leading_slash_is_added() {
    let parsed = parse("styles.css").unwrap();
    assert_eq!(parsed.item.as_str(), "/styles.css");
    assert_eq!(parsed.mendings, [Mending::SlashAdded]);
    for (line, path) in [
        ("*", "/*"),
        ("images/*", "/images/*"),
        ("index.html", "/index.html"),
        ("img/logo.png", "/img/logo.png"),
        ("v1.2/x.js", "/v1.2/x.js"),
        ("node.js/x", "/node.js/x"),
        (".well-known/security.txt", "/.well-known/security.txt"),
        ("_next/static/[slug]-1.js", "/_next/static/[slug]-1.js"),
        ("@scope/pkg/index.js", "/@scope/pkg/index.js"),
        ("pkg@1.2.3/index.js", "/pkg@1.2.3/index.js"),
        ("(group)/page", "/(group)/page"),
        ("größe.png", "/gr%C3%B6%C3%9Fe.png"),
        ("%C3%BC/x", "/%C3%BC/x"),
        ("x.js?v=1&y=a,b:c", "/x.js?v=1&y=a,b:c"),
        ("?x=1", "/?x=1"),
        ("about", "/about"),
        ("config.example", "/config.example"),
        ("😀.png", "/%F0%9F%98%80.png"),
    ] {
        assert_eq!(item(line), path);
    }
}

#[test]
fn a_dot_and_a_slash_before_a_path_are_taken_off() {
    for (line, path) in [
        ("./index.html", "/index.html"),
        ("././a/b.css", "/a/b.css"),
        (".//a.css", "/a.css"),
        ("./*", "/*"),
        ("\"./a b.html\"", "/a%20b.html"),
        ("./www.other.example/x", "/www.other.example/x"),
    ] {
        let parsed = parse(line).unwrap();
        assert_eq!(parsed.item.as_str(), path, "{line}");
        assert!(parsed.mendings.contains(&Mending::DotsTaken), "{line}");
    }
}

#[test]
fn a_full_url_of_this_distribution_becomes_its_path() {
    for (line, path) in [
        ("https://www.example.com/a/b.css?v=2", "/a/b.css?v=2"),
        ("HTTP://WWW.EXAMPLE.COM:8080/A", "/A"),
        ("https://d12345678.cloudfront.net", "/"),
        ("https://www.example.com?x=1", "/?x=1"),
        ("//www.example.com/x", "/x"),
        ("www.example.com/x", "/x"),
        ("www.example.com", "/"),
        ("www.example.com:443/x", "/x"),
        ("https://www.example.com/guide#install", "/guide"),
        ("https://www.example.com./x", "/x"),
        ("www.example.com./x", "/x"),
        ("https://www.example.com/my file.pdf", "/my%20file.pdf"),
        ("https://a.b.preview.example.com/x", "/x"),
        // A path that contains a URL is a path.
        ("/go?to=https://other.example.com/", "/go?to=https://other.example.com/"),
        ("/go?to=/a,/b", "/go?to=/a,/b"),
        ("/www.other.example/x", "/www.other.example/x"),
    ] {
        assert_eq!(item(line), path, "{line}");
    }
}

#[test]
fn a_host_is_the_same_in_each_spelling() {
    for line in [
        "https://bücher.example/x",
        "bücher.example/x",
        "BÜCHER.example/x",
        "https://bu\u{308}cher.example/x",
        "https://bücher\u{3002}example/x",
        "//bücher.example./x",
        "https://b%C3%BCcher.example/x",
        "https://xn--bcher-kva.example/x",
    ] {
        assert_eq!(parse_for(line, 2).map(|parsed| parsed.item.0), Ok("/x".to_owned()), "{line}");
        let refused = parse(line).unwrap_err();
        assert_eq!(refused.host(), Some("xn--bcher-kva.example"), "{line}");
    }
}

#[test]
fn marks_around_one_path_are_taken_off() {
    for line in [
        "\"/index.html\"",
        "'/index.html'",
        "`/index.html`",
        "“/index.html”",
        "„/index.html“",
        "«/index.html»",
        "\"'/index.html'\"",
        "\u{feff}/index.html",
        " \u{feff} \"/index.html\" ",
        "ï»¿/index.html",
        "'index.html'",
        "＂/index.html＂",
        "‹/index.html›",
        "´/index.html´",
        "`/index.html'",
        "‚/index.html‘",
        "”/index.html”",
        "<https://www.example.com/index.html>",
        "<URL:https://www.example.com/index.html>",
        "\"https://www.example.com/index.html\"",
    ] {
        assert_eq!(item(line), "/index.html", "{line}");
    }
    assert_eq!(item("'/*'"), "/*");
    assert_eq!(item("\"#tv\""), "#tv");
    assert_eq!(item("\"/a b.html\""), "/a%20b.html");
    assert_eq!(parse("'/*'").unwrap().mendings, [Mending::Unwrapped]);
}

#[test]
fn a_path_with_blanks_commas_or_quotes_is_one_path() {
    for (line, path) in [
        ("/a b.html", "/a%20b.html"),
        ("/my report 1.2 final.pdf", "/my%20report%201.2%20final.pdf"),
        ("/Annual Report.docx final.pdf", "/Annual%20Report.docx%20final.pdf"),
        ("/a,b.html", "/a,b.html"),
        ("/w_100,h_200/a.png", "/w_100,h_200/a.png"),
        ("/a, b/c.png", "/a,%20b/c.png"),
        ("/it's.html", "/it's.html"),
        ("/a\"b.html", "/a%22b.html"),
        ("/search?q=\"d\"", "/search?q=%22d%22"),
        ("/search?q=a,b&c=\"d\"", "/search?q=a,b&c=%22d%22"),
        ("/tag/\"quoted\"", "/tag/%22quoted%22"),
        ("/a?q=\"x y\"", "/a?q=%22x%20y%22"),
        ("/rock 'n'", "/rock%20'n'"),
        ("/P?$filter=a eq 'b'", "/P?$filter=a%20eq%20'b'"),
        ("https://www.example.com/tag/\"quoted\"", "/tag/%22quoted%22"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/path;v=1", "/path;v=1"),
        ("/app.do;jsessionid=A1.node", "/app.do;jsessionid=A1.node"),
        ("/map;u=www.example.com/x", "/map;u=www.example.com/x"),
        ("/img?url=https://other.example/a", "/img?url=https://other.example/a"),
        ("/img?url=https://www.example.com/a", "/img?url=https://www.example.com/a"),
        ("/proxy/https://other.example/x", "/proxy/https://other.example/x"),
        ("/proxy/https://www.example.com/x", "/proxy/https://www.example.com/x"),
        ("/https://other.example/x", "/https://other.example/x"),
        ("/https%3A%2F%2Fother.example%2Fx", "/https%3A%2F%2Fother.example%2Fx"),
        (
            "/image/fetch/w_100,h_100/https://other.example/a.jpg",
            "/image/fetch/w_100,h_100/https://other.example/a.jpg",
        ),
        ("/share?text=a%0Ab", "/share?text=a%0Ab"),
        ("/api?filter={\"a\":1,\"b\":2}", "/api?filter=%7B%22a%22:1,%22b%22:2%7D"),
        ("/{id}.html", "/%7Bid%7D.html"),
        ("/$metadata", "/$metadata"),
        ("/Q & A.html", "/Q%20&%20A.html"),
        ("/a -- b.html", "/a%20--%20b.html"),
        ("/-/merge", "/-/merge"),
        ("/o/images%2Fa.png", "/o/images%2Fa.png"),
        ("/photos／2024.html", "/photos%EF%BC%8F2024.html"),
        ("/c:", "/c:"),
        ("https://www.example.com//double", "//double"),
        ("/tag/„x“", "/tag/%E2%80%9Ex%E2%80%9C"),
        ("/👩\u{200d}💻.png", "/%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB.png"),
        ("/می\u{200c}خواهم", "/%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85"),
    ] {
        assert_eq!(item(line), path, "{line}");
    }
}

#[test]
fn a_tilde_is_never_sent_raw() {
    for line in ["/~ada/x.js", "/%7Eada/x.js", "~ada/x.js", "https://www.example.com/~ada/x.js"] {
        let parsed = parse(line).unwrap();
        assert_eq!((parsed.item.as_str(), parsed.doubts), ("/%7Eada/x.js", vec![Doubt::Tilde]), "{line}");
    }
}

#[test]
fn a_star_is_a_wildcard_only_at_the_end() {
    assert_eq!(item("/images/*"), "/images/*");
    assert_eq!(refusal("/images/*.png"), ItemError::InnerWildcard);
    assert_eq!(refusal("/images/**"), ItemError::InnerWildcard);
}

#[test]
fn length_is_counted_in_the_spelling_that_is_sent() {
    assert_eq!(item(&format!("/{}", "a".repeat(3_999))).len(), 4_000);
    assert_eq!(refusal(&format!("/{}", "a".repeat(4_000))), ItemError::TooLong(4_001));
    assert_eq!(refusal(&format!("/{}", "é".repeat(1_000))), ItemError::TooLong(6_001));
    let endless = format!("/{}", ", ".repeat(1_000_000));
    assert_eq!(refusal(&endless), ItemError::TooLong(2_000_000));
}

#[test]
fn tags_are_checked() {
    assert_eq!(item("#product:electronics"), "#product:electronics");
    assert_eq!(refusal("#"), ItemError::EmptyTag);
    assert_eq!(refusal("#a,b"), ItemError::TagCharacter);
    assert_eq!(refusal("#a b"), ItemError::TagCharacter);
    assert_eq!(refusal("#ü"), ItemError::TagCharacter);
    assert_eq!(refusal("#a*"), ItemError::TagWildcard);
    assert_eq!(refusal(&format!("#{}", "a".repeat(257))), ItemError::TagTooLong(257));
}

#[test]
fn a_tag_where_tags_are_off_is_doubted() {
    let mut distribution = sample();
    distribution.config = Some(DistributionConfig::default());
    let hosts = HostTable::default();
    assert_eq!(
        parse_line("#a", &TargetDistribution::new(&distribution, &hosts)).unwrap().doubts,
        [Doubt::TagsAreOff]
    );
}

#[test]
fn a_signed_url_loses_its_signature() {
    let line = "https://www.example.com/a.mp4?Expires=1&Signature=x&Key-Pair-Id=K1";
    let parsed = parse(line).unwrap();
    assert_eq!(parsed.item.as_str(), "/a.mp4");
    assert!(parsed.mendings.contains(&Mending::SignatureCut));
}

#[test]
fn hosts_are_looked_up_only_where_a_line_may_name_one() {
    for typed in ["", "/a\n#b\n \n/c?d=//e", "\u{feff}/a"] {
        assert!(!may_name_a_host(typed), "{typed}");
    }
    for typed in ["/a\nhttps://x/", "//x", "a.b", "\"/a\"", "/a www.example.com/b", "\u{feff}a.b"] {
        assert!(may_name_a_host(typed), "{typed}");
    }
}
