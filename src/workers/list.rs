//! All workers that are run by their ticks, with their names. The submitter is run in turn ([`super::run_in_turn`]), because
//! it holds what it claimed.

use crate::store::StoreError;

use super::{
    AuditWebhook, AuditWorker, ClockRollback, CloudFrontSync, FileWatcher, Indexer, Next, Poller, Worker,
};

macro_rules! workers {
    ($($worker:ident = $name:literal,)*) => {
        $(impl Worker for $worker {
            const NAME: &'static str = $name;

            async fn tick(&self) -> Result<Next, StoreError> {
                Self::tick(self).await
            }
        })*
    };
}

workers! {
    Poller = "poller",
    CloudFrontSync = "sync",
    ClockRollback = "clock_rollback",
    FileWatcher = "file watcher",
    Indexer = "indexer",
    AuditWorker = "audit",
    AuditWebhook = "audit_webhook",
}
