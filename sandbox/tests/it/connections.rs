//! Faults: what is done, what is answered, and how the connection ends.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use cloudfront_sandbox::{Fault, FaultKind};

use crate::support::{Answer, SHOP, WORKSHOP, World, batch, invalidations};

const CREATE: &str = "CreateInvalidation";

async fn meet(world: &World, fault: Fault) -> std::io::Result<Answer> {
    world.sandbox.set_faults(vec![fault]);
    world.try_call("POST", &invalidations(WORKSHOP), &batch("r", &["/a"])).await
}

fn made(world: &World) -> usize {
    world.sandbox.invalidations(WORKSHOP).len()
}

#[tokio::test]
async fn refusals_leave_nothing_behind() {
    let world = World::new().await;
    let cases = [
        (Fault::new(CREATE, FaultKind::Throttle), (400, "Throttling")),
        (Fault::new(CREATE, FaultKind::Throttle).status(503), (503, "Throttling")),
        (Fault::new("*", FaultKind::ServerError), (503, "ServiceUnavailable")),
        (Fault::new("*", FaultKind::ServerError).status(500), (500, "InternalFailure")),
        (Fault::new(CREATE, FaultKind::Expired), (403, "ExpiredToken")),
        (Fault::new(CREATE, FaultKind::AccessDenied), (403, "AccessDenied")),
    ];
    for (fault, refusal) in cases {
        assert_eq!(meet(&world, fault.clone()).await.unwrap().refusal(), refusal, "{fault:?}");
        let call = world.sandbox.calls().pop().unwrap();
        assert_eq!((call.status, call.code.as_deref()), (Some(refusal.0), Some(refusal.1)));
        assert_eq!((call.fault.as_deref(), call.created), (Some(fault.kind.name()), false));
    }
    assert_eq!(made(&world), 0);
}

#[tokio::test]
async fn a_reset_breaks_the_connection_before_the_act() {
    let world = World::new().await;
    let error = meet(&world, Fault::new(CREATE, FaultKind::Reset)).await.unwrap_err();
    assert_eq!((error.kind(), made(&world)), (ErrorKind::ConnectionReset, 0));
    let call = world.sandbox.calls().pop().unwrap();
    assert_eq!((call.status, call.caller_reference.as_deref()), (None, Some("r")));
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_act() {
    let world = World::new().await;
    let error = meet(&world, Fault::new(CREATE, FaultKind::Lost).times(1)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str(), made(&world)),
        (ErrorKind::UnexpectedEof, "no answer", 1)
    );
    let call = world.sandbox.calls().pop().unwrap();
    assert_eq!((call.status, call.created), (None, true));
    let again = world.create(WORKSHOP, "r", &["/a"]).await;
    assert_eq!(Some(again.text("Id")), call.invalidation.as_deref());
    assert_eq!(made(&world), 1);
}

#[tokio::test]
async fn answers_can_be_broken_after_the_act() {
    let world = World::new().await;
    let empty = meet(&world, Fault::new(CREATE, FaultKind::Empty)).await.unwrap();
    assert_eq!((empty.status, empty.body.as_str(), made(&world)), (201, "", 1));
    let malformed = meet(&world, Fault::new(CREATE, FaultKind::Malformed)).await.unwrap();
    assert_eq!(malformed.status, 201);
    assert!(malformed.body.starts_with("<?xml") && !malformed.body.contains("</Invalidation>"));
    let truncated = meet(&world, Fault::new(CREATE, FaultKind::Truncated)).await.unwrap_err();
    assert_eq!(truncated.to_string(), "an answer that is cut short");
    let unknown = meet(&world, Fault::new("*", FaultKind::UnknownStatus)).await.unwrap();
    assert_eq!((unknown.status, unknown.text("Status")), (201, "Frobbing"));
}

#[tokio::test]
async fn a_slow_answer_comes_in_the_end_and_a_hanging_one_does_not() {
    let world = World::new().await;
    let begin = Instant::now();
    let fault = Fault::new(CREATE, FaultKind::Slow).delay(Duration::from_millis(30));
    assert_eq!(meet(&world, fault).await.unwrap().status, 201);
    assert!(begin.elapsed() >= Duration::from_millis(30));
    let hanging = meet(&world, Fault::new(CREATE, FaultKind::Hang));
    assert!(tokio::time::timeout(Duration::from_millis(50), hanging).await.is_err());
    assert_eq!(world.sandbox.calls().pop().unwrap().status, None);
}

#[tokio::test]
async fn stopping_ends_what_hangs() {
    let world = World::new().await;
    world.sandbox.set_faults(vec![Fault::new("*", FaultKind::Hang)]);
    let url = world.sandbox.api_url();
    let hanging =
        tokio::spawn(
            async move { crate::support::send(&url, "GET", "/2020-05-31/distribution", &[], "").await },
        );
    while world.sandbox.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    world.sandbox.stop().await;
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn rules_name_operation_distribution_and_number() {
    let world = World::new().await;
    world.sandbox.set_faults(vec![
        Fault::new(CREATE, FaultKind::Throttle).distribution(SHOP).times(2),
        Fault::new("ListDistributions", FaultKind::ServerError),
    ]);
    assert_eq!(world.create(WORKSHOP, "r", &["/a"]).await.status, 201);
    let statuses = [
        world.create(SHOP, "r", &["/a"]).await.status,
        world.create(SHOP, "r", &["/a"]).await.status,
        world.create(SHOP, "r", &["/a"]).await.status,
        world.call("GET", "/2020-05-31/distribution", "").await.status,
        world.call("GET", &invalidations(SHOP), "").await.status,
    ];
    assert_eq!(statuses, [400, 400, 201, 503, 200]);
    assert_eq!(world.sandbox.faults()[0].times, Some(0));
}

#[tokio::test]
async fn chance_follows_its_seed_and_rules_end_with_their_time() {
    let world = World::new().await;
    let dice = Fault {
        probability: Some(0.5),
        seed: 7,
        for_ms: Some(1_000),
        ..Fault::new("*", FaultKind::Throttle)
    };
    let mut runs = Vec::new();
    for _ in 0..2 {
        world.sandbox.set_faults(vec![dice.clone()]);
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(world.call("GET", "/2020-05-31/distribution", "").await.status);
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    let refused = runs[0].iter().filter(|status| **status == 400).count();
    assert!((8..=32).contains(&refused), "{refused} of 40");
    world.advance(Duration::from_secs(1));
    for _ in 0..20 {
        assert_eq!(world.call("GET", "/2020-05-31/distribution", "").await.status, 200);
    }
}

#[tokio::test]
async fn an_outage_breaks_every_call() {
    let world = World::new().await;
    world.sandbox.change_settings(|now| now.reachable = false);
    assert!(world.try_call("GET", "/2020-05-31/distribution", "").await.is_err());
    assert!(world.control("GET", "/_sandbox/settings", "").await.1["reachable"] == false);
    world.sandbox.change_settings(|now| now.reachable = true);
    assert_eq!(world.call("GET", "/2020-05-31/distribution", "").await.status, 200);
}
