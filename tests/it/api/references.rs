//! Which distribution is meant, for pipelines and for people: every way of naming one, and the host of every URL.

use cloudfront_sandbox::Distribution;
use serde_json::{Value, json};
use unstale::domain::access::Role;

use super::program::{Program, json, problem};
use crate::support::{Answer, Browser, DOCS, TestApp, WORKSHOP, encoded, seconds};

const PATH: &str = "/api/v1/invalidations";
const APPS: &str = "E1APPS";
const ONE: &str = "E2ONE";

/// A site with `*.apps.example.com` at one distribution, and `a.apps.example.com` at another.
async fn app() -> TestApp {
    let app = TestApp::new().await;
    for (id, aliases) in [
        (APPS, &["*.apps.example.com"][..]),
        (ONE, &["a.apps.example.com", "xn--bcher-kva.example"]),
        ("E3TWO", &["*.twice.example.com"]),
        ("E4TWO", &["*.twice.example.com"]),
    ] {
        let aliases = aliases.iter().map(ToString::to_string).collect();
        let domain = format!("d{}.cloudfront.net", id.to_lowercase());
        let one = Distribution { id: id.to_owned(), domain, aliases, ..Distribution::default() };
        app.world.sandbox.add_distribution(one).unwrap();
    }
    app.world.advance(seconds(300));
    app.world.survey().await;
    app
}

async fn plan(program: &Program, named: &str, item: &str) -> Answer {
    program.post("/api/v1/plan", &json!({"distribution": named, "items": [item]})).await
}

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap()
}

#[tokio::test]
async fn each_way_of_naming_a_distribution_finds_it() {
    let app = app().await;
    let program = Program::operator(&app).await;
    let arn = app.world.distribution(ONE).await.arn;
    for named in [
        ONE,
        " E2ONE ",
        "E2ONE/",
        "e2one",
        &arn,
        "a.apps.example.com",
        "A.APPS.example.com.",
        "a.apps.example.com:443",
        "https://a.apps.example.com/x?y",
        "https://bücher.example/",
        "Bücher.example",
        "de2one.cloudfront.net",
    ] {
        let answer = plan(&program, named, "/x").await;
        answer.assert_status(200);
        assert_eq!(json(&answer)["distribution"], ONE, "{named}");
    }
    let answer = plan(&program, "https://b.c.apps.example.com/", "/x").await;
    assert_eq!(json(&answer)["distribution"], APPS);
    let answer = program.post(PATH, &json!({"distribution": format!("{arn}/"), "items": ["/x"]})).await;
    assert_eq!(json(&answer)["distribution"], ONE);
    for list in [PATH, "/api/v1/audit"] {
        let mut query = encoded(&[("distribution", "https://BÜCHER.example./x")]);
        if list != PATH {
            query.push_str("&action=invalidation.requested");
        }
        let found = json(&program.get(&format!("{list}?{query}")).await);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{list}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_not_found_says_why() {
    let app = app().await;
    let program = Program::operator(&app).await;
    for (named, why) in [
        ("E9NONE", "There is no distribution with the ID E9NONE, or this token may not see it."),
        ("nobody.example.org", "No distribution has nobody.example.org as its domain name or alias"),
        ("x.twice.example.com", "x.twice.example.com is a name of E3TWO and E4TWO; write the ID of one."),
        ("arn:aws:s3:::bucket", "The ARN is not that of a distribution"),
        ("s3://bucket/", "neither an ID such as"),
    ] {
        let told = problem(&plan(&program, named, "/x").await, 404, "not-found");
        assert!(detail(&told).contains(why), "{named}: {told}");
        let told = problem(
            &program.post(PATH, &json!({"distribution": named, "items": ["/x"]})).await,
            404,
            "not-found",
        );
        assert!(detail(&told).contains(why), "{named}: {told}");
    }
    let narrow = Program::new(&app, "narrow", Role::Operator, &[APPS, "E4TWO"]).await;
    let told = problem(&plan(&narrow, "https://a.apps.example.com/", "/x").await, 404, "not-found");
    assert!(
        !detail(&told).contains(ONE),
        "the hidden one is not named, and the wildcard does not stand in for it: {told}"
    );
    assert_eq!(json(&plan(&narrow, "x.twice.example.com", "/x").await)["distribution"], "E4TWO");
    app.finish().await;
}

/// What a plan says of the lines that it refuses.
fn refused(plan: &Answer) -> Vec<String> {
    plan.assert_status(200);
    let lines = json(plan)["lines"].as_array().unwrap().clone();
    let refused = lines.iter().filter(|line| line["verdict"] == "refused");
    refused.map(|line| line["notes"][0].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_more_specific_name_wins_in_plans_requests_and_pages() {
    let app = app().await;
    let (program, ada) = (Program::operator(&app).await, app.operator().await);
    let before = app.kept().await["invalidation"];
    let url = "https://a.apps.example.com/x";
    for line in [url, "a.apps.example.com/x", "//A.apps.example.com./x"] {
        let body = json!({"distribution": APPS, "items": [line]});
        let told = problem(&program.post(PATH, &body).await, 422, "invalid");
        assert!(detail(&told).contains("by a more specific name"), "{told}");
        assert!(refused(&program.post("/api/v1/plan", &body).await)[0].contains("by a more specific name"));
    }
    let page = ada.post("/plan", &[("distribution", APPS), ("items", url)]).await;
    page.assert_says("by a more specific name")
        .assert_says("It is served by a.apps.example.com: choose that one above.");
    let fields = [("distribution", APPS), ("items", url), ("request_key", &crate::support::uuid())];
    ada.post("/invalidations", &fields).await.assert_status(422);
    assert_eq!(app.kept().await["invalidation"], before);
    for (named, line) in [(ONE, url), (APPS, "https://b.apps.example.com/x"), (ONE, "Bücher.example/x")] {
        assert_eq!(json(&plan(&program, named, line).await)["items"], json!(["/x"]), "{line}");
    }
    let narrow = Program::new(&app, "narrow", Role::Operator, &[APPS]).await;
    let told = refused(&plan(&narrow, APPS, url).await);
    assert!(told.len() == 1 && !told[0].contains(ONE), "{told:?}");
    app.finish().await;
}

async fn history(ada: &Browser, q: &str) -> Answer {
    ada.get(&format!("/history?tab=everything&{}", encoded(&[("q", q)]))).await
}

#[tokio::test]
async fn the_history_and_the_look_up_know_who_serves_a_host() {
    let app = app().await;
    let ada = app.operator().await;
    for id in [APPS, ONE] {
        app.world.request_at(id, "/x").await;
    }
    for (q, name, other) in [
        ("https://a.apps.example.com/x", "a.apps.example.com", "*.apps.example.com"),
        ("https://b.apps.example.com/x", "*.apps.example.com", "a.apps.example.com"),
        ("https://bücher.example/x", "a.apps.example.com", "*.apps.example.com"),
        ("BÜCHER.example/x", "a.apps.example.com", "*.apps.example.com"),
    ] {
        let page = history(&ada, q).await;
        let note = page.text("#note");
        assert!(
            note.contains(&format!("at {name},")) && !note.contains(&format!("at {other},")),
            "{q}: {note}"
        );
        assert_eq!(page.count("tbody tr"), 1, "{q}");
    }
    assert!(
        history(&ada, "https://bücher.example/x")
            .await
            .text("#note")
            .contains("xn--bcher-kva.example (bücher.example)")
    );
    let found = async |q: &str| {
        let page = ada.get(&format!("/distributions?{}", encoded(&[("q", q)]))).await;
        page.attributes("a.distribution", "href")
    };
    let arn = app.world.distribution(ONE).await.arn;
    for q in [
        "https://a.apps.example.com/x",
        "bücher.example",
        "BÜCHER",
        "xn--bcher",
        &arn,
        "de2one.cloudfront.net/",
    ] {
        assert_eq!(found(q).await, [format!("/distributions/{ONE}")], "{q}");
    }
    assert_eq!(found("any.where.apps.example.com").await, [format!("/distributions/{APPS}")]);
    for q in ["b.apps.example.com", "https://b.apps.example.com/", APPS] {
        let page = ada.get(&format!("/?{}", encoded(&[("distribution", q)]))).await;
        assert_eq!(page.form("#request").value("distribution"), APPS, "{q}");
    }
    app.finish().await;
}

#[tokio::test]
async fn lists_and_pages_show_both_spellings_of_a_name() {
    let app = app().await;
    let (program, ada) = (Program::operator(&app).await, app.operator().await);
    let both = "xn--bcher-kva.example (bücher.example)";
    ada.get("/distributions").await.assert_says(both);
    ada.get(&format!("/distributions/{ONE}")).await.assert_says(both);
    let found = json(&program.get("/api/v1/distributions?limit=100").await);
    let one = found["items"].as_array().unwrap().iter().find(|one| one["id"] == ONE).unwrap();
    assert_eq!(one["aliases"], json!(["a.apps.example.com", "xn--bcher-kva.example"]));
    assert_eq!(one["aliases_in_unicode"], json!(["bücher.example"]));
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_single_path_is_refused_at_its_line_and_nothing_is_kept() {
    let app = app().await;
    let (program, ada) = (Program::operator(&app).await, app.operator().await);
    let before = app.kept().await["invalidation"];
    for (line, why) in [
        ("/index.html /b.html", "more than one path"),
        ("/index.html,/b.html", "more than one path"),
        ("https://d12345678.cloudfront.net/a https://d12345678.cloudfront.net/b", "more than one path"),
        ("- /index.html", "as an item of a list does"),
        ("\"/index.html", "quotation mark"),
        ("a.apps.example.com/x", "is a URL of a.apps.example.com"),
        ("www.other.example/x", "looks like a host name"),
        ("https%3A//www.example.com/x", "percent-encoded"),
        ("https:/www.example.com/x", "two slashes"),
        ("https:\\\\www.example.com\\x", "two slashes"),
        ("C:/Program Files/Git/index.html", "Git Bash made out of /index.html; set MSYS_NO_PATHCONV=1"),
        (
            "C:/Program Files/Git/a/b.css",
            "Git Bash made out of /a/b.css; set MSYS_NO_PATHCONV=1 before the command",
        ),
        ("/a\u{200b}b", "U+200B (zero width space)"),
        ("../index.html", "parent folder"),
        ("/index.html;/b.html", "with a semicolon"),
        ("/a.html%0A", "control character"),
        ("/index.html --wait", "meant for a shell"),
        ("/${BASE}/x", "not filled in"),
        ("//double", "begins with two slashes"),
        ("me:word@www.example.com/x", "user name or password"),
    ] {
        let body = json!({"distribution": WORKSHOP, "items": ["/fine.html", line]});
        let told = problem(&program.post(PATH, &body).await, 422, "invalid");
        assert_eq!(told["errors"][0]["pointer"], "/items/1", "{line}");
        assert!(detail(&told).contains(why) && !detail(&told).contains("word@"), "{line}: {told}");
        let told = refused(&program.post("/api/v1/plan", &body).await);
        assert!(told.len() == 1 && told[0].contains(why), "{line}: {told:?}");
        let typed = format!("/fine.html\n{line}");
        let fields =
            [("distribution", WORKSHOP), ("items", &typed), ("request_key", &crate::support::uuid())];
        let page = ada.post("/invalidations", &fields).await;
        page.assert_status(422).assert_says("Line 2 ").assert_says(why);
    }
    assert_eq!(app.kept().await["invalidation"], before);
    for event in app.world.history().await {
        let told = format!("{} {:?}", event.event.note, event.event.items.shown);
        assert!(!told.contains("word@"), "{told}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_has_only_one_meaning_is_taken() {
    let app = app().await;
    let program = Program::operator(&app).await;
    let host = app.world.distribution(DOCS).await.aliases[0].clone();
    for (line, item) in [
        ("\u{feff}/index.html".to_owned(), "/index.html"),
        ("'/*'".to_owned(), "/*"),
        ("`/a`".to_owned(), "/a"),
        ("\"/a b.html\"".to_owned(), "/a%20b.html"),
        (format!("<https://{host}/x>"), "/x"),
        (format!("https://{host}./x"), "/x"),
        ("/a b.html".to_owned(), "/a%20b.html"),
        ("./index.html".to_owned(), "/index.html"),
        ("/index.html\r".to_owned(), "/index.html"),
        ("\n/index.html\r\n".to_owned(), "/index.html"),
        ("/search?q=\"d\"".to_owned(), "/search?q=%22d%22"),
    ] {
        let mut items = json(&plan(&program, DOCS, &line).await)["items"].clone();
        if item == "/index.html" {
            // The root object has two paths.
            assert_eq!(items[0], "/", "{line}");
            items = json!([items[1]]);
        }
        assert_eq!(items, json!([item]), "{line}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_text_of_no_line_or_of_several_is_refused() {
    let app = app().await;
    let program = Program::operator(&app).await;
    for (item, why) in [("\u{feff}", "is empty"), ("\r\n", "is empty"), ("/a\n/b", "more than one line")] {
        let told = problem(&plan(&program, DOCS, item).await, 422, "invalid");
        assert!(detail(&told).contains(why), "{item:?} {told}");
    }
    app.finish().await;
}

/// Whether a hidden distribution has a host cannot be found out by asking for it.
#[tokio::test]
async fn a_hidden_host_is_answered_as_an_unknown_one() {
    let app = app().await;
    let narrow = Program::new(&app, "narrow", Role::Operator, &["E3TWO"]).await;
    let told = async |host: &str, line: &str| {
        let told = refused(&plan(&narrow, "E3TWO", &line.replace("HOST", host)).await);
        assert_eq!(told.len(), 1);
        told[0].replace(host, "HOST")
    };
    for (hidden, unknown) in
        [("de2one.cloudfront.net", "de9none.cloudfront.net"), ("a.apps.example.com", "a.none.example.com")]
    {
        for line in ["HOST/x", "HOST", "https://HOST/x", "//HOST/x"] {
            assert_eq!(told(hidden, line).await, told(unknown, line).await, "{line}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_tilde_harms_no_other_item_and_is_found_in_both_spellings() {
    let app = app().await;
    let (program, ada) = (Program::operator(&app).await, app.operator().await);
    let body = json!({"distribution": WORKSHOP, "items": ["/a", "/~ada/x.js", "/b"]});
    let id = json(&program.post(PATH, &body).await)["id"].as_str().unwrap().to_owned();
    app.world.live(40).await;
    let done = json(&program.get(&format!("{PATH}/{id}")).await);
    assert_eq!((&done["state"], &done["items"]), (&json!("completed"), &json!(["/%7Eada/x.js", "/a", "/b"])));
    // Somebody else's tool may have named it raw, where that was taken.
    for q in ["/~ada/x.js", "/%7Eada/x.js", "/%7eada/x.js", "https://nobody.example.org/~ada/x.js"] {
        assert_eq!(history(&ada, q).await.count("tbody tr").min(1), 1, "{q}");
    }
    app.finish().await;
}
