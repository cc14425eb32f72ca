//! The seeds of the fuzz target `plan` give plans with something to send, so that the fuzzer begins where formats are.

use unstale::domain::invalidations::{
    batching::OURS,
    plan::{Plan, Surroundings},
};

use crate::support::{SHOP, World};

#[path = "../../fuzz/fuzz_targets/any_plan.rs"]
mod any_plan;

#[tokio::test]
async fn every_seed_has_something_to_send() {
    let world = World::new().await;
    let mut shop = world.distribution(SHOP).await;
    shop.aliases.push("www.example.com".to_owned());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/plan");
    let mut seeds = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        let path = seed.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        any_plan::check(&text);
        let plan = Plan::work_out(&text, &shop, Surroundings::unmeasured(OURS));
        let is_of_a_bucket =
            ["aws_s3_sync", "s3_event"].iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name));
        assert!(is_of_a_bucket || !plan.items.is_empty(), "{}: {:?}", path.display(), plan.lines);
        assert!(!plan.lines.is_empty(), "{}", path.display());
        seeds += 1;
    }
    assert!(seeds >= 12, "{seeds}");
    world.finish().await;
}
