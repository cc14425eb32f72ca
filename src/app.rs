//! Assembles the service from the database, CloudFront, the workers and the pages.

mod authentication_methods;
mod given_secret;
mod mail_server;
mod metrics;
mod run;
mod secrets_key;
mod traces;
mod worker_settings;

pub use mail_server::MailServerError;
pub use secrets_key::{SecretsKeyError, read_key as read_secrets_key};
pub use traces::TraceExport;
pub use worker_settings::WebhookError;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    api::{self, Api},
    backup_status::BackupStatus,
    clock::Clock,
    cloudfront::{CloudFront, CloudTrail, CloudWatch, PricingPlanManager, Publisher, S3},
    commands::{self, CommandContext, CommandError},
    config::{AuditSettingsArgs, BackupScheduleArgs, ChecksArgs, NotificationArgs, SecretsArgs, Switch},
    domain::{backups::BackupPlace, invalidations::quotas::Quotas, secrets_key::SecretsKey},
    edge::{Bounds, EdgeClient, EdgeClientError, Place},
    heartbeats::Heartbeats,
    http::AppState,
    notify::Notifier,
    store::{
        Db, StoreError, checks,
        instance_lock::{self, InstanceLock, LockError},
        invalidations::batches,
        notifications,
    },
    web::{self, Described},
    workers::{
        self, AuditSettings, BackupSchedule, BackupStore, MailError, PostError, SenderSettings,
        SigningKeyError, WarmerEdges, WorkerContext, WorkerSettings,
    },
};

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Locked(#[from] LockError),
    #[error("the database")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Op(#[from] CommandError),
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    #[error(transparent)]
    SecretsKey(#[from] SecretsKeyError),
    #[error("checks cannot be made")]
    Edge(#[from] EdgeClientError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error("notifications cannot be sent: {0}")]
    Notifications(#[from] PostError),
    #[error(transparent)]
    MailServer(#[from] MailServerError),
    #[error("e-mail cannot be sent: {0}")]
    Mail(#[from] MailError),
    #[error(
        "UNSTALE_BACKUP_DIR is for an SQLite database, and this one is of PostgreSQL: make its backups with pg_dump"
    )]
    BackupOfPostgres,
    #[error("the folder of UNSTALE_BACKUP_DIR, {0}, cannot be used")]
    BackupFolder(PathBuf, #[source] io::Error),
    #[error("UNSTALE_BACKUP_DIR names S3, and there are no credentials of AWS")]
    BackupWithoutCredentials,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The service with everything that it needs, before it listens.
#[derive(Debug)]
pub struct App {
    pub command_context: CommandContext,
    worker_context: WorkerContext,
    /// Looks at what viewers get. `None` if nothing is to be looked at.
    edge: Option<EdgeClient>,
    /// Fetches the URLs of an invalidation afterwards. `None` if no site is to be asked.
    warmer_edges: Option<WarmerEdges>,
    /// What the secrets in the settings are encrypted with. `None` if none are kept.
    secrets_key: Option<Arc<SecretsKey>>,
    /// The settings for signing the history's heads. If `None`, heads are neither signed nor checked.
    audit_settings: Option<AuditSettings>,
    /// What notifications are sent with. `None`: none are sent.
    sender: Option<SenderSettings>,
    /// When backups are made, and where. `None` if the service makes none.
    backups: Option<(BackupSchedule, BackupStore)>,
    /// What is known of the backups.
    backup_status: BackupStatus,
    /// The address that serves metrics only. `None` if there is none.
    metrics_listener: Option<TcpListener>,
    stop: CancellationToken,
    heartbeats: Heartbeats,
    /// The lock on an SQLite file, held for as long as the service runs. `None` with PostgreSQL.
    _lock: Option<InstanceLock>,
}

impl App {
    /// Opens the database and, with an SQLite file, releases the batches that an earlier process had claimed. It
    /// takes the lock on the file first, so that a service that does not get the lock changes nothing.
    ///
    /// With PostgreSQL other replicas may still hold claims, so those are left until their leases expire.
    pub async fn open(
        database: &str,
        cloudfront: CloudFront,
        settings: WorkerSettings,
        stop: CancellationToken,
    ) -> Result<Self, AppError> {
        let lock = Db::file_of(database)?.map(|file| instance_lock::take(&file)).transpose()?;
        let db = Db::open(database).await?;
        if lock.is_some() {
            let mut tx = db.begin().await?;
            batches::release_all(&mut tx).await?;
            checks::release_all(&mut tx).await?;
            checks::changes::release_all(&mut tx).await?;
            checks::check_up::release_all(&mut tx).await?;
            checks::warming::release_all(&mut tx).await?;
            notifications::release_all(&mut tx).await?;
            tx.commit().await?;
        }
        let (clock, notifier) = (Clock::system(), Notifier::new());
        let command_context = CommandContext::new(db.clone(), clock.clone(), notifier.clone());
        let worker_context = WorkerContext::new(db, cloudfront, clock, notifier, settings);
        Ok(Self {
            command_context,
            worker_context,
            edge: None,
            warmer_edges: None,
            secrets_key: None,
            audit_settings: None,
            sender: None,
            backups: None,
            backup_status: BackupStatus::default(),
            metrics_listener: None,
            stop,
            heartbeats: Heartbeats::default(),
            _lock: lock,
        })
    }

    /// Sets the limits on how much one actor may ask for.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Quotas) -> Self {
        self.command_context = self.command_context.with_quotas(quotas);
        self
    }

    /// Sets the CloudTrail client that finds out who made the invalidations that were made outside of this service.
    #[must_use]
    pub fn with_cloudtrail(mut self, cloudtrail: Option<CloudTrail>) -> Self {
        self.worker_context.cloudtrail = cloudtrail;
        self
    }

    /// Sets the client that asks CloudWatch how much viewers ask for.
    #[must_use]
    pub fn with_cloudwatch(mut self, cloudwatch: Option<CloudWatch>) -> Self {
        self.worker_context.cloudwatch = cloudwatch;
        self
    }

    /// Sets the client that asks which distributions are on flat-rate plans.
    #[must_use]
    pub fn with_pricing_plan_manager(mut self, manager: Option<PricingPlanManager>) -> Self {
        self.worker_context.pricing_plan_manager = manager;
        self
    }

    /// Sets the client that asks S3 what a bucket has, for origins that people want asked.
    #[must_use]
    pub fn with_s3(mut self, s3: Option<S3>) -> Self {
        self.worker_context.s3 = s3;
        self
    }

    /// Sets the client that looks at what viewers get before and after an invalidation. Fails if it cannot be made.
    pub fn with_checks(mut self, checks: &ChecksArgs) -> Result<Self, AppError> {
        let place = checks.edge.unwrap_or(Place::Dns);
        let clock = self.worker_context.clock.clone();
        let is_on = checks.checks == Switch::On;
        if let (Place::At(address), Some(_)) = (place, &self.secrets_key)
            && !address.ip().is_loopback()
        {
            tracing::warn!(%address, "UNSTALE_EDGE gets the secret headers of checks in plain HTTP");
        }
        self.edge = is_on.then(|| EdgeClient::new(place, clock.clone(), Bounds::default())).transpose()?;
        self.warmer_edges = is_on.then(|| WarmerEdges::at(place, &clock)).transpose()?;
        Ok(self)
    }

    /// Sets the key that secrets in the settings are encrypted with. Fails if the file that is named holds none.
    pub fn with_secrets_key(mut self, secrets: &SecretsArgs) -> Result<Self, AppError> {
        let file = secrets.secrets_key_file.as_ref().filter(|file| !file.as_os_str().is_empty());
        self.secrets_key = file.map(|file| secrets_key::read_key(file).map(Arc::new)).transpose()?;
        if file.is_some() {
            tracing::info!(
                "secret headers of checks are kept, encrypted with the key of UNSTALE_SECRETS_KEY_FILE"
            );
        } else {
            tracing::info!("secret headers of checks are refused: UNSTALE_SECRETS_KEY_FILE names no key");
        }
        self.command_context = self.command_context.with_secrets_key(self.secrets_key.clone());
        Ok(self)
    }

    /// Lets the service check the history and sign its heads while it runs. Fails if the head key cannot be opened
    /// or a setting of the webhook is wrong.
    pub fn with_audit_settings(mut self, audit: &AuditSettingsArgs) -> Result<Self, AppError> {
        let file = audit.key_file(self.command_context.db.file());
        let (key, made) = workers::open_key(&file)?;
        if made && self.command_context.db.is_shared() {
            tracing::warn!(
                file = %file.display(),
                "the key for the history's heads was made on this machine; give every replica the same file with UNSTALE_AUDIT_KEY"
            );
        }
        tracing::info!(public_key = key.public().as_str(), "the history's heads are signed with this key");
        self.audit_settings = Some(AuditSettings {
            earlier_keys: audit.audit_earlier_keys.clone(),
            heads: audit.audit_heads.clone(),
            webhook: audit.webhook()?,
            retention: audit.retention(),
            ..AuditSettings::with(key)
        });
        Ok(self)
    }

    /// Lets the service make backups by itself, after the client for S3 was set. Fails if its database is none of SQLite, or if
    /// the folder is not there and cannot be made.
    pub fn with_backups(mut self, backup: &BackupScheduleArgs) -> Result<Self, AppError> {
        let Some(schedule) = backup.schedule() else { return Ok(self) };
        if self.command_context.db.is_shared() {
            return Err(AppError::BackupOfPostgres);
        }
        if let BackupPlace::Folder(folder) = &schedule.place {
            workers::make_folder(folder).map_err(|error| AppError::BackupFolder(folder.clone(), error))?;
        }
        let store = BackupStore::new(&schedule.place, self.worker_context.s3.clone());
        let store = store.ok_or(AppError::BackupWithoutCredentials)?;
        tracing::info!(place = %schedule.place, keep = schedule.keep, "backups are made here");
        self.backups = Some((schedule, store));
        Ok(self)
    }

    /// Lets notifications go to topics and event buses of AWS, after [`with_notifications`](Self::with_notifications).
    #[must_use]
    pub fn with_publisher(mut self, publisher: Publisher) -> Self {
        self.sender = self.sender.map(|sender| sender.with_publisher(publisher));
        self
    }

    /// Lets the service tell people what happens, after the key for secrets was set. `base` is its address for links.
    pub fn with_notifications(
        mut self,
        notifications: &NotificationArgs,
        base: Option<String>,
    ) -> Result<Self, AppError> {
        let networks = notifications.notification_networks.clone().unwrap_or_default();
        let server = notifications.mail_server(base.as_deref())?;
        self.command_context = self.command_context.with_notifications(networks.clone(), server.is_some());
        let mut sender = SenderSettings::new(networks, self.secrets_key.clone(), base)?;
        if let Some(server) = server {
            tracing::info!(?server, "e-mail is sent by this server");
            sender = sender.with_mail_server(server)?;
        }
        self.sender = Some(sender);
        Ok(self)
    }

    /// Serves metrics at this address too.
    #[must_use]
    pub fn with_metrics_listener(mut self, listener: Option<TcpListener>) -> Self {
        self.metrics_listener = listener;
        self
    }

    /// The link with which the first account is made. `None` if there is an account already.
    pub async fn set_up_link(&self, base: &str) -> Result<Option<String>, AppError> {
        let secret = commands::make_set_up_link(&self.command_context).await?;
        Ok(secret.map(|secret| format!("{base}/setup?key={}", secret.reveal())))
    }
}

/// The routes of the pages and of the API.
pub fn routes(pages: &AppState) -> Router {
    let api = api::router(Api::new(pages.clone()));
    web::router(pages.clone(), api, Described(api::document()))
}

/// Listens on this address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|error| AppError::Listen(address, error))
}
