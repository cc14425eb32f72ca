//! The plain way of a request, from the press of the button to its end.

use unstale::{domain::audit::Outcome, workers::Next};

use crate::support::{DOCS, SHOP, WORKSHOP, World, at, seconds};

#[tokio::test]
async fn a_request_is_accepted_watched_and_completed() {
    let world = World::new().await;
    let id = world.request("/index.html\n/styles.css").await;
    assert_eq!(world.state(&id).await, "queued");
    assert_eq!(world.creates().len(), 0, "nothing is sent by the press itself");

    world.submit().await;
    assert_eq!(world.state(&id).await, "in_progress");
    let batch = world.batch(&id).await;
    assert_eq!((batch.first_sent_at, batch.accepted_at, batch.attempts), (Some(at(0)), Some(at(0)), 1));

    world.advance(std::time::Duration::from_millis(18_500));
    world.poll().await;
    assert_eq!(world.state(&id).await, "in_progress");
    world.advance(std::time::Duration::from_millis(1_500));
    world.poll().await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.batch(&id).await.completed_at, Some(at(20)));
    assert_eq!(world.invalidation(&id).await.took(), Some(seconds(20)));

    let creates = world.creates();
    assert_eq!(creates.len(), 1);
    assert_eq!(creates[0].items, ["/", "/index.html", "/styles.css"], "the root object has two paths");
    assert_eq!(creates[0].caller_reference.as_deref(), Some(batch.caller_reference.as_str()));
    assert_eq!(world.sandbox.invalidations(WORKSHOP)[0].id, batch.cloudfront_id.unwrap().as_str());
    world.finish().await;
}

#[tokio::test]
async fn its_history_tells_who_what_why_and_how_it_ended() {
    let world = World::new().await;
    let before = world.head().await;
    let id = world.request("/index.html").await;
    world.live(25).await;
    let events = world.events(&id).await;
    assert_eq!(events, ["invalidation.requested", "batch.accepted", "batch.completed"]);
    assert_eq!(world.events_after(before).await, events, "and nothing else was written");

    let history = world.history().await;
    let events: Vec<_> =
        history.iter().map(|one| &one.event).filter(|one| one.invalidation.is_some()).collect();
    let [asked, accepted, completed] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(asked.acting.actor.name(), "ada@example.com");
    assert_eq!(asked.acting.origin.client_address, "192.0.2.7");
    assert_eq!((asked.reason.as_str(), asked.items.count), ("a new price", 2));
    assert_eq!(asked.items.shown[1].as_str(), "/index.html");
    assert_eq!((accepted.outcome, accepted.new.as_str()), (Outcome::Done, "in_progress"));
    assert!(!accepted.aws_request_id.is_empty(), "the request ID of AWS is kept");
    let batch = world.batch(&id).await;
    assert_eq!(accepted.cloudfront_id, batch.cloudfront_id.unwrap().as_str());
    assert_eq!(accepted.target.id(), batch.id.as_str());
    assert_eq!((completed.at, completed.new.as_str()), (at(20), "completed"));
    world.finish().await;
}

#[tokio::test]
async fn items_reach_cloudfront_as_they_were_planned() {
    let world = World::new().await;
    let id = world.request_at(SHOP, "/a b\n/über.html\n/q?x=1&y=<2>\n#Radio\n/img/*\n/img/x.png").await;
    world.submit().await;
    let mut sent = world.creates()[0].items.clone();
    sent.sort();
    // The cache key has no query strings.
    assert_eq!(sent, ["#Radio", "/%C3%BCber.html", "/a%20b", "/img/*", "/q"]);
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn several_at_once_each_have_their_own_end() {
    let world = World::new().await;
    let first = world.request_at(WORKSHOP, "/a").await;
    let second = world.request_at(SHOP, "/b").await;
    let third = world.request_at(DOCS, "/c\n/d*").await;
    world.live(25).await;
    for id in [first, second, third] {
        assert_eq!(world.state(&id).await, "completed");
    }
    assert_eq!(world.creates().len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn workers_rest_when_there_is_nothing_to_do() {
    let world = World::new().await;
    assert_eq!(world.submit_once().await, Next::Idle);
    assert_eq!(world.poll_once().await, Next::Idle);
    world.request("/a").await;
    assert_eq!(world.submit_once().await, Next::Again);
    assert_eq!(world.submit_once().await, Next::Idle);
    assert_eq!(world.poll_once().await, Next::At(at(4)));
    world.advance(seconds(4));
    assert_eq!(world.poll_once().await, Next::Again);
    assert_eq!(world.poll_once().await, Next::At(at(8)));
    world.finish().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn the_same_way_is_gone_on_postgresql() {
    let world = World::on_postgres().await;
    let id = world.request("/index.html\n/img/*").await;
    world.live(25).await;
    assert_eq!(world.events(&id).await, ["invalidation.requested", "batch.accepted", "batch.completed"]);
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}
