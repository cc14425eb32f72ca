//! JSON, sitemaps, tables, commands and links.

use super::*;

#[test]
fn batches_of_cloudfront_are_read_item_by_item() {
    let batch = "{\n  \"Paths\": {\n    \"Quantity\": 2,\n    \"Items\": [\n      \"/a\\u00fc\",\n      \"/b*\", \"c\"\n    ]\n  },\n  \"CallerReference\": \"1\"\n}";
    let wanted = [(5, "typed /aü"), (6, "typed /b*"), (6, "refused BadBatchItem")];
    assert_eq!(numbered(batch), wanted.map(|(number, told)| (number, told.to_owned())));
    check(&[
        (
            r#"{"InvalidationBatch":{"Paths":{"Quantity":1,"Items":["/*"]},"CallerReference":"x"}}"#,
            &["typed /*"],
        ),
        (r##"{"Quantity":1,"Items":["#tag"]}"##, &["typed #tag"]),
        (
            r#"{"Location":"x","Invalidation":{"Id":"I1","InvalidationBatch":{"Paths":{"Quantity":1,"Items":["/a"]}}}}"#,
            &["typed /a"],
        ),
        (
            "/typed\n{\"Paths\":{\"Quantity\":1,\n\"Items\":[\"/a\"]}}\nabout",
            &["typed /typed", "typed /a", "typed about"],
        ),
        (r#"["/a", "https://www.example.com/b"]"#, &["typed /a", "typed https://www.example.com/b"]),
    ]);
}

#[test]
fn lists_of_keys_in_json_are_names() {
    check(&[
        (
            "[\n    \"index.html\",\n    \"100% cotton.html\",\n    \"star*\"\n]",
            &["listed bucket:index.html", "listed bucket:100% cotton.html", "listed bucket:star*"],
        ),
        (r#"{"Contents":[{"Key":"a/b.html","Size":2}],"Name":"site"}"#, &["listed site:a/b.html"]),
        (r#"[{"Key":"a.html"},{"Key":"what?.html"}]"#, &["listed bucket:a.html", "listed bucket:what?.html"]),
        (r#"{"Deleted":[{"Key":"a.html"}]}"#, &["deleted bucket:a.html"]),
        (r#"[{"Key":"env","Value":"prod"}]"#, &["refused UnknownJson"]),
        (r#"["es2020", "dom"]"#, &["refused UnknownJson"]),
        (r#"["@babel/env", "a.js"]"#, &["refused UnknownJson"]),
        ("[1, 2]", &["refused UnknownJson"]),
        ("{}", &["refused UnknownJson"]),
        (r#"{"level":"info","path":"/a"}"#, &["refused UnknownJson"]),
    ]);
}

#[test]
fn events_that_were_passed_on_are_read() {
    let event = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a+b.html"}}}]}"#;
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let of_sns = format!(r#"{{"Type":"Notification","Message":"{}"}}"#, quoted(event));
    let texts = [
        of_sns.clone(),
        format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":"{}"}}}}]}}"#, quoted(event)),
        format!(r#"{{"Messages":[{{"MessageId":"1","Body":"{}"}}]}}"#, quoted(event)),
        format!(r#"{{"Records":[{{"messageId":"1","body":"{}"}}]}}"#, quoted(&of_sns)),
    ];
    for text in texts {
        assert_eq!(told(&text), ["written b:a b.html"], "{text}");
    }
    assert_eq!(told(r#"{"Message":"the deploy is done"}"#), ["refused UnknownJson"]);
}

#[test]
fn keys_of_events_are_decoded() {
    let event = |name: &str, key: &str| {
        format!(
            r#"{{"Records":[{{"eventName":"{name}","s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}"}}}}}}]}}"#
        )
    };
    check(&[
        (&event("ObjectCreated:Put", "a+b/%C3%BC%2B.html"), &["written b:a b/ü+.html"]),
        (&event("s3:ObjectRemoved:Delete", "x"), &["deleted b:x"]),
        (&event("ObjectTagging:Put", "x"), &["skipped Unchanged"]),
        (&event("ObjectCreated:Put", "%FF"), &["refused UndecodableName"]),
        (
            r#"{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"a.html"}}}"#,
            &["written b:a.html"],
        ),
        (
            r#"{"source":"aws.s3","detail-type":"Object Created","detail":{"object":{"key":"a+b"}}}"#,
            &["refused AmbiguousKey"],
        ),
    ]);
}

#[test]
fn sitemaps_give_their_locations() {
    let sitemap = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n  <url>\n    \
        <loc>https://www.example.com/a?b=1&amp;c=2</loc>\n    <image:image><image:loc>https://i.example/x.png</image:loc></image:image>\n  \
        </url>\n  <url><loc>\n  https://www.example.com/b\n  </loc></url>\n</urlset>\n/typed";
    let wanted = [
        (4, "typed https://www.example.com/a?b=1&c=2"),
        (8, "typed https://www.example.com/b"),
        (11, "typed /typed"),
    ];
    assert_eq!(numbered(sitemap), wanted.map(|(number, told)| (number, told.to_owned())));
    check(&[
        (
            "<sitemapindex>\n<sitemap><loc>https://www.example.com/s1.xml</loc></sitemap></sitemapindex>",
            &["refused SitemapOfIndex"],
        ),
        (
            "<urlset><url><loc>https://www.example.com/a</loc></url><url><lo",
            &["typed https://www.example.com/a", "refused BrokenSitemap"],
        ),
        ("<!DOCTYPE urlset>\n<urlset></urlset>", &["typed <!DOCTYPE urlset>", "refused BrokenSitemap"]),
        ("<?xml version=\"1.0\"?><!DOCTYPE u [<!ENTITY a \"b\">]><urlset/>", &["refused DocumentType"]),
        (
            "<url>\n<loc>https://www.example.com/a</loc>\n<lastmod>2026-01-01</lastmod>\n</url>",
            &[
                "skipped SitemapDetail",
                "typed https://www.example.com/a",
                "skipped SitemapDetail",
                "skipped SitemapDetail",
            ],
        ),
        ("<loc>https://www.example.com/a</loc>", &["typed <loc>https://www.example.com/a</loc>"]),
        (
            "<?xml version=\"1.0\"?>\n<plist>\n</plist>",
            &["typed <?xml version=\"1.0\"?>", "typed <plist>", "typed </plist>"],
        ),
    ]);
}

#[test]
fn tables_give_their_column_of_urls() {
    check(&[
        (
            "title,URL,clicks\nHome,https://www.example.com/,5\n\"a, b\",\"https://www.example.com/x,y\",2\nc,,1\nd,e,1",
            &[
                "skipped Progress",
                "typed https://www.example.com/",
                "typed https://www.example.com/x,y",
                "skipped EmptyRow",
                "refused RowWithoutUrl { column: 2 }",
            ],
        ),
        (
            "Top pages;Clicks\nhttps://www.example.com/a;3",
            &["skipped Progress", "typed https://www.example.com/a"],
        ),
        ("path\thits\n/a b\t3", &["skipped Progress", "typed /a b"]),
        (
            "path,slug,permalink\ncontent/a.md,a,https://www.example.com/a/",
            &["skipped Progress", "typed https://www.example.com/a/"],
        ),
        (
            "200,https://www.example.com/a\n404,https://www.example.com/b",
            &["typed https://www.example.com/a", "typed https://www.example.com/b"],
        ),
        // A path may have commas.
        ("/a,b.html\n/c,d.html", &["typed /a,b.html", "typed /c,d.html"]),
    ]);
    let gaps = "url,n\n\n\"https://www.example.com/a\",\"two\nlines\"\n\nhttps://www.example.com/b,2";
    let wanted = [
        (1, "skipped Progress"),
        (3, "typed https://www.example.com/a"),
        (6, "typed https://www.example.com/b"),
    ];
    assert_eq!(numbered(gaps), wanted.map(|(number, told)| (number, told.to_owned())));
}

#[test]
fn lines_that_only_look_like_paths_are_refused_among_others() {
    check(&[
        ("*", &["typed *"]),
        ("*\nhttps://www.example.com/a", &["refused LoneStar", "typed https://www.example.com/a"]),
        ("URL\nhttps://www.example.com/a", &["refused Heading", "typed https://www.example.com/a"]),
        ("path\n/a", &["refused Heading", "typed /a"]),
        ("path\nabout", &["typed path", "typed about"]),
        ("path", &["typed path"]),
        ("Page path and screen class,Views\n/,500\n/a,5", &["skipped Progress", "typed /", "typed /a"]),
        (
            "<urlset><url><loc>https://www.example.com/a</loc></url></urlset>\n<!-- XML Sitemap generated by Yoast SEO -->\n/b",
            &["typed https://www.example.com/a", "skipped SitemapDetail", "typed /b"],
        ),
    ]);
}

#[test]
fn commands_give_their_paths() {
    check(&[
        (
            "aws cloudfront create-invalidation --distribution-id E1 --paths \"/*\" '/a b' /c --output text",
            &["typed for E1 /*", "typed for E1 /a b", "typed for E1 /c"],
        ),
        (
            "$ AWS_PROFILE=x aws cloudfront create-invalidation --paths=/a --distribution-id E1 && echo /b",
            &["typed for E1 /a"],
        ),
        (
            "aws cloudfront create-invalidation --distribution-id E1 --paths /a to clear it",
            &[
                "typed for E1 /a",
                "refused BadCommandPath",
                "refused BadCommandPath",
                "refused BadCommandPath",
            ],
        ),
        (
            r#"aws cloudfront create-invalidation --distribution-id E1 --invalidation-batch '{"Paths":{"Quantity":1,"Items":["/a"]},"CallerReference":"x"}'"#,
            &["typed for E1 /a"],
        ),
        (
            r#"{"DistributionId":"E1","InvalidationBatch":{"Paths":{"Quantity":1,"Items":["/a"]},"CallerReference":"x"}}"#,
            &["typed for E1 /a"],
        ),
        // The shell has put something in the place of the variable, or not.
        ("aws cloudfront create-invalidation --distribution-id $ID --paths /a", &["typed /a"]),
        (
            "aws cloudfront create-invalidation --distribution-id E1 --paths /bin /boot /etc /usr /var",
            &["refused ExpandedByShell"; 5],
        ),
        (
            "\"x\": \"aws cloudfront create-invalidation --paths '/*'\",\naws cloudfront create-invalidation --paths /a\n/b",
            &["refused UnclosedCommand", "typed /a", "typed /b"],
        ),
        (
            "aws cloudfront create-invalidation --distribution-id E1 --invalidation-batch file://i.json",
            &["refused PathsElsewhere"],
        ),
        (
            "aws cloudfront create-invalidation `\r\n  --distribution-id E1 `\r\n  --paths /a `\r\n  /b",
            &["skipped Command", "skipped Command", "typed for E1 /a", "typed for E1 /b"],
        ),
        ("aws cloudfront create-invalidation --distribution-id E1", &["refused CommandWithoutPaths"]),
        ("aws cloudfront create-invalidation --paths '/a", &["refused UnclosedCommand"]),
    ]);
    let broken = "aws cloudfront create-invalidation \\\n  --distribution-id E1 \\\r\n  --paths \"/a\" \\\n    '/b c'\n/typed";
    let wanted = [
        (1, "skipped Command"),
        (2, "skipped Command"),
        (3, "typed for E1 /a"),
        (4, "typed for E1 /b c"),
        (5, "typed /typed"),
    ];
    assert_eq!(numbered(broken), wanted.map(|(number, told)| (number, told.to_owned())));
}

#[test]
fn links_are_read_and_other_items_of_lists_are_not() {
    check(&[
        ("<https://www.example.com/a?x=1&amp;y=2|the page>", &["typed https://www.example.com/a?x=1&y=2"]),
        ("[the page](https://www.example.com/a)", &["typed https://www.example.com/a"]),
        ("[the page](https://www.example.com/a \"A title\")", &["typed https://www.example.com/a"]),
        ("- [the page](https://www.example.com/a)", &["typed https://www.example.com/a"]),
        ("* https://www.example.com/a", &["typed https://www.example.com/a"]),
        ("- [x] <https://www.example.com/a>", &["typed https://www.example.com/a"]),
        ("3. https://www.example.com/a", &["typed https://www.example.com/a"]),
        ("- /a", &["typed - /a"]),
        ("- https://www.example.com/a is old", &["typed - https://www.example.com/a is old"]),
        (
            "[a](https://www.example.com/a) [b](https://www.example.com/b)",
            &["typed [a](https://www.example.com/a) [b](https://www.example.com/b)"],
        ),
        ("[a](/b)", &["typed [a](/b)"]),
    ]);
}

#[test]
fn lines_of_several_sources_may_stand_together() {
    check(&[(
        "/a\nupload: dist/b.html to s3://site/b.html\nhttps://www.example.com/c\n#tag\n M dist/d.html\nimages/*",
        &[
            "typed /a",
            "written site:b.html",
            "typed https://www.example.com/c",
            "typed #tag",
            "written local:dist/d.html",
            "typed images/*",
        ],
    )]);
}

#[test]
fn stars_of_comments_are_no_wildcards() {
    check(&[
        (
            "/**\n * Runs it.\n *\n */\nabout",
            &["refused Comment", "typed * Runs it.", "refused Comment", "typed */", "refused AmongOtherText"],
        ),
        ("/*\n*/", &["refused Comment", "typed */"]),
        ("/*\n/a", &["typed /*", "typed /a"]),
        ("*", &["typed *"]),
    ]);
}

#[test]
fn what_stands_behind_json_on_its_last_line_is_not_lost() {
    for text in ["[\n\"/a\"\n], /b", "[\n]A", "{\n} {\"Key\": \"b\"}"] {
        let last = text.lines().count();
        assert!(numbered(text).iter().any(|(number, _)| *number == last), "{text:?}: {:?}", numbered(text));
    }
    assert_eq!(numbered("[\n\"/a\"\n],").len(), 1, "a comma says nothing");
}
