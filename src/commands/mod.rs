//! What people do. Each file is one command: one write transaction that changes state and writes the audit event.

pub mod access;
pub mod audit;
pub mod checks;
pub mod distributions;
mod error;
pub mod invalidations;
pub mod notifications;
pub mod sign_in;
pub mod tokens;

pub use access::*;
pub use audit::*;
pub use checks::*;
pub use distributions::*;
pub use error::{CommandError, Sort};
pub use invalidations::*;
pub use notifications::*;
pub use sign_in::*;
pub use tokens::*;

use std::sync::Arc;

use crate::{
    clock::Clock,
    commands::invalidations::usage_cache::UsageCache,
    domain::{
        invalidations::quotas::Quotas, notifications::AllowedNetworks, secret::Secret,
        secrets_key::SecretsKey,
    },
    failpoint,
    notify::Notifier,
    store::{Db, StoreError, Tx},
};

/// What every command needs.
#[derive(Debug, Clone)]
pub struct CommandContext {
    pub db: Db,
    pub clock: Clock,
    pub notifier: Notifier,
    /// The limits on how much one actor may ask for.
    pub quotas: Quotas,
    /// The private networks that notification channels may be in.
    pub notification_networks: AllowedNetworks,
    /// Whether there is a mail server for notifications.
    pub sends_email: bool,
    /// What secrets are encrypted with. `None` where none can be kept.
    secrets_key: Option<Arc<SecretsKey>>,
    usage: UsageCache,
}

impl CommandContext {
    #[must_use]
    pub fn new(db: Db, clock: Clock, notifier: Notifier) -> Self {
        let (quotas, usage) = (Quotas::default(), UsageCache::default());
        let notification_networks = AllowedNetworks::default();
        Self {
            db,
            clock,
            notifier,
            quotas,
            notification_networks,
            sends_email: false,
            secrets_key: None,
            usage,
        }
    }

    /// Sets where notifications may go: these private networks, and whether there is a mail server.
    #[must_use]
    pub fn with_notifications(self, notification_networks: AllowedNetworks, sends_email: bool) -> Self {
        Self { notification_networks, sends_email, ..self }
    }

    /// Sets the key that secrets are encrypted with.
    #[must_use]
    pub fn with_secrets_key(self, secrets_key: Option<Arc<SecretsKey>>) -> Self {
        Self { secrets_key, ..self }
    }

    /// Whether secrets can be kept.
    #[must_use]
    pub const fn keeps_secrets(&self) -> bool {
        self.secrets_key.is_some()
    }

    /// Sets the limits on how much one actor may ask for.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// Commits the transaction, then notifies the workers and the open pages.
    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        failpoint::hit("requesting");
        let notifier = self.notifier.clone();
        // In a task of its own: dropping the caller's future cancels neither the commit nor the notification.
        let committed = tokio::spawn(async move {
            tx.commit().await?;
            failpoint::hit("requested");
            notifier.notify();
            Ok(())
        });
        committed.await.unwrap_or_else(|_| Err(StoreError::interrupted()))
    }

    /// Goes on with what a check found. If it refused, the event that it recorded is committed. An error of the store
    /// commits nothing.
    async fn or_commit_refusal<T>(
        &self,
        tx: Tx,
        checked: Result<T, CommandError>,
    ) -> Result<(Tx, T), CommandError> {
        match checked {
            Ok(found) => Ok((tx, found)),
            Err(CommandError::Store(error)) => Err(error.into()),
            Err(refused) => {
                self.commit(tx).await?;
                Err(refused)
            }
        }
    }
}

/// A new UUID of version 7.
#[must_use]
pub fn new_uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

/// A new secret of 256 random bits.
pub fn new_secret() -> Result<Secret, CommandError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::from_random(bytes))
}
