//! All workers that run by their ticks, with their names. The submitter is not among them: several of its tasks run
//! at the same time, and take turns to claim work ([`super::run_in_turn`]).

use crate::store::StoreError;

use super::{
    AuditWebhook, AuditWorker, BackupWorker, Checker, ClockRollback, CloudFrontSync, FileWatcher, Indexer,
    InsightsCounter, Next, NotificationCollector, NotificationSender, Poller, Warmer, Worker,
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
    Checker = "checker",
    Poller = "poller",
    CloudFrontSync = "sync",
    ClockRollback = "clock_rollback",
    FileWatcher = "file watcher",
    Indexer = "indexer",
    InsightsCounter = "insights",
    AuditWorker = "audit",
    AuditWebhook = "audit_webhook",
    NotificationCollector = "notification collector",
    Warmer = "warmer",
}

impl Worker for NotificationSender {
    const NAME: &'static str = "notification sender";

    async fn tick(&self) -> Result<Next, StoreError> {
        Self::tick(self).await
    }

    async fn end(&self) {
        self.settled().await;
    }
}

impl Worker for BackupWorker {
    const NAME: &'static str = "backup";

    async fn tick(&self) -> Result<Next, StoreError> {
        Self::tick(self).await
    }

    async fn end(&self) {
        Self::end(self).await;
    }
}
