//! Gives a probe the URLs of a round of looks.

use crate::{
    commands::{CommandContext, CommandError, tokens::authenticate_probe::is_good_probe},
    domain::{
        checks::{CheckKind, CheckRun, CheckSettings, ProbeRound, settings::serves},
        distributions::distribution::Distribution,
        id::DistributionId,
        tokens::probe::Probe,
    },
    store::{Conn, StoreError, checks, distributions, probes},
};

use url::Url;

/// The rounds that are tried for one that has something to look at.
const TRIED: usize = 20;

/// What a probe is to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeWork {
    pub round: ProbeRound,
    pub distribution: DistributionId,
    /// The URLs with their numbers in the run, all of them at hosts that the distribution serves now.
    pub urls: Vec<(usize, String)>,
    /// The headers to send and the texts to look for.
    pub settings: CheckSettings,
}

/// The oldest round that this probe has not answered, which it is then expected to answer. `None` if there is none.
/// [`CommandError::NotFound`] if its token is not valid any more.
pub async fn give_probe_work(
    context: &CommandContext,
    probe: &Probe,
) -> Result<Option<ProbeWork>, CommandError> {
    let now = context.clock.now();
    let mut conn = context.db.read().await?;
    let probe = probes::find(&mut conn, &probe.id).await?.ok_or(CommandError::NotFound)?;
    if !is_good_probe(&mut conn, &probe, now).await? {
        return Err(CommandError::NotFound);
    }
    let since = now.minus(ProbeRound::OFFERED);
    for round in checks::rounds_for_probe(&mut conn, &probe.id, since, TRIED).await? {
        let Some(work) = work(&mut conn, round).await? else { continue };
        drop(conn);
        let mut tx = context.db.begin().await?;
        checks::offer(&mut tx, &probe.id, &work.round, now).await?;
        tx.commit().await?;
        return Ok(Some(work));
    }
    Ok(None)
}

/// What there is to look at in a round. `None` if there is nothing, or nothing any more.
async fn work(conn: &mut Conn, round: ProbeRound) -> Result<Option<ProbeWork>, StoreError> {
    let Some(run) = checks::find(conn, &round.run).await? else { return Ok(None) };
    let distribution = distributions::find(conn, &run.distribution).await?;
    let Some(distribution) = distribution.filter(|distribution| distribution.gone_at.is_none()) else {
        return Ok(None);
    };
    let urls = urls(&run, &distribution);
    let settings = checks::settings::find(conn, &run.distribution).await?;
    // Without the secrets, which stay here, a probe would see something else than the server.
    let is_alike = settings.headers.secret.is_empty();
    Ok((is_alike && !urls.is_empty()).then_some(ProbeWork {
        round,
        distribution: distribution.id,
        urls,
        settings,
    }))
}

/// The distribution may have lost a host since the run was made. An API is the server's to look at.
fn urls(run: &CheckRun, distribution: &Distribution) -> Vec<(usize, String)> {
    let is_served = |url: &str| {
        let url = Url::parse(url).ok();
        url.as_ref().and_then(Url::host_str).is_some_and(|host| serves(distribution, host))
    };
    let served = run.urls.iter().filter(|check| check.kind == CheckKind::Url && is_served(&check.url));
    served.map(|check| (check.number, check.url.clone())).collect()
}
