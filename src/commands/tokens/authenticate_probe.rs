//! Authenticates a probe by its token, which opens nothing but what is for probes.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::Role,
        causes::with_causes,
        id::{PersonId, TokenId},
        time::Timestamp,
        tokens::probe::{Probe, ProbeSecret},
    },
    store::{Conn, StoreError, access, probes},
};

/// How precisely the last contact of a probe is stored.
const TOUCH_EVERY: Duration = Duration::from_secs(15);

/// The probe with this secret. `None` if there is none, or its token is not valid any more. Its contact is recorded.
pub async fn authenticate_probe(
    context: &CommandContext,
    secret: &ProbeSecret,
) -> Result<Option<Probe>, CommandError> {
    let now = context.clock.now();
    let mut conn = context.db.read().await?;
    let Some(probe) = probes::find_by_hash(&mut conn, &secret.hash()).await? else { return Ok(None) };
    let is_good = is_good_probe(&mut conn, &probe, now).await?;
    drop(conn);
    if !is_good {
        return Ok(None);
    }
    if !probe.contact_at.is_some_and(|at| now.is_soon_after(at, TOUCH_EVERY)) {
        touch(context, &probe.id).await;
    }
    Ok(Some(probe))
}

/// Whether a probe may work now: its token is valid, and whoever made it is an administrator still. A probe sees URLs of
/// every distribution, which nobody else may who might know its secret.
pub async fn is_good_probe(conn: &mut Conn, probe: &Probe, now: Timestamp) -> Result<bool, StoreError> {
    if !probe.is_good(now) {
        return Ok(false);
    }
    if probe.made_by.is_empty() {
        return Ok(true);
    }
    let Some(maker) = PersonId::parse(&probe.made_by) else { return Ok(false) };
    let access = access::of_person(conn, &maker).await?;
    Ok(access.is_some_and(|access| access.role == Role::Admin))
}

/// Records the contact. An error is only logged, because a probe must work even if the database takes no writes.
async fn touch(context: &CommandContext, probe: &TokenId) {
    let write = async {
        let mut tx = context.db.begin().await?;
        probes::touch(&mut tx, probe, context.clock.now()).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(error = %with_causes(&error), "the contact of a probe could not be noted");
    }
}
