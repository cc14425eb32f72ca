//! What must hold at the end of a life.

use std::collections::BTreeSet;

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
    /// What the database says of each batch is what CloudFront has.
    pub(super) async fn reckon(&self) {
        for id in &self.asked {
            let batches = self.world.batches(id).await;
            self.has_each_item_once(id, &batches);
            for batch in batches {
                let taken = self.world.sandbox.invalidations(batch.distribution.as_str());
                let reference = batch.caller_reference.as_str();
                let count = taken.iter().filter(|one| one.caller_reference == reference).count();
                let wanted = match batch.state {
                    BatchState::Completed => 1,
                    BatchState::Cancelled | BatchState::Failed => 0,
                    other => panic!("{reference} ended as {other:?}: {batch:?}"),
                };
                assert_eq!(count, wanted, "{batch:?}");
                is_refused_only_for_itself(&batch);
            }
        }
        self.took_no_item_twice();
        let over = "TooManyInvalidationsInProgress";
        let rejected =
            self.world.sandbox.calls().into_iter().filter(|call| call.code.as_deref() == Some(over));
        assert_eq!(rejected.count(), 0, "our own traffic was over CloudFront's limits");
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

    fn took_no_item_twice(&self) {
        let mut seen = BTreeSet::new();
        for distribution in [WORKSHOP, SHOP, DOCS] {
            for item in self.world.sandbox.invalidations(distribution).into_iter().flat_map(|one| one.items) {
                assert!(seen.insert(format!("{distribution} {item}")), "{item} was sent twice");
            }
        }
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
