//! What a plan needs besides its lines. The pages and the API both use it. It only reads.

use crate::{
    commands::CommandContext,
    domain::{
        actor::Actor,
        distributions::distribution::Distribution,
        invalidations::{
            batching::Limits,
            plan::Surroundings,
            quotas::{QuotaUsage, SPAN},
        },
    },
    store::{
        Conn, StoreError,
        invalidations::{self, batches},
    },
};

/// The current usage of the limits on this distribution and by this actor.
pub async fn look_around(
    context: &CommandContext,
    conn: &mut Conn,
    actor: &Actor,
    distribution: &Distribution,
    limits: Limits,
) -> Result<Surroundings, StoreError> {
    let now = context.clock.now();
    let (month, until) = (now.start_of_month(), now.and_a_moment());
    Ok(Surroundings {
        used_this_month: batches::taken_between(conn, distribution.account(), month, until).await?.billed,
        in_flight: batches::in_flight(conn, &distribution.id).await?,
        limits,
        quotas: context.quotas,
        spent: spent(context, conn, actor).await?,
    })
}

/// What the actor has asked for within the last day. It is not read if there is no quota.
pub(in crate::commands) async fn spent(
    context: &CommandContext,
    conn: &mut Conn,
    actor: &Actor,
) -> Result<QuotaUsage, StoreError> {
    if context.quotas.daily_items.is_none() {
        return Ok(QuotaUsage::default());
    }
    let now = context.clock.now();
    invalidations::spent_between(conn, actor, now.minus(SPAN), now.and_a_moment()).await
}
