//! The insights: what a month came to, on the page and as files, and only what one may see.

use unstale::{
    domain::access::Role,
    store::invalidations::batches,
    workers::{InsightsCounter, Next},
};

use crate::support::{Answer, DOCS, SHOP, START, TestApp, WORKSHOP, lines, seconds};

/// Brings the sums up to the history.
async fn count(app: &TestApp) {
    let counter = InsightsCounter::new(app.world.database.db.clone(), app.world.clock.clone());
    while counter.tick().await.unwrap() == Next::Again {}
}

/// A large request on one distribution; two on another, which are sent together; and one that somebody makes with the
/// console. All have completed.
async fn used() -> TestApp {
    let app = TestApp::new().await;
    app.world.request_at(WORKSHOP, &lines(30, |n| format!("/img/{n}.png"))).await;
    app.world.request_at(SHOP, "/prices.html\n/cart/*").await;
    app.world.request_at(SHOP, "/prices.html").await;
    app.console(SHOP, "console", &["/outside-a", "/outside-b"]).await;
    app.world.live(40).await;
    app.world.advance(seconds(130));
    app.world.survey().await;
    count(&app).await;
    app
}

/// The records of a file, each with its cells; no cell of these has a comma.
fn records(answer: &Answer) -> Vec<Vec<String>> {
    let body = answer.body.strip_prefix('\u{feff}').expect("a mark for Excel");
    let rows = body.split_terminator("\r\n");
    rows.map(|row| row.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_page_says_what_a_month_came_to() {
    let app = used().await;
    let page = app.viewer().await.get("/insights").await;
    page.assert_status(200).assert_says("November 2026, all accounts");
    let figures = page.texts(".figure");
    assert!(figures[0].contains("Billable paths 34"), "{figures:?}");
    assert!(figures[0].contains("1,000 are free; about"), "{figures:?}");
    assert!(figures[1].contains("Expected bill $0.00 last month $0.00"), "{figures:?}");
    assert!(figures[2].contains("median; 95 % within"), "{figures:?}");
    let row = |selector: &str, begins: &str| {
        let rows = page.texts(&format!("{selector} tbody tr"));
        let found = rows.iter().find(|row| row.starts_with(begins));
        found.cloned().unwrap_or_else(|| panic!("{begins} is not in {rows:?}"))
    };
    assert_eq!(row("#days", "2026-11-23"), "2026-11-23 32 2");
    assert_eq!(row("#days", "2026-11-30"), "2026-11-30 0 0");
    assert!(row("#distributions", "shop.example.com").ends_with("3 4 12 %"));
    assert!(page.text("#distributions").contains(
        "30 single paths below /img/ in one request on 23 November. One /img/* would have cost 1."
    ));
    assert_eq!(row("#items", "/prices.html"), "/prices.html shop.example.com 2");
    assert_eq!(row("#requesters", "ada@example.com"), "ada@example.com person 3 33");
    assert_eq!(row("#requesters", "Not known"), "Not known outside Unstale 1 2");
    assert!(row("#savings", "/img/*").ends_with("1 30 29"));
    page.assert_says("One tag for each would have saved 29 paths");
    page.assert_says("Nothing was refused, postponed or lost in November 2026.");
    // The numbers behind each picture are in a table, and a picture says what it shows.
    assert_eq!((page.count("svg[role=img][aria-label]"), page.count(".behind table")), (2, 2));
    assert_eq!(page.count("nav a[href='/insights'][aria-current=page]"), 1);
    app.finish().await;
}

#[tokio::test]
async fn the_bill_is_that_of_the_budget() {
    let app = used().await;
    let month = START.start_of_month();
    let account = app.world.distribution(SHOP).await.account().to_owned();
    let until = app.world.now();
    let taken =
        app.world.database.get(async |conn| batches::taken_between(conn, &account, month, until).await).await;
    let vera = app.viewer().await;
    let page = vera.get("/insights").await;
    let bill = page.text("#bills tbody tr");
    assert!(bill.starts_with(&format!("{account} {} $0.00", taken.billed)), "{bill}");
    let file = records(&vera.get("/insights.csv?table=accounts").await);
    assert_eq!(file[1][..4], [account, taken.billed.to_string(), "0".to_owned(), "0.00".to_owned()]);
    app.finish().await;
}

#[tokio::test]
async fn each_table_is_a_file() {
    let app = used().await;
    let vera = app.viewer().await;
    let days = vera.get("/insights.csv").await;
    assert!(days.header("content-disposition").unwrap().contains("unstale-insights-days-2026-11.csv"));
    let days = records(&days);
    assert_eq!(
        days[0][..9].join(" "),
        "day distribution name account invalidations invalidations_outside items paths paths_outside"
    );
    let shop = days.iter().find(|row| row[1] == SHOP).unwrap();
    assert_eq!(shop[4..9].join(" "), "2 1 5 2 2");
    assert!(days.iter().all(|row| row.len() == days[0].len()), "{days:?}");
    for (table, row) in [
        ("items", format!("{SHOP},/prices.html,2")),
        ("requesters", "person,ada@example.com,3,33".to_owned()),
        ("wildcards", format!("{WORKSHOP},/img/*,1,30,29,30,2026-11-23")),
    ] {
        let file = vera.get(&format!("/insights.csv?month=2026-11&table={table}")).await;
        file.assert_status(200);
        assert!(file.body.contains(&row), "{table}: {}", file.body);
    }
    let completion = records(&vera.get("/insights.csv?table=completion").await);
    let completed: u64 = completion[1..].iter().map(|row| row[2].parse::<u64>().unwrap()).sum();
    // Two requests of the shop waited together, and what was made outside is not timed.
    assert_eq!(
        completed,
        app.world.at_cloudfront(WORKSHOP) as u64 + app.world.at_cloudfront(SHOP) as u64 - 1
    );
    vera.get("/insights.csv?table=failures").await.assert_status(200);
    vera.get("/insights.csv?table=planets").await.assert_status(400).assert_says("The tables are: days,");
    app.finish().await;
}

#[tokio::test]
async fn nobody_sees_what_is_not_granted() {
    let app = used().await;
    let eve = app.narrowed("eve@example.com", Role::Viewer, &[DOCS, WORKSHOP], "/").await;
    let page = eve.get("/insights").await;
    page.assert_says("the distributions that you may see").assert_silent_about("/prices.html");
    assert!(page.text(".figure").contains("Billable paths 30"), "{}", page.text(".figure"));
    assert_eq!(page.count("#distributions tbody tr"), 1);
    page.assert_says("so its bill counts those too that you may not see");
    for table in ["days", "items", "requesters", "wildcards", "completion"] {
        let file = eve.get(&format!("/insights.csv?table={table}")).await;
        file.assert_status(200).assert_silent_about(SHOP).assert_silent_about("/outside");
    }
    assert_eq!(records(&eve.get("/insights.csv").await).len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn earlier_months_are_a_click_away() {
    let app = used().await;
    let vera = app.viewer().await;
    let page = vera.get("/insights").await;
    assert!(!page.has("nav[aria-label=Months] a[href='/insights?month=2026-12']"), "it is still to come");
    let earlier = vera.get(&page.attribute("nav[aria-label=Months] a", "href")).await;
    earlier
        .assert_says("October 2026, all accounts")
        .assert_says("CloudFront accepted no paths in October 2026.");
    assert!(earlier.texts(".figure")[1].contains("Bill $0.00 the month before $0.00"));
    assert!(earlier.has("nav[aria-label=Months] a[href='/insights?month=2026-11']"));
    assert_eq!(earlier.attributes("#month option[selected]", "value"), ["2026-10"]);
    for wrong in ["2026-12", "yesterday", "2026-1"] {
        vera.get(&format!("/insights?month={wrong}"))
            .await
            .assert_status(400)
            .assert_says("Write it like 2026-11");
        vera.get(&format!("/insights.csv?month={wrong}")).await.assert_status(400);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_month_that_has_just_begun_leads_to_the_one_before() {
    let app = used().await;
    app.world.advance(seconds(9 * 86_400));
    let page = app.viewer().await.get("/insights").await;
    page.assert_says("Nothing was invalidated in December 2026. See November 2026");
    assert_eq!(page.attribute("main .notice a", "href"), "/insights?month=2026-11");
    app.finish().await;
}

#[tokio::test]
async fn words_of_people_are_no_formulas_and_no_markup() {
    let app = TestApp::new().await;
    let hostile = app.signed_in("=cmd|<b>@example.com", Role::Operator).await;
    let fields = [("distribution", WORKSHOP), ("items", "/a"), ("request_key", &crate::support::uuid())];
    hostile.post("/invalidations", &fields).await.assert_status(303);
    count(&app).await;
    let page = hostile.get("/insights").await;
    assert!(!page.has("#requesters b") && page.text("#requesters").contains("=cmd|<b>@example.com"));
    let file = hostile.get("/insights.csv?table=requesters").await;
    assert!(file.body.contains(",'=cmd|<b>@example.com,1,1"), "{}", file.body);
    app.finish().await;
}

#[tokio::test]
async fn a_page_says_when_the_history_is_still_being_counted() {
    let app = TestApp::new().await;
    for n in 0..2_100 {
        app.world.request(&format!("/{n}")).await;
    }
    let vera = app.viewer().await;
    vera.get("/insights").await.assert_says("events of the history are still to be counted");
    count(&app).await;
    assert!(!vera.get("/insights").await.has("main .notice"));
    app.finish().await;
}
