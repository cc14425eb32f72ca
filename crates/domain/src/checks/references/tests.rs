//! Tests what is read of a page, well-formed or not, and what follows from its references.

use std::time::Duration;

use proptest::strategy::Strategy as _;
use url::Url;

use super::*;
use crate::{
    checks::{Answer, CheckCause, Judgement, Look, LookFailure, Verdict, XCache},
    time::Timestamp,
};

const PAGE: &str = "https://www.example.com/docs/page.html?a=1";

fn read_bytes(page: &str, html: &[u8], policies: &[&str]) -> Vec<Reference> {
    let url = Url::parse(page).unwrap();
    let is_own_host = |host: &str| matches!(host, "www.example.com" | "static.example.com");
    page_references(&PageSource { url: &url, beginning: html, policies, is_own_host: &is_own_host })
}

/// Each reference as its kind's initial and its URL, without the page's host: `S/site.css`.
fn shown(references: &[Reference]) -> String {
    let one = |reference: &Reference| {
        let kind = match reference.kind {
            ReferenceKind::StyleSheet => "S",
            ReferenceKind::Script => "J",
            ReferenceKind::Image => "I",
            ReferenceKind::Other => "O",
        };
        let mixed = if reference.is_mixed { "!" } else { "" };
        let url = reference.url.as_str();
        format!("{mixed}{kind}{}", url.strip_prefix("https://www.example.com").unwrap_or(url))
    };
    references.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn read(html: &str) -> String {
    shown(&read_bytes(PAGE, html.as_bytes(), &[]))
}

/// Shows all rows that differ.
fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<_> = rows
        .iter()
        .filter(|(html, wanted)| read(html) != *wanted)
        .map(|(html, wanted)| format!("{html}: {}, not {wanted}", read(html)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_page_names_what_it_loads() {
    check(&[
        ("<link rel=stylesheet href=/site.css>", "S/site.css"),
        ("<LINK REL='Alternate StyleSheet' HREF='a.css'/>", "S/docs/a.css"),
        (r#"<link rel="shortcut icon" href="../f.ico">"#, "I/f.ico"),
        (
            "<link rel=modulepreload href=m.mjs><link rel=preload as=font href=f.woff2>",
            "J/docs/m.mjs O/docs/f.woff2",
        ),
        ("<link rel=preload as=style href=/a><link rel=preload as=script href=/b>", "S/a J/b"),
        ("<script src=/a.js></script><script type=module src=/b.js defer></script>", "J/a.js J/b.js"),
        ("<script type='Text/JavaScript; charset=utf-8' src=a.js></script>", "J/docs/a.js"),
        ("<img src=a.png srcset=' , b.png 1x, c.png 2x'>", "I/docs/a.png I/docs/b.png"),
        ("<img srcset='a.png, b.png 2x'>", "I/docs/a.png"),
        ("<img src='//static.example.com/a.png'>", "Ihttps://static.example.com/a.png"),
        ("<img src='/a.png?x=1&amp;y=2&#38;z#top'>", "I/a.png?x=1&y=2&z"),
        ("<img src=' \n/a\tb.png '>", "I/ab.png"),
        ("<img src='/caf\u{e9} x.png'>", "I/caf%C3%A9%20x.png"),
        // Once each, and a preload takes the kind of what it is for.
        ("<link rel=preload as=fetch href=/a><link rel=stylesheet href=/a#x><img src=/a>", "S/a"),
        ("<img src=/a.png data-src=/b.png src=/c.png>", "I/a.png"),
    ]);
}

#[test]
fn what_a_browser_does_not_load_is_left_out() {
    for html in [
        "<a href=/a.css>",
        "<link href=/a.css>",
        "<link rel=stylesheet>",
        "<link rel=canonical href=/b>",
        "<link rel=preconnect href=/>",
        "<link rel=preload href=/a.css>",
        "<link rel=preload as=document href=/a>",
        "<link rel=stylesheet/less type=text/css href=a.less>",
        "<link rel=stylesheet type=text/less href=a>",
        "<link rel=stylesheet href=a.css disabled>",
        "<script>var a = '<img src=/a.png>'</script>",
        "<script type=application/json src=/a.json></script>",
        "<script nomodule src=/old.js></script>",
        "<script src></script><img src=''><img src='#top'><img src='?a=1'><img srcset=' , '>",
        "<img src=data:image/png;base64,AAAA><img src=blob:x><img src=javascript:x><img src='about:blank'>",
        "<img srcset='data:image/svg+xml,x, /a 2x'>",
        "<img src=https://cdn.example/a.png>",
        "<img src=https://www.example.com:8443/a.png><img src=https://u:p@www.example.com/a.png>",
        "<img src='https://www.example.com.evil.example/a'><img src='https:\\\\evil.example/a'><img src='http://['>",
        "<!-- <img src=/a.png> --><![CDATA[ <img src=/b.png> -->",
        "<textarea><img src=/a></textarea>",
        "<title><img src=/a></title><style><img src=/a></style><iframe><img src=/a></iframe>",
        "<noscript><link rel=stylesheet href=/a.css><img src=/pixel></noscript>",
        "<template><img src=/a><template></template><base href=/x/><img src=/b></template>",
        "<noscript><img src=/a>",
        "<template><img src=/a>",
        "<plaintext><img src=/a>",
    ] {
        assert_eq!(read(html), "", "{html}");
    }
    // What comes after it is loaded again.
    check(&[
        ("</template><template><img src=/a></template></template><img src=b>", "I/docs/b"),
        ("<noscript><img src=/a></noscript><img src=/b>", "I/b"),
        ("<!-- > <img src=/a> --><img src=/b><!--><img src=/c>", "I/b I/c"),
    ]);
}

#[test]
fn relative_urls_follow_the_base() {
    check(&[
        ("<img src=a><base href=/x/><img src=a><base href=/y/><img src=b>", "I/docs/a I/x/a I/x/b"),
        (
            "<base target=_top><base href=https://static.example.com/x/y><img src=a>",
            "Ihttps://static.example.com/x/a",
        ),
        ("<base href=https://cdn.example/><img src=a><img src=/b><img src=//www.example.com/c>", "I/c"),
        // The first one counts even if it is of no use.
        ("<base href=data:x><base href=/x/><img src=a>", "I/docs/a"),
        ("<base href='http://['><base href=/x/><img src=a>", "I/docs/a"),
        ("<base href=' /x/ '><img src=a>", "I/x/a"),
    ]);
}

#[test]
fn scripts_and_style_sheets_by_http_are_mixed_content_and_images_are_not() {
    check(&[
        ("<script src=http://cdn.example/a.js></script>", "!Jhttp://cdn.example/a.js"),
        ("<base href=http://www.example.com/><link rel=stylesheet href=/a.css>", "!Shttp://www.example.com/a.css"),
        ("<img src=http://www.example.com/a.png><img src=http://cdn.example/a.png>", "I/a.png"),
        ("<link rel=preload as=script href=http://cdn.example/a.js>", ""),
        ("<script src=http://localhost/a></script><script src=http://127.0.0.2/a></script>", ""),
        ("<script src='http://[::1]/a'></script><script src=http://dev.localhost:8080/a></script>", ""),
        (
            "<meta http-equiv=Content-Security-Policy content='default-src https:; Upgrade-Insecure-Requests'>
             <script src=http://www.example.com/a.js></script><script src=http://cdn.example/a.js></script>",
            "J/a.js",
        ),
        ("<meta http-equiv=refresh content=upgrade-insecure-requests><script src=http://a.example/></script>",
            "!Jhttp://a.example/"),
    ]);
    let html = b"<script src=http://www.example.com/a.js></script>";
    let upgraded = read_bytes(PAGE, html, &["img-src *", "x, upgrade-insecure-requests;"]);
    assert_eq!(shown(&upgraded), "J/a.js");
    // A page by HTTP has no mixed content.
    let page = read_bytes("http://www.example.com/", html, &[]);
    assert_eq!(shown(&page), "Jhttp://www.example.com/a.js");
}

#[test]
fn any_bytes_are_read_within_bounds() {
    let many: String = (0..100).map(|n| format!("<img src=/{n}.png>")).collect();
    assert_eq!(read_bytes(PAGE, many.as_bytes(), &[]).len(), REFERENCES_MAX);
    // The cut is in the middle of a tag, of a value and of an entity.
    let rest = "<img src=/a.png><img src='/b.png?x=1&amp;y'><script src=/c.js></script>";
    for cut in 0..rest.len() {
        let filler = "x".repeat(READ - cut);
        let found = read(&format!("{filler}{rest}"));
        assert!("I/a.png I/b.png?x=1&y J/c.js".starts_with(&found), "{cut}: {found}");
        assert_eq!(found, read(&rest[..cut]), "{cut}");
    }
    let long = "a".repeat(URL_MAX);
    assert_eq!(read(&format!("<img src=/{long}><img src=/b>")), "I/b");
    let huge = "a=b ".repeat(100_000);
    assert_eq!(read(&format!("<img src=/a><img {huge} src=/b>")), "I/a");
    let open = "<template>".repeat(6_000);
    assert_eq!(read(&format!("<img src=/a>{open}<img src=/b>")), "I/a");
    for (html, found) in [
        (&b"<img src=/a\0b><\0img src=/c><im\0g src=/d>"[..], "I/a%EF%BF%BDb"),
        (b"<img src=/caf\xe9><img src=/b><img \xff src=/c>", "I/b I/c"),
        (b"\xef\xbb\xbf<img src=/a>", "I/a"),
        (b"<img src=/a <img src=/b>", "I/a"),
        (b"<img src='/a><img src=/b>", ""),
        (b"<img/src=/a/><img\x0csrc=/b>", "I/a/ I/b"),
        (b"<\0i\0m\0g\0 \0s\0r\0c\0=\0/\0a\0>\0", ""),
        (b"\x1f\x8b\x08\0\0\0<", ""),
        (b"", ""),
    ] {
        assert_eq!(shown(&read_bytes(PAGE, html, &[])), found, "{html:?}");
    }
}

proptest::proptest! {
    #[test]
    fn bytes_of_any_kind_give_own_urls_only(parts in proptest::collection::vec(
        proptest::prop_oneof![
            proptest::sample::select(vec![
                "<img ", "src=", "'", "\"", ">", "/", "<script ", "</script>", "<base href=", "http://", "//",
                "evil.example", "www.example.com", "<!--", "-->", "<link rel=stylesheet href=", "&amp;", "&#", "@", ":", "\0",
            ]).prop_map(|text| text.as_bytes().to_vec()),
            proptest::collection::vec(proptest::num::u8::ANY, 0..4),
        ], 0..60)) {
        for reference in read_bytes(PAGE, &parts.concat(), &[]) {
            let host = reference.url.host_str().unwrap_or_default().to_owned();
            let is_own = matches!(host.as_str(), "www.example.com" | "static.example.com");
            let is_plain = reference.url.scheme() == "https" && reference.url.port().is_none() && reference.url.username().is_empty();
            proptest::prop_assert!(reference.is_mixed || (is_own && is_plain), "{reference:?}");
        }
    }
}

fn reference(kind: ReferenceKind, is_mixed: bool) -> Reference {
    Reference { url: Url::parse("https://www.example.com/a").unwrap(), kind, is_mixed }
}

#[test]
fn a_look_tells_whether_a_file_loads() {
    use ReferenceKind::{Image, Other, Script, StyleSheet};
    use ReferenceOutcome::{Loads, NoAnswer, OtherPage, Status, Unknown};
    let html = |status| Answer { status, is_html: true, ..Answer::default() };
    let error_page = |status| Answer { x_cache: Some(XCache::Error), ..html(status) };
    let plain = |status| Answer { status, ..Answer::default() };
    for (kind, outcome, beginning, expected) in [
        (StyleSheet, Ok(plain(200)), "<", Loads),
        (StyleSheet, Ok(plain(206)), "body {}", Loads),
        (StyleSheet, Ok(html(200)), "body {}", Loads),
        (StyleSheet, Ok(html(200)), "\u{feff}\n <!doctype html>", OtherPage),
        (Script, Ok(html(200)), "<html>", OtherPage),
        (Image, Ok(html(200)), "<html>", OtherPage),
        (Image, Ok(html(200)), "\u{0}PNG", Loads),
        (Other, Ok(html(200)), "<html>", Loads),
        (Other, Ok(error_page(200)), "", OtherPage),
        (Image, Ok(Answer { is_html: false, ..error_page(200) }), "", OtherPage),
        (Image, Ok(plain(403)), "", Status(403)),
        (Other, Ok(html(404)), "<html>", Status(404)),
        (Script, Ok(plain(503)), "", Status(503)),
        (Script, Ok(plain(429)), "", Unknown),
        (Script, Ok(plain(304)), "", Unknown),
        (Script, Ok(plain(301)), "", Unknown),
        (Script, Err(LookFailure::AnswerTimeout), "", NoAnswer),
        (Script, Err(LookFailure::ConnectionRefused), "", NoAnswer),
        (Script, Err(LookFailure::NotLooked), "", Unknown),
        (Script, Err(LookFailure::RedirectNotFollowed), "", Unknown),
        (Script, Err(LookFailure::AddressRefused), "", Unknown),
    ] {
        let look = Look { at: Timestamp::from_micros(0), duration: Duration::ZERO, outcome };
        let seen = ReferenceOutcome::of(&reference(kind, false), &look, beginning.as_bytes());
        assert_eq!(seen, expected, "{kind:?} {:?} {beginning:?}", look.outcome);
    }
}

#[test]
fn references_make_a_judgement_worse_and_never_better() {
    use ReferenceOutcome::{Loads, Mixed, NoAnswer, OtherPage, Status, Unknown};
    let judged = |verdict, cause, outcomes: &[ReferenceOutcome]| {
        let reference = reference(ReferenceKind::Script, false);
        let seen: Vec<_> = outcomes
            .iter()
            .map(|outcome| ReferenceSeen { reference: &reference, outcome: *outcome })
            .collect();
        let judgement = judge_references(Judgement { verdict, cause }, &seen);
        format!("{} {}", judgement.verdict.as_str(), judgement.cause.map_or("", CheckCause::as_str))
    };
    for (outcomes, expected) in [
        (&[][..], "fresh "),
        (&[Loads, Unknown], "fresh "),
        (&[Loads, Status(404)], "broken reference_missing"),
        (&[Status(500), Loads], "broken reference_missing"),
        (&[OtherPage], "broken reference_missing"),
        (&[NoAnswer], "broken reference_missing"),
        (&[Loads, Mixed, Mixed], "broken mixed_content"),
        (&[Mixed, Status(403)], "broken reference_missing"),
    ] {
        assert_eq!(judged(Verdict::Fresh, None, outcomes), expected, "{outcomes:?}");
    }
    for (verdict, cause, expected) in [
        (Verdict::Unchanged, CheckCause::OriginUnchanged, "broken reference_missing"),
        (Verdict::Unclear, CheckCause::NoAge, "broken reference_missing"),
        (Verdict::Unclear, CheckCause::TooEarly, "unclear too_early"),
        (Verdict::Stale, CheckCause::OldAtEdge, "stale old_at_edge"),
        (Verdict::Broken, CheckCause::TextMissing, "broken text_missing"),
    ] {
        assert_eq!(judged(verdict, Some(cause), &[Status(404)]), expected);
        let unharmed = format!("{} {}", verdict.as_str(), cause.as_str());
        assert_eq!(judged(verdict, Some(cause), &[Loads, Unknown]), unharmed);
    }
}

#[test]
fn scripts_are_read_up_to_their_own_bound() {
    let images: String = (0..REFERENCES_MAX).map(|number| format!("<img src={number}.png>")).collect();
    let html = format!("{images}<script src=http://www.example.com/m.js></script><script src=a.js></script>");
    let url = Url::parse(PAGE).unwrap();
    let is_own_host = |host: &str| host == "www.example.com";
    let page = PageSource { url: &url, beginning: html.as_bytes(), policies: &[], is_own_host: &is_own_host };
    assert_eq!(shown(&page_scripts(&page)), "J/docs/a.js");
}
