//! A turn at the counter: one transaction in which several requests are taken.
//!
//! What it has learnt it need not ask the database again for each of them, and what they are kept as is written for all
//! at once. Nobody else writes meanwhile on SQLite, and no request changes what anybody may do or how a distribution is
//! protected. On PostgreSQL every request has a turn of its own.

use std::collections::{HashMap, HashSet};

use crate::{
    commands::{CommandContext, access::authorize::LastAsked},
    domain::{
        distributions::protection::Protection,
        id::{DistributionId, RequestKey},
    },
    store::{
        StoreError, Tx,
        distributions::{self, protections},
        invalidations::idempotency,
    },
};

use super::accepted::Accepted;

#[derive(Debug)]
pub(in crate::commands) struct Turn {
    pub tx: Tx,
    pub last_asked: LastAsked,
    /// What is still to be written. Whoever reads invalidations or batches has it [written](Self::write) first.
    pub accepted: Accepted,
    used_keys: HashSet<RequestKey>,
    protections: HashMap<DistributionId, Protection>,
    tenant_only: HashMap<DistributionId, bool>,
}

impl Turn {
    /// Of the requests with these keys.
    pub async fn begin<'k>(
        context: &CommandContext,
        keys: impl Iterator<Item = &'k RequestKey>,
    ) -> Result<Self, StoreError> {
        let mut tx = context.db.begin().await?;
        let used_keys = idempotency::used(&mut tx, keys).await?;
        Ok(Self {
            tx,
            last_asked: LastAsked::default(),
            accepted: Accepted::default(),
            used_keys,
            protections: HashMap::new(),
            tenant_only: HashMap::new(),
        })
    }

    /// Has a request come with this key before? From now on one has.
    pub fn use_key(&mut self, key: &RequestKey) -> bool {
        !self.used_keys.insert(key.clone())
    }

    /// How the distribution is protected, held until the transaction ends.
    pub async fn protection(&mut self, distribution: &DistributionId) -> Result<Protection, StoreError> {
        if let Some(known) = self.protections.get(distribution) {
            return Ok(known.clone());
        }
        let protection = protections::hold(&mut self.tx, distribution).await?;
        self.protections.insert(distribution.clone(), protection.clone());
        Ok(protection)
    }

    /// Does the distribution serve through its tenants only?
    pub async fn is_tenant_only(&mut self, distribution: &DistributionId) -> Result<bool, StoreError> {
        if let Some(known) = self.tenant_only.get(distribution) {
            return Ok(*known);
        }
        let tenant_only = distributions::is_tenant_only(&mut self.tx, distribution).await?;
        self.tenant_only.insert(distribution.clone(), tenant_only);
        Ok(tenant_only)
    }

    /// Writes what was accepted so far.
    pub async fn write(&mut self) -> Result<(), StoreError> {
        self.accepted.write(&mut self.tx).await
    }

    /// Makes it durable.
    pub async fn commit(mut self, context: &CommandContext) -> Result<(), StoreError> {
        self.write().await?;
        context.commit(self.tx).await
    }
}
