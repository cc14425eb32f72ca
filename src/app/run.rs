//! Runs the service: starts the workers, serves pages and metrics, and stops all of them in order.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::Mutex, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    backup_status::BackupStatus,
    http::{self, AppState, HttpOptions, ScheduledBackups, metrics::MetricsExporter},
    notify::Listener,
    workers::{
        self, AuditWebhook, AuditWorker, BackupSchedule, BackupWorker, Checker, ClockRollback,
        CloudFrontSync, FileWatcher, Indexer, InsightsCounter, NotificationCollector, NotificationSender,
        Poller, Submitter, Warmer, Worker,
    },
};

use super::{App, routes};

/// The number of submitters and pollers that run at the same time. There are several, so that one slow call to
/// CloudFront does not block the others.
const SUBMITTERS: usize = 4;
const POLLERS: usize = 2;
/// The pause between two ticks of the checker, and of the warmer, so that one tick answers many notifications: where
/// hundreds of requests are accepted in a second, twenty ticks cost them some 5 %. Nobody waits for it: the first
/// notification after a pause starts a tick at once.
const CHECKER_PAUSE: Duration = Duration::from_millis(200);
/// The pause between two times in which what was recorded for metrics is sorted.
const TIDY: Duration = Duration::from_secs(5);
/// How long the workers may take to finish their current step after the stop signal.
const LAST_STEPS: Duration = Duration::from_secs(7);

impl App {
    /// Serves pages and runs the workers until the stop signal, then shuts down in order.
    pub async fn run(mut self, listener: TcpListener, options: HttpOptions) {
        let options = HttpOptions {
            heartbeats: self.heartbeats.clone(),
            are_checks_on: self.edge.is_some(),
            backups: self.backups.as_ref().map(|(schedule, _)| scheduled(schedule, &self.backup_status)),
            ..options
        };
        let pages = AppState::new(self.command_context.clone(), options, self.stop.clone());
        let routes = routes(&pages);
        let mut workers = JoinSet::new();
        self.start_workers(&mut workers);
        if let Some(edge) = self.edge.take() {
            let notified = (self.worker_context.notifier.listen(), CHECKER_PAUSE);
            let checker = Checker::new(self.worker_context.clone(), edge, self.secrets_key.clone());
            self.start_with(&mut workers, checker, Some(notified));
        }
        if let Some(edges) = self.warmer_edges.take() {
            let notified = (self.worker_context.notifier.listen(), CHECKER_PAUSE);
            let warmer = Warmer::new(self.worker_context.clone(), edges, self.secrets_key.take());
            self.start_with(&mut workers, warmer, Some(notified));
        }
        if let Some(metrics) = &pages.options.metrics {
            workers.spawn(keep_tidy(metrics.exporter.clone(), self.stop.clone()));
        }
        if let Some(listener) = self.metrics_listener.take() {
            workers.spawn(http::serve(listener, http::metrics::router(pages.clone()), pages.clone()));
        }
        let hub = pages.clone();
        workers.spawn(async move { hub.pass_events_on().await });
        // The server and the workers stop at the same time, so that the shutdown takes as long as the slower of the
        // two, not the sum.
        let last_steps = async {
            self.stop.cancelled().await;
            let ended = async { while workers.join_next().await.is_some() {} };
            if tokio::time::timeout(LAST_STEPS, ended).await.is_err() {
                tracing::warn!("a worker did not end in time; its lease runs out by itself");
                workers.abort_all();
            }
        };
        tokio::join!(http::serve(listener, routes, pages), last_steps);
        self.command_context.db.close().await;
        tracing::info!("stopped");
    }

    fn start_workers(&self, workers: &mut JoinSet<()>) {
        let notifier = Arc::new(Mutex::new(self.worker_context.notifier.listen()));
        for _ in 0..SUBMITTERS {
            self.start_submitter(workers, Arc::clone(&notifier));
        }
        for _ in 0..POLLERS {
            self.start(workers, Poller::new(self.worker_context.clone()));
        }
        let (db, clock) = (&self.worker_context.db, &self.worker_context.clock);
        self.start(workers, FileWatcher::new(db.clone(), clock.clone()));
        self.start(workers, ClockRollback::new(self.worker_context.clone()));
        self.start(workers, CloudFrontSync::new(self.worker_context.clone()));
        self.start(workers, Indexer::new(db.clone(), clock.clone()));
        if let Some(settings) = self.sender.clone() {
            self.start(workers, NotificationCollector::new(db.clone(), clock.clone()));
            self.start(workers, NotificationSender::new(db.clone(), clock.clone(), settings));
        }
        self.start(workers, InsightsCounter::new(db.clone(), clock.clone()));
        if let Some((schedule, store)) = self.backups.clone() {
            let status = self.backup_status.clone();
            self.start(workers, BackupWorker::new(db.clone(), clock.clone(), schedule, store, status));
        }
        if let Some(settings) = &self.audit_settings {
            if let Some(webhook) = settings.webhook.clone() {
                self.start(workers, AuditWebhook::new(db.clone(), clock.clone(), webhook, settings.keys()));
            }
            self.start(workers, AuditWorker::new(db.clone(), clock.clone(), settings.clone()));
        }
    }

    fn start_submitter(&self, workers: &mut JoinSet<()>, notifier: Arc<Mutex<Listener>>) {
        let submitter = Submitter::new(self.worker_context.clone());
        let (clock, stop, heartbeats) =
            (self.worker_context.clock.clone(), self.stop.clone(), self.heartbeats.clone());
        workers.spawn(async move {
            let (claim, finish) = (|| submitter.claim(), |work| submitter.finish(work));
            workers::run_in_turn("submitter", &heartbeats, &clock, &notifier, &stop, claim, finish).await;
        });
    }

    /// Starts a worker that runs by the clock only, without the notifier: its work is due seconds after a commit,
    /// or every few minutes.
    fn start<W: Worker>(&self, workers: &mut JoinSet<()>, worker: W) {
        self.start_with(workers, worker, None);
    }

    fn start_with<W: Worker>(
        &self,
        workers: &mut JoinSet<()>,
        worker: W,
        notified: Option<(Listener, Duration)>,
    ) {
        let (clock, stop, heartbeats) =
            (self.worker_context.clock.clone(), self.stop.clone(), self.heartbeats.clone());
        workers.spawn(async move { workers::run(worker, &heartbeats, &clock, notified, &stop).await });
    }
}

fn scheduled(schedule: &BackupSchedule, status: &BackupStatus) -> ScheduledBackups {
    let BackupSchedule { place, every, .. } = schedule.clone();
    ScheduledBackups { place, every, newest: workers::newest_backup, status: status.clone() }
}

/// Sorts what was recorded for metrics until the service stops.
async fn keep_tidy(exporter: MetricsExporter, stop: CancellationToken) {
    while tokio::time::timeout(TIDY, stop.cancelled()).await.is_err() {
        exporter.tidy();
    }
}
