//! What must hold at the end of a life.

use std::collections::{BTreeMap, BTreeSet};

use cloudfront_sandbox::Invalidation;
use unstale::domain::{
    id::InvalidationId,
    invalidations::{
        invalidation::{Batch, BatchState},
        problem::Problem,
    },
};

use super::life::{Life, REFUSED};
use crate::support::{DOCS, SHOP, WORKSHOP};

impl Life {
    /// What the database says of each batch is what CloudFront has. Gives how many batches were sent together.
    pub(super) async fn reckon(&self) -> u64 {
        let mut together = 0;
        for id in &self.asked {
            let batches = self.world.batches(id).await;
            self.has_each_item_once(id, &batches);
            for batch in batches {
                let taken = self.world.sandbox.invalidations(batch.distribution.as_str());
                let reference = batch.sent_under().as_str();
                let found: Vec<(usize, &Invalidation)> =
                    (0..).zip(&taken).filter(|(_, one)| one.caller_reference == reference).collect();
                match (batch.state, &found[..]) {
                    (BatchState::Completed, [(place, one)]) => {
                        assert!(
                            *place >= self.before[id],
                            "CloudFront made it before it was asked for: {batch:?}"
                        );
                        evicts_all(one, &batch);
                    }
                    (BatchState::Cancelled | BatchState::Failed, []) => {}
                    (state, found) => {
                        panic!("{reference} ended as {state:?}, at CloudFront {found:?}: {batch:?}")
                    }
                }
                let own = taken.iter().filter(|one| one.caller_reference == batch.caller_reference.as_str());
                assert!(batch.merged_into.is_none() || own.count() == 0, "it went by itself too: {batch:?}");
                together += u64::from(batch.merged_into.is_some());
                is_refused_only_for_itself(&batch);
            }
        }
        self.took_no_item_too_often();
        self.gave_each_reference_one_content();
        self.merged_nothing_that_was_claimed().await;
        let over = "TooManyInvalidationsInProgress";
        let rejected =
            self.world.sandbox.calls().into_iter().filter(|call| call.code.as_deref() == Some(over));
        assert_eq!(rejected.count(), 0, "our own traffic was over CloudFront's limits");
        together
    }

    /// Whatever was cut in two, each item is in one batch that was not.
    fn has_each_item_once(&self, id: &InvalidationId, batches: &[Batch]) {
        let mut items: Vec<String> = batches
            .iter()
            .filter(|batch| !batch.is_cut())
            .flat_map(|batch| batch.items.iter().map(ToString::to_string))
            .collect();
        items.sort();
        assert_eq!(items, self.items[id].iter().cloned().collect::<Vec<_>>(), "{batches:?}");
    }

    /// No item goes more often than it was asked for. Most are asked for once.
    fn took_no_item_too_often(&self) {
        for distribution in [WORKSHOP, SHOP, DOCS] {
            let mut taken: BTreeMap<String, usize> = BTreeMap::new();
            for item in self.world.sandbox.invalidations(distribution).into_iter().flat_map(|one| one.items) {
                *taken.entry(item).or_default() += 1;
            }
            for (item, times) in taken {
                // Tags and the items that several ask for are the same on each distribution.
                let asked = self.items.values().filter(|items| items.contains(&item)).count();
                assert!(times <= asked, "{item} was asked for {asked} times and sent {times} times");
            }
        }
    }

    fn gave_each_reference_one_content(&self) {
        let mut contents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for call in self.world.sandbox.calls() {
            let Some(reference) = call.caller_reference else { continue };
            let items: BTreeSet<String> = call.items.into_iter().collect();
            let first = contents.entry(reference.clone()).or_insert_with(|| items.clone());
            assert_eq!(*first, items, "{reference} came with two contents");
        }
    }

    /// What was merged was never called for by itself, and only what CloudFront has, or may get, has batches in it.
    async fn merged_nothing_that_was_claimed(&self) {
        let mut raw = self.world.database.raw().await;
        let touched = "SELECT count(*) FROM batch WHERE state = 'merged'
             AND (attempts > 0 OR first_sent_at IS NOT NULL OR cloudfront_id IS NOT NULL)";
        assert_eq!(raw.number(touched).await, 0, "a batch that was claimed was merged");
        let lost = "SELECT count(*) FROM batch m LEFT JOIN batch s ON s.id = m.merged_into
             WHERE m.state = 'merged' AND (s.id IS NULL OR s.state <> 'completed' OR s.invalidation_id IS NOT NULL)";
        assert_eq!(raw.number(lost).await, 0, "what a batch was merged into is not at CloudFront");
    }
}

/// What CloudFront was told covers each item of the batch.
fn evicts_all(taken: &Invalidation, batch: &Batch) {
    for item in &batch.items {
        let covers = |sent: &String| match sent.strip_suffix('*') {
            Some("/") => true,
            Some(prefix) => item.as_str().strip_suffix('*').unwrap_or(item.as_str()).starts_with(prefix),
            None => sent == item.as_str(),
        };
        assert!(taken.items.iter().any(covers), "{item} is not in {taken:?}");
    }
}

/// What CloudFront refuses sinks nothing else.
fn is_refused_only_for_itself(batch: &Batch) {
    let has_refused = batch.items.iter().any(|item| item.as_str().contains(REFUSED));
    if batch.problem.as_ref().is_some_and(Problem::is_about_items) {
        assert!(has_refused && (batch.is_cut() || batch.items.len() == 1), "{batch:?}");
    }
    if batch.state == BatchState::Completed {
        assert!(!has_refused, "{batch:?}");
    }
}
