//! A corpus of lines that are no paths: prose, logs, markup, JSON and shell. None of them may become an item.

use super::*;
use crate::{
    distributions::{distribution::tests::sample, host_table::HostTable},
    invalidations::item::{TargetDistribution, parse_line},
};

const FILES: [&str; 7] = [
    "index.html",
    "dist/app.js",
    "/var/www/site/a.css",
    "src/main.ts",
    "./build/x.png",
    "about",
    "/blog/post",
];
const WORDS: [&str; 6] = ["deploy", "cache", "the page", "CloudFront", "a build", "our site"];

const PROSE: [&str; 24] = [
    "We rolled {w} out this morning and {f} looks old.",
    "Could you refresh {f} when {w} is through?",
    "{f} is still the old version for {w}",
    "/index.html is not what {w} should show",
    "/news has been stale since Monday and {w} with it",
    "https://www.example.com/news is down for {w}",
    "See https://www.example.com/{w} for more",
    "- look at {f} after {w}",
    "* {w}: check {f}",
    "1. Open {f} and wait for {w}",
    "## What {w} changes in {f}",
    "> {w} was cached, said Ada about {f}",
    "Note: {f}, {w} and others",
    "Thanks!",
    "Hello {w},",
    "OK",
    "| {f} | {w} |",
    "|---|---|",
    "Re: {w} ({f})",
    "ada@example.com wrote about {f}:",
    "/remind me to refresh {f} when we have {w}",
    "@ada please clear {w}",
    "**{w}** and `{f}`",
    "[1]: see {f} of {w}",
];
const LOGS: [&str; 22] = [
    "2026-11-28 06:08:21 200 GET {f} in 12 ms",
    "2026-11-28T06:08:21Z INFO {w}: read {f}",
    "[06:08:21] {w} finished {f}",
    "10.0.0.1 - - [28/Nov/2026:06:08:21 +0000] \"GET /{f} HTTP/1.1\" 200 512",
    "Nov 28 06:08:21 web1 nginx[12]: open() \"/{f}\" failed ({w})",
    "/index.html 200 {w}",
    "/api/users GET 200 12ms",
    "/app/dist/server.js:10:15",
    "    at run (/app/{f}:10:15)",
    "  File \"/app/{f}\", line 3, in {w}",
    "ERROR: {w} failed for {f}",
    "error[E0432]: unresolved import `{f}`",
    "  --> src/main.rs:3:5",
    "warning: {f} is unused in {w}",
    "npm ERR! code ELIFECYCLE {w}",
    "added 120 packages in 3s",
    "/bin/sh: 1: {w}: not found",
    "/upload: {f} to s3://site/{f}",
    "{f}: No such file or directory",
    "#12 DONE 0.4s {w}",
    "Step 3/7 : COPY {f} .",
    "ITEMS\t2026-11-28T01:00:00.000Z\tI2\tInProgress",
];
const MARKUP: [&str; 22] = [
    "<a href=\"/{f}\">{w}</a>",
    "<img src=\"{f}\" alt=\"{w}\"",
    "/>",
    "/></div>",
    "</section>",
    "<!-- {w} {f} -->",
    "<loc>https://www.example.com/{f}</loc>",
    "/<loc>https://www.example.com/a</loc>",
    "<lastmod>2026-11-28</lastmod>",
    "![{w}]({f})",
    "[{w}]({f})",
    "```",
    "---",
    "====",
    "####",
    "{% include \"{f}\" %}",
    "{{ url_for('{f}') }}",
    "<% {w} %>",
    ".card { background: url({f}) }",
    "@import \"{f}\";",
    "/* {w} in {f} */",
    "&nbsp;{w}",
];
const JSON: [&str; 20] = [
    "{\"name\": \"{f}\", \"text\": \"{w}\"}",
    "\"file\": \"{f}\",",
    "\"{w}\": [",
    "\"files\": [\"{f}\"]",
    "{\"level\":\"info\",\"path\":\"/{f}\",\"msg\":\"{w}\"}",
    "[{\"Key\":\"{w}\",\"Value\":\"{f}\"}]",
    "[\"{w}\", \"es2020\", \"dom\"]",
    "[1, 2, 3]",
    "{",
    "}",
    "},",
    "],",
    "[]",
    "{}",
    "null",
    "true,",
    "\"{w}\": true",
    "\"paths\": { \"@/*\": [\"./src/*\"] },",
    "- name: {w}",
    "path: {f}",
];
const SHELL: [&str; 32] = [
    "$ ls -la {f}",
    "aws s3 cp {f} s3://site/{f}",
    "aws s3 sync dist s3://site --delete",
    "rm -rf {f}",
    "cd /var/www/site && git pull",
    "export BASE={f}",
    "if [ -f {f} ]; then",
    "fi",
    "done",
    "esac",
    "for f in {f}; do",
    "#!/bin/bash",
    "#!/usr/bin/env node",
    "# clear {w}",
    "/usr/bin/env bash",
    "/usr/local/bin/python3 manage.py {w}",
    "/etc/init.d/nginx restart",
    "~/site/index.html",
    "curl -I https://www.example.com/{f}",
    "echo \"{w}\" > {f}",
    "cat <<EOF",
    "sudo",
    "--delete",
    "main()",
    "console.log({w})",
    "return {f};",
    "import x from \"{f}\"",
    "const page = fetch(`/{f}`)",
    "check(",
    "restart)",
    ".await",
    "#BASE=\"{f}\"",
];

/// The lines of all templates, with each file and each word in them.
fn corpus() -> Vec<String> {
    let templates = [&PROSE[..], &LOGS, &MARKUP, &JSON, &SHELL].concat();
    let pairs = FILES.iter().flat_map(|file| WORDS.iter().map(move |word| (file, word)));
    pairs
        .flat_map(|(file, word)| {
            templates.iter().map(move |line| line.replace("{f}", file).replace("{w}", word))
        })
        .collect()
}

/// What would be sent of the text.
fn sent(text: &str) -> Vec<String> {
    let (distribution, hosts) = (sample(), HostTable::default());
    let target = TargetDistribution::new(&distribution, &hosts);
    let is_sent = |entry: &Entry| match &entry.reading {
        Reading::Typed(typed) | Reading::TypedFor(_, typed) => parse_line(typed, &target).is_ok(),
        Reading::File(_) | Reading::AsSent(_) => true,
        Reading::Skipped(_) | Reading::Refused(_) => false,
    };
    read(text).iter().filter(|entry| is_sent(entry)).map(|entry| entry.typed.clone()).collect()
}

#[test]
fn lines_that_are_no_paths_become_no_items() {
    let lines = corpus();
    let mut taken: Vec<String> = lines.iter().flat_map(|line| sent(line)).collect();
    taken.sort();
    taken.dedup();
    assert!(lines.len() > 2_000 && taken.is_empty(), "{} of {}: {taken:#?}", taken.len(), lines.len());
}

#[test]
fn a_text_of_such_lines_gives_no_items() {
    let lines = corpus();
    let none = Vec::<String>::new();
    assert_eq!(sent(&lines.join("\n")), none);
    for part in lines.chunks(30) {
        assert_eq!(sent(&part.join("\n")), none, "{part:#?}");
    }
}

#[test]
fn sources_of_this_program_give_no_items_as_a_whole() {
    for text in [include_str!("../../intake.rs"), include_str!("../csv_table.rs"), include_str!("../json.rs")]
    {
        let none = Vec::<String>::new();
        assert_eq!(sent(text), none);
    }
}

#[test]
fn a_path_among_such_lines_is_still_one() {
    let text = format!("{}\n/news\n/news/*\nhttps://www.example.com/a", PROSE[..3].join("\n"));
    assert_eq!(sent(&text), ["/news", "/news/*", "https://www.example.com/a"]);
}

#[test]
fn an_opened_comment_is_no_wildcard() {
    assert_eq!(sent("/*\nLooks at the page.\n*/\nint main(void)\n"), Vec::<String>::new());
    assert_eq!(sent("/*\n/a/*\n"), ["/*", "/a/*"]);
}
