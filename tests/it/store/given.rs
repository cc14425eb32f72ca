//! Rows that other rows need.

use unstale::{
    domain::{
        audit::ItemsRecord,
        id::{DistributionId, InvalidationId},
        invalidations::invalidation::NewInvalidation,
        secret::SecretHash,
        sign_in::person::Person,
    },
    store::{
        StoreError, Tx, accounts, distributions,
        invalidations::{self, batches},
        sign_in::sessions,
    },
};

use crate::support::{Database, at, distribution, invalidation, items, new_invalidation};

pub const ACCOUNT: &str = "123456789012";

pub fn id(text: &str) -> DistributionId {
    DistributionId::from_trusted(text)
}

/// An account with these distributions.
pub async fn distributions(database: &Database, ids: &[&str]) {
    database
        .write(async |tx| {
            accounts::ensure(tx, ACCOUNT).await?;
            for id in ids {
                distributions::upsert(tx, &distribution(id)).await?;
            }
            Ok(())
        })
        .await;
}

/// A session of this person from the start on, over at 1,000 s.
pub async fn session(database: &Database, person: &Person, hash: &SecretHash) {
    let new = sessions::NewSession {
        hash,
        person: &person.id,
        sign_in: "password",
        client_address: "192.0.2.7",
        user_agent: "Firefox",
        now: at(0),
        expires_at: at(1_000),
    };
    database.write(async |tx| sessions::insert(tx, &new).await).await;
}

/// A request with these batches, so many seconds after the start.
pub async fn request(
    database: &Database,
    distribution: &str,
    when: u64,
    wanted: &[&[&str]],
) -> NewInvalidation {
    let new = new_invalidation(distribution, wanted.iter().map(|texts| items(texts)).collect());
    database.write(async |tx| write(tx, &new, when).await).await;
    new
}

/// A request whose batches come later.
pub async fn bare_request(database: &Database, distribution: &str, when: u64) -> NewInvalidation {
    let mut new = new_invalidation(distribution, vec![items(&["/a"])]);
    new.batches.clear();
    database.write(async |tx| write(tx, &new, when).await).await;
    new
}

pub async fn write(tx: &mut Tx, new: &NewInvalidation, when: u64) -> Result<(), StoreError> {
    let row = invalidations::NewInvalidationRow {
        invalidation: invalidation(new, at(when)),
        request_key: Some(new.request_key.clone()),
        items_sha256: ItemsRecord::of(&new.items()).sha256,
    };
    invalidations::insert(tx, &[row]).await?;
    let rows = new.batches.iter().enumerate().map(|(index, batch)| batches::NewBatchRow {
        batch: batch.clone(),
        invalidation: new.id.clone(),
        distribution: new.distribution.clone(),
        number: index + 1,
        created_at: at(when),
        due_at: new.not_before.unwrap_or(at(when)),
        alone: false,
    });
    batches::insert(tx, &rows.collect::<Vec<_>>()).await
}

pub async fn states(database: &Database, id: &InvalidationId) -> Vec<&'static str> {
    let batches = database.get(async |conn| batches::of_invalidation(conn, id).await).await;
    batches.iter().map(|batch| batch.state.as_str()).collect()
}
