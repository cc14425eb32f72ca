//! Tests with lines that are not items, and their error messages.

use super::*;

#[test]
fn a_url_of_another_distribution_is_refused_with_the_reason() {
    let refused = refusal("https://shop.example.com/a").to_string();
    assert!(refused.contains("shop.example.com") && refused.contains("www.example.com"), "{refused}");
    for line in ["off.example.com/x", "off.example.com", "off.example.com:443/x", "//off.example.com/x"] {
        assert!(matches!(refusal(line), ItemError::OtherDistribution { .. }), "{line}");
    }
    for line in [
        "www.other.example/x",
        "www.other.example",
        "other.example/x",
        "example.de/x",
        "shop.com",
        "10.0.0.1/x",
        "localhost:3000/x",
        "xn--80ak6aa92e.xn--p1ai/x",
        "app.internal:8080/x",
    ] {
        assert!(matches!(refusal(line), ItemError::UnknownHost { .. }), "{line}: {}", refusal(line));
    }
    assert_eq!(refusal("s3://bucket/key"), ItemError::OtherScheme);
    for line in [
        "https://",
        "https:///x",
        "//",
        "// a comment",
        "https://exa mple/x",
        "https://www..example.com/x",
        "www..example.com",
        "www..example.com/x",
    ] {
        assert_eq!(refusal(line), ItemError::NoHost, "{line}");
    }
}

#[test]
fn a_host_that_another_serves_by_a_more_specific_name_is_the_others() {
    let more = ItemError::MoreSpecificDistribution { host: "one.preview.example.com".to_owned() };
    for line in
        ["https://one.preview.example.com/x", "one.preview.example.com/x", "//ONE.preview.example.com."]
    {
        assert_eq!(refusal(line), more, "{line}");
        assert!(parse_for(line, 1).is_ok(), "{line}");
    }
    assert_eq!(item("https://two.preview.example.com/x"), "/x");
    assert_eq!(item("https://x.one.preview.example.com/x"), "/x", "an exact name covers nothing below it");
}

#[test]
fn secrets_of_a_url_are_refused_and_not_repeated() {
    for line in [
        "https://me:pw@www.example.com/",
        "me:pw@www.example.com/x",
        "me@www.example.com/x",
        "me:pw@anything/x",
        "//me:pw@www.example.com/x",
    ] {
        assert_eq!(refusal(line), ItemError::Credentials, "{line}");
    }
    for line in [
        "\"https://me:pw@www.example.com/x",
        "https:/me:pw@www.example.com/x",
        "/a https://me:pw@www.example.com/x",
        "https://me:pw@www.example.com/\u{200b}",
        "me:pw@www.exam\u{200b}ple.com/",
        "me:pw\u{200b}@www.example.com/",
        "https://me:pw@/x",
    ] {
        let refused = refusal(line).to_string();
        assert!(!refused.contains("pw@") && !refused.contains("me:pw"), "{line}: {refused}");
    }
}

#[test]
fn what_is_not_one_path_is_refused_and_named() {
    for (line, wanted) in [
        ("/index.html /b.html", "more than one path, with a space"),
        ("/index.html  https://www.example.com/b", "more than one path, with a space"),
        ("https://www.example.com/a https://www.example.com/b", "more than one path, with a space"),
        ("www.example.com/a off.example.com/b", "more than one path, with a space"),
        ("/a.html b.html", "more than one path, with a space"),
        ("/a #tag", "more than one path, with a space"),
        ("/index.html,/b.html", "more than one path, with a comma"),
        ("/index.html, /b.html", "more than one path"),
        ("/a,https://www.example.com/b", "more than one path, with a comma"),
        ("/a?v=1,/b?v=2", "more than one path, with a comma"),
        ("/index.html,", "ends with a comma"),
        ("index.html b.html", "has spaces and does not begin with /"),
        ("Please refresh the home page", "has spaces and does not begin with /"),
        ("a.css,b.css", "',' in it and does not begin with /"),
        ("- /index.html", "begins with \"-\""),
        ("* /index.html", "begins with \"*\""),
        ("+ /index.html", "begins with \"+\""),
        ("• /index.html", "begins with \"•\""),
        ("> /index.html", "begins with \">\""),
        ("1. /index.html", "begins with \"1.\""),
        ("12) /index.html", "begins with \"12)\""),
        ("(3) /index.html", "begins with \"(3)\""),
        ("[x] /index.html", "begins with \"[x]\""),
        ("a) /index.html", "begins with \"a)\""),
        ("- [ ] /index.html", "begins with \"-\""),
        ("\"/index.html", "quotation mark \""),
        ("/index.html\"", "%22"),
        ("/tag/\"a\" b\"", "quotation mark \""),
        ("/index.html”", "quotation mark ”"),
        ("'/a' '/b'", "quotation mark '"),
        ("\"/a\",\"/b\"", "quotation mark \""),
        ("\"/a\",", "quotation mark \""),
        ("``", "empty quotes"),
        ("</index.html>", "markup"),
        ("<loc>https://www.example.com/x</loc>", "markup"),
        ("[a](https://www.example.com/x)", "markup"),
        ("https%3A//www.example.com/x", "percent-encoded"),
        ("https%3a%2f%2fwww.example.com%2fx", "percent-encoded"),
        ("https:/www.example.com/x", "two slashes"),
        ("HTTPS:\\\\www.example.com\\x", "two slashes"),
        ("http:www.example.com/x", "two slashes"),
        ("https//www.example.com/x", "two slashes"),
        ("https://www.example.com\\x", "backslash"),
        ("C:/Program Files/Git/index.html", "Git Bash made out of /index.html"),
        ("C:/Program Files/Git/*", "Git Bash made out of /*"),
        ("C:\\msys64\\images\\a.png", "Git Bash made out of /images/a.png"),
        ("C:/Users/me/AppData/Local/Programs/Git/a/b.css", "Git Bash made out of /a/b.css"),
        ("D:\\site\\index.html", "Windows computer"),
        ("\\index.html", "backslash"),
        ("C:/Program Files/Git/index.html", "or write //index.html with two slashes"),
        ("C:/Program Files/Git/a.html C:/Program Files/Git/b.html", "made out of /a.html; set"),
        ("/C:/Program Files/Git/index.html", "Git Bash made out of /index.html"),
        ("/D:/site/index.html", "Windows computer"),
        ("../index.html", "parent folder"),
        ("/../index.html", "parent folder"),
        ("./../index.html", "parent folder"),
        ("..", "parent folder"),
        ("/index.html;/b.html", "more than one path, with a semicolon"),
        ("/index.html; /b.html", "more than one path"),
        ("/index.html|/b.html", "more than one path, with a vertical bar"),
        ("/index.html;", "ends with a semicolon"),
        ("?;", "ends with a semicolon"),
        ("a?`'", "%27"),
        ("index.html?v=1;", "ends with a semicolon"),
        ("https://www.example.com/x;https://www.example.com/y", "with a semicolon"),
        ("https://www.example.com/x|https://www.example.com/y", "with a vertical bar"),
        ("https://www.example.com/xhttps://www.example.com/y", "URL directly after"),
        ("https://www.example.com/xHTTPS://off.example.com/y", "URL directly after"),
        ("/a.html\\n/b.html", "more than one path, with \\n"),
        ("/a.html\\r\\n/b.html", "more than one path, with \\n"),
        ("/a.html\\nhttps://www.example.com/b", "more than one path, with \\n"),
        ("/index.html\\n", "more than one path, with \\n"),
        ("/index.html, b.html", "more than one path, with a comma"),
        ("/index.html,b.html", "more than one path, with a comma"),
        ("/index.html;b.html", "more than one path, with a semicolon"),
        ("/a\t/b", "with a tab"),
        ("/a%0A", "control character, %0A"),
        ("/a%0db", "control character, %0d"),
        ("/%00/x", "control character, %00"),
        ("/a%09b", "control character, %09"),
        ("/a%1F", "control character, %1F"),
        ("/a%7F", "control character, %7F"),
        ("/a?v=1%0D", "control character, %0D"),
        ("/index.html \\", "meant for a shell"),
        ("/index.html\\", "meant for a shell"),
        ("/index.html --wait", "has \"--wait\" in it"),
        ("/index.html --reason=secret", "has \"--reason\" in it"),
        ("/index.html 2>&1", "has \"2>&1\" in it"),
        ("/index.html &", "has \"&\" in it"),
        ("/index.html > log.txt", "has \">\" in it"),
        ("+/index.html", "begins with \"+\""),
        ("-/index.html", "begins with \"-\""),
        ("•/index.html", "begins with \"•\""),
        ("☑/x", "begins with \"☑\""),
        ("1./index.html", "begins with \"1.\""),
        ("(/index.html)", "'(' in it"),
        ("%2Findex.html", "%2F as its first slash"),
        ("www.example.com%2Fx", "%2F as its first slash"),
        ("images%252Fx.png", "%2F as its first slash"),
        ("／index.html", "write /"),
        ("https：//www.example.com/x", "write :"),
        ("$BASE/index.html", "has $ in it, of a variable"),
        ("/$BASE/index.html", "has $ in it, of a variable"),
        ("/${BASE}/x", "has ${ in it, of a variable"),
        ("/$(Build.Id)/x", "has $( in it, of a variable"),
        ("/{{ base }}/x", "has {{ in it, of a variable"),
        ("https://www.example.com/${BASE}", "has ${ in it, of a variable"),
        ("/{a,b}.html", "braces with a choice"),
        ("/a{1..3}.html", "braces with a choice"),
        ("/https%3A//www.example.com/x", "slash before it"),
        ("/https%3A%2F%2Fwww.example.com%2Fx", "slash before it"),
        ("/https:/www.example.com/x", "slash before it"),
        ("/https://off.example.com/x", "slash before it"),
        ("//double", "https://www.example.com//"),
        ("//server/x", "begins with two slashes"),
        ("///x", "begins with two slashes"),
        ("https://www.example.com:99999/x", "port"),
        ("www.example.com:99999/x", "port"),
        ("#a, #b", "several tags"),
        ("#a;#b", "several tags"),
        ("#a #b", "several tags"),
        ("images\\a.png", "backslash"),
        ("mailto:ada@example.com", "user name"),
        ("https://www.example.com/b<https://www.example.com/b>", "directly after the first"),
        ("https://www.example.com/a→https://www.example.com/b", "directly after the first"),
        ("谢谢！", "'！' in it"),
        ("首页还是旧的，请刷新", "'，' in it"),
        ("./assets:", "':' in it"),
        ("/home/ada/site/dist/index.html", "on a computer"),
        ("/builds/group/site/public/index.html", "on a computer"),
        ("/root/x.html", "on a computer"),
        ("javascript:void(0)", "':' in it"),
        ("key=value", "'=' in it"),
        ("{", "'{' in it"),
        ("],", "',' in it"),
        ("---", "neither a letter nor a digit"),
        ("/a\u{200b}b", "U+200B (zero width space), as its character 3"),
        ("/a\u{feff}b", "U+FEFF (byte-order mark)"),
        ("/a\u{ad}b", "%C2%AD"),
        ("/a\u{202e}b", "U+202E"),
        ("/a\u{a0}b", "U+00A0 (no-break space)"),
        ("/a\u{2066}b", "U+2066"),
        ("/a\u{200d}b", "U+200D"),
        ("/a\u{2028}b", "U+2028"),
    ] {
        let refused = refusal(line).to_string();
        assert!(refused.contains(wanted), "{line:?} {refused}");
    }
}

#[test]
fn two_slashes_help_git_bash_only_where_there_is_no_further_one() {
    for (line, meant) in [
        ("C:/Program Files/Git/images/a.png", "/images/a.png"),
        ("C:/Program Files/Git/a.html C:/Program Files/Git/b.html", "/a.html"),
    ] {
        let told = refusal(line).to_string();
        assert!(told.contains(&format!("made out of {meant}; set MSYS_NO_PATHCONV=1")), "{told}");
        assert!(!told.contains("two slashes"), "{told}");
    }
}

#[test]
fn control_characters_and_broken_escapes_are_refused() {
    assert_eq!(refusal("/a\u{0}b"), ItemError::ControlCharacter);
    assert_eq!(refusal("/a\u{7f}"), ItemError::ControlCharacter);
    assert_eq!(refusal("/100%"), ItemError::BrokenEscape);
    assert_eq!(refusal("/a#b"), ItemError::InnerHash);
}

#[test]
fn lines_of_other_texts_are_mostly_refused() {
    let texts = [
        include_str!("../../../../../../README.md"),
        include_str!("../../../../../../Cargo.lock"),
        include_str!("../line.rs"),
    ];
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).map(trimmed).collect();
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).take(6_000).collect();
    let taken: Vec<&&str> = lines.iter().filter(|line| parse(line).is_ok()).collect();
    assert!(
        lines.len() > 2_000 && taken.len() * 50 < lines.len(),
        "{} of {}: {taken:?}",
        taken.len(),
        lines.len()
    );
}
