//! Makes the looks of a check-up, and stores what they saw.

use std::time::Instant;

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
        causes::with_causes,
        checks::{CheckUpLooks, FindingState, check_up},
        distributions::distribution::Distribution,
    },
    store::{
        StoreError, audit,
        checks::{
            self,
            check_up::{self as check_ups, ClaimedCheckUp},
        },
        distributions,
    },
};

use super::{
    Shared,
    look::{Looker, UrlLooker},
    pairs::LOOKING,
    secrets::open_own,
};

impl Shared {
    /// Makes the looks of a check-up. If they cannot be stored, the lease runs out and they are made again.
    pub async fn work_on_check_up(&self, claimed: ClaimedCheckUp) {
        if let Err(error) = self.check_up(&claimed).await {
            tracing::error!(
                distribution = %claimed.distribution,
                error = %with_causes(&error),
                "the looks of a check-up failed; they are made again"
            );
        }
        self.context.notifier.notify();
    }

    async fn check_up(&self, claimed: &ClaimedCheckUp) -> Result<(), StoreError> {
        let mut conn = self.context.db.read().await?;
        let Some(distribution) = distributions::find(&mut conn, &claimed.distribution).await? else {
            return Ok(());
        };
        let settings = checks::settings::find(&mut conn, &claimed.distribution).await?;
        drop(conn);
        let urls = UrlLooker::without_secrets(&self.edge, &self.context.clock, &settings);
        let secrets = open_own(&settings.headers.secret, &distribution.id, self.secrets_key.as_deref());
        let looker = Looker {
            urls: urls.with_secrets(secrets),
            distribution: &distribution,
            deadline: Instant::now() + LOOKING,
        };
        let looks = self.look_for_check_up(&looker).await;
        self.store_check_up(claimed, &distribution, &looks).await
    }

    async fn store_check_up(
        &self,
        claimed: &ClaimedCheckUp,
        distribution: &Distribution,
        looks: &CheckUpLooks,
    ) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let mut tx = self.context.db.begin().await?;
        if !check_ups::finish(&mut tx, claimed, looks, now).await? {
            return Ok(());
        }
        let mut event = Event::new(now, &Acting::service(), Action::CheckUpFinished);
        event.distribution = Some(claimed.distribution.clone());
        event.note = counted(distribution, looks);
        audit::append(&mut tx, event);
        tx.commit().await
    }
}

/// So many findings of each state: `1 problem, 2 advice, 8 good`.
fn counted(distribution: &Distribution, looks: &CheckUpLooks) -> String {
    let findings = check_up(distribution, Some(looks));
    let counts = FindingState::ALL.iter().filter_map(|state| {
        let count = findings.iter().filter(|finding| finding.state == *state).count();
        (count > 0).then(|| format!("{count} {}", state.label().to_lowercase()))
    });
    counts.collect::<Vec<_>>().join(", ")
}
