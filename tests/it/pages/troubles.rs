//! Each trouble with AWS has its own words, on the page of the invalidation or above every page.

use std::time::Duration;

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    cloudfront::{CloudFront, Connect},
    commands,
    domain::{
        id::{DistributionId, InvalidationId},
        invalidations::{
            invalidation::NewInvalidation,
            item::Item,
            problem::{Problem, ProblemKind},
        },
    },
    store::accounts,
    workers::{Next, Submitter, WorkerContext},
};

use crate::support::{Answer, Browser, TestApp, WORKSHOP, acting, items, page_of, uuid};

async fn show(browser: &Browser, id: &InvalidationId) -> Answer {
    let page = browser.get(&page_of(id)).await;
    page.assert_status(200);
    page
}

/// Past the plan, which would have refused or mended it: one batch of exactly these items.
async fn request_anyway(app: &TestApp, texts: Vec<Item>) -> InvalidationId {
    let new = NewInvalidation::from_batches(
        DistributionId::from_trusted(WORKSHOP),
        vec![texts.clone()],
        texts[0].clone(),
        String::new(),
        unstale::domain::id::RequestKey::from_trusted(uuid()),
        commands::new_uuid,
    );
    commands::request_invalidation(&app.world.command_context, &acting(), &new).await.unwrap();
    new.id
}

/// Sends with another way to AWS than the world's.
async fn submit_through(app: &TestApp, cloudfront: CloudFront) {
    let submitter = Submitter::new(WorkerContext { cloudfront, ..app.world.worker_context.clone() });
    for _ in 0..100 {
        if submitter.tick().await.unwrap() != Next::Again {
            return;
        }
    }
    panic!("the submitter never comes to rest");
}

#[tokio::test]
async fn what_cloudfront_refuses_for_good_says_what_to_do() {
    let app = TestApp::new().await;
    let ada = app.operator().await;

    let invalid = request_anyway(&app, items(&["/a b"])).await;
    app.world.submit().await;
    let page = show(&ada, &invalid).await;
    page.assert_says("CloudFront refused the items").assert_says("correct it with Repeat");
    page.assert_says("InvalidArgument").assert_silent_about("cloudfront:CreateInvalidation");

    let many = (0..3_100).map(|n| Item::from_trusted(format!("/{n}"))).collect();
    let large = request_anyway(&app, many).await;
    let mut raw = app.world.database.raw().await;
    // Our own limits would hold it back for ever.
    raw.run(&format!("UPDATE batch SET path_count = 1 WHERE invalidation_id = '{large}'")).await.unwrap();
    app.world.submit().await;
    let page = show(&ada, &large).await;
    page.assert_says("The batch is larger than CloudFront accepts").assert_says("Split the request");

    app.world.sandbox.remove_distribution(WORKSHOP);
    let gone = app.world.request("/styles.css").await;
    app.world.advance(Duration::from_secs(30));
    app.world.submit().await;
    let page = show(&ada, &gone).await;
    page.assert_says("CloudFront does not know this distribution").assert_says("It may have been deleted");
    for id in [&invalid, &large, &gone] {
        assert_eq!(app.world.state(id).await, "failed");
        assert!(show(&ada, id).await.has("form[action$='/retry']"));
    }
    app.finish().await;
}

#[tokio::test]
async fn what_passes_says_that_it_goes_on_by_itself() {
    for (kind, headline, advice) in [
        (
            FaultKind::Throttle,
            "AWS asks for a slower pace",
            "No action needed: Unstale tries again automatically",
        ),
        (FaultKind::ServerError, "CloudFront is unavailable at the moment", "No action needed"),
        (
            FaultKind::Reset,
            "The connection to AWS broke before it answered",
            "Unstale tries again automatically.",
        ),
        (
            FaultKind::Lost,
            "The connection to AWS broke before it answered",
            "Unstale tries again automatically.",
        ),
        (FaultKind::Empty, "CloudFront's answer could not be read", "so that nothing is sent twice"),
    ] {
        let app = TestApp::new().await;
        let ada = app.operator().await;
        let id = app.world.request("/styles.css").await;
        app.world.fault(Fault::new("CreateInvalidation", kind));
        app.world.submit().await;
        let page = show(&ada, &id).await;
        page.assert_says(headline).assert_says(advice);
        assert!(!page.has(".panel.trouble"), "{headline}: it mends itself");
        assert!(!page.has("form[action$='/retry']"), "{headline}");
        // It does, and the words go.
        app.world.sandbox.set_faults(Vec::new());
        app.world.live(40).await;
        let page = show(&ada, &id).await;
        assert_eq!(app.world.state(&id).await, "completed", "{headline}");
        assert!(!page.texts("h2").iter().any(|h2| h2 == headline), "{headline} stays");
        assert_eq!(app.world.at_cloudfront(WORKSHOP), 1);
        app.finish().await;
    }
}

#[tokio::test]
async fn too_many_in_progress_waits() {
    let app = TestApp::slow(Duration::from_mins(1)).await;
    let ada = app.operator().await;
    let others: Vec<String> = (0..15).map(|n| format!("/console-{n}/*")).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    app.console(WORKSHOP, "console", &others).await;
    let id = app.world.request("/mine/*").await;
    app.world.submit().await;
    let page = show(&ada, &id).await;
    page.assert_says("as many invalidations in progress as CloudFront allows");
    page.assert_says("Unstale goes on as soon as others have completed");
    app.finish().await;
}

#[tokio::test]
async fn an_account_that_aws_refuses_is_told_above_every_page() {
    for (key, headline, advice) in [
        ("AKIAEXPIRED", "The AWS credentials have expired", "Renew them where Unstale gets them"),
        ("AKIAINVALID", "AWS does not accept the credentials", "Check the access key and its secret"),
    ] {
        let app = TestApp::new().await;
        let ada = app.operator().await;
        let id = app.world.request("/styles.css").await;
        let refused = CloudFront::at(&app.world.sandbox.api_url(), key, "secret", Connect::default());
        submit_through(&app, refused).await;
        assert_eq!(app.world.state(&id).await, "queued", "nothing is lost");
        for path in ["/", "/history", "/distributions", &format!("/distributions/{WORKSHOP}"), &page_of(&id)]
        {
            let page = ada.get(path).await;
            assert_eq!(page.text("#banners strong"), headline, "{path}");
            assert_eq!(page.count("#banners .banner"), 1);
            page.assert_says(advice).assert_says("nothing is lost").assert_says("of account 123456789012");
        }
        // It is accepted all the same, and goes on once the credentials are good.
        let form = ada.get("/").await.form("#request").with("distribution", WORKSHOP).with("items", "/b");
        ada.press(&form).await.assert_status(303);
        app.world.live(60).await;
        assert_eq!(app.world.state(&id).await, "completed");
        assert!(!ada.get("/").await.has("#banners .banner"));
        app.finish().await;
    }
}

#[tokio::test]
async fn no_network_is_told() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    // Nothing listens there.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = CloudFront::at(&format!("http://{nowhere}"), "AKIATEST", "secret", Connect::default());
    submit_through(&app, dead).await;
    let page = show(&ada, &id).await;
    page.assert_says("AWS cannot be reached").assert_says("cloudfront.amazonaws.com, port 443");
    assert_eq!(app.world.state(&id).await, "queued");
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_told() {
    let connect = Connect { attempt: Duration::from_millis(300), ..Connect::default() };
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    app.world.next_create(FaultKind::Hang);
    let impatient = CloudFront::at(&app.world.sandbox.api_url(), "AKIATEST", "secret", connect);
    submit_through(&app, impatient).await;
    show(&ada, &id).await.assert_says("AWS did not answer in time");
    app.finish().await;
}

#[tokio::test]
async fn the_other_troubles_of_an_account_have_words_too() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for (kind, headline, advice) in [
        (ProblemKind::NoCredentials, "Unstale has no AWS credentials", "AWS_SECRET_ACCESS_KEY"),
        (ProblemKind::ClockSkew, "This server's clock is wrong", "best with NTP"),
    ] {
        let problem =
            Problem { kind, code: String::new(), message: "message of the SDK".to_owned(), request_id: None };
        let now = app.world.now();
        let write = async |tx: &mut unstale::store::Tx| {
            accounts::pause(tx, "123456789012", &problem, now, now.plus(Duration::from_secs(30))).await
        };
        app.world.database.write(write).await;
        let page = ada.get("/").await;
        assert_eq!(page.text("#banners strong"), headline);
        page.assert_says(advice);
    }
    app.finish().await;
}

#[tokio::test]
async fn distributions_work_while_aws_is_out_of_reach_and_say_how_old_they_are() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    ada.get("/distributions").await.assert_says("5, read from CloudFront just now");
    app.world.sandbox.change_settings(|settings| settings.reachable = false);
    app.world.advance(Duration::from_mins(12));
    app.world.survey().await;
    for path in ["/", "/distributions", &format!("/distributions/{WORKSHOP}")] {
        let page = ada.get(path).await;
        page.assert_status(200);
        assert_eq!(page.count("#banners .banner"), 1, "{path}");
        page.assert_says("CloudFront's last answer came 12 min ago.")
            .assert_says("StudentWebsiteDistribution");
    }
    let list = ada.get("/distributions").await;
    list.assert_says("read from CloudFront 12 min ago ; the last attempt failed");
    assert_eq!(list.count("a.distribution"), 5);
    // Requests are accepted all the same.
    let form = ada.get("/").await.form("#request").with("distribution", WORKSHOP).with("items", "/a");
    ada.press(&form).await.assert_status(303);

    app.world.sandbox.change_settings(|settings| settings.reachable = true);
    app.world.live(60).await;
    let list = ada.get("/distributions").await;
    assert!(!list.has("#banners .banner"), "{}", list.text("#banners"));
    assert_eq!(app.world.recent().await[0].state.as_str(), "completed");
    app.finish().await;
}
