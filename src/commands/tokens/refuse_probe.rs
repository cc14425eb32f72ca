//! Records that somebody used a probe's token that is not valid.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::Origin,
        id::TokenId,
        time::Timestamp,
        tokens::probe::{Probe, ProbeSecret},
    },
    store::probes,
};

use super::refuse_token::{RefusedToken, record};

/// Records which probe was refused and why. Does nothing if `is_time` returns `false` for its token.
pub async fn refuse_probe(
    context: &CommandContext,
    origin: &Origin,
    secret: &ProbeSecret,
    is_time: impl FnOnce(Option<&TokenId>) -> bool,
) -> Result<(), CommandError> {
    let hash = secret.hash();
    let found = probes::find_by_hash(&mut *context.db.read().await?, &hash).await?;
    if !is_time(found.as_ref().map(|probe| &probe.id)) {
        return Ok(());
    }
    let refused = RefusedToken {
        known: found.as_ref().map(|probe| (probe.id.clone(), probe.actor())),
        hash,
        shown: secret.shown(),
        why: why(found.as_ref(), context.clock.now()).to_owned(),
    };
    record(context, origin, refused).await
}

fn why(probe: Option<&Probe>, now: Timestamp) -> &'static str {
    match probe {
        None => "there is no such probe here",
        Some(probe) if probe.revoked_at.is_some() => "the probe was revoked",
        Some(probe) if !probe.is_good(now) => "the probe's token has expired",
        Some(_) => "the person who created the probe is no longer an administrator",
    }
}
