//! Joins what people were told, what CloudFront has, and what the database and the history say.

use std::collections::{HashMap, HashSet};

use unstale::{
    domain::audit::GENESIS,
    store::{
        Db, audit,
        invalidations::{self, batches},
    },
};

use super::program::Program;
use crate::support::{WORKSHOP, all_seen};

/// Waits for the last to end, then compares.
pub async fn reckon(program: &Program, accepted: &[String]) {
    program.until_all_have_ended().await;
    let taken = program.sandbox.invalidations(WORKSHOP);
    let mut by_item: HashMap<String, usize> = HashMap::new();
    for item in taken.iter().flat_map(|one| one.items.clone()) {
        *by_item.entry(item).or_default() += 1;
    }
    for (item, count) in &by_item {
        assert_eq!(*count, 1, "{item} was sent {count} times");
    }
    for item in accepted {
        assert!(by_item.contains_key(item), "{item} was accepted and never sent");
    }
    let references: HashMap<&str, &str> =
        taken.iter().map(|one| (one.id.as_str(), one.caller_reference.as_str())).collect();
    let db = Db::open(&program.database).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let (mut in_database, mut sent) = (0, HashSet::new());
    for invalidation in invalidations::recent(&mut conn, &all_seen(), 1_000_000).await.unwrap() {
        for batch in batches::of_invalidation(&mut conn, &invalidation.id).await.unwrap() {
            assert_eq!(batch.state.as_str(), "completed", "{batch:?}");
            let noted = batch.cloudfront_id.clone().unwrap();
            assert_eq!(references[noted.as_str()], batch.sent_under().as_str());
            sent.insert(noted);
            in_database += 1;
        }
    }
    assert_eq!(sent.len(), taken.len(), "CloudFront has what the database does not know, or the reverse");
    let history = audit::after(&mut conn, 0, 10_000_000).await.unwrap();
    let mut previous = GENESIS.to_owned();
    for event in &history {
        assert!(
            event.is_intact() && event.previous_hash == previous,
            "the history broke at {}",
            event.sequence
        );
        previous.clone_from(&event.hash);
    }
    let told = |action: &str| history.iter().filter(|one| one.event.action.as_str() == action).count();
    assert_eq!(told("invalidation.requested"), in_database);
    assert_eq!(told("batch.accepted"), in_database);
    assert_eq!(told("batch.completed"), in_database);
}
