//! Performs one act: the request, what the others do with it, and what becomes of it.

use std::{fs, time::Duration};

use cloudfront_sandbox::{EdgeAnswer, EdgeRule, Fault, FaultKind, FrontCache};

use crate::{
    cli::CliError,
    commands::{self, Requested, new_uuid},
    domain::{
        actor::Acting,
        id::{DistributionId, InvalidationId, ProposalId, RequestKey},
        invalidations::{
            batching,
            freeze_window::FreezeAnswer,
            invalidation::NewInvalidation,
            plan::{Plan, Surroundings},
        },
    },
    store::distributions,
};

use super::{
    acts::{Act, Outcome},
    past::Past,
};

/// How long people take to answer a colleague, to add a permission, or to think again.
const ANSWERED_AFTER: Duration = Duration::from_mins(9);
/// A request that is put off is to be sent so much later.
const PUT_OFF_BY: Duration = Duration::from_hours(1);
/// When a check that did not go well is made again, each after the one before.
const CHECKED_AGAIN: [Duration; 3] =
    [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)];

impl Past {
    /// Performs this act to its end.
    pub async fn perform(&self, act: &Act) -> Result<(), CliError> {
        self.advance_to(act.before);
        let Some(acting) = self.people.acting(act.by) else { return self.use_console(act).await };
        let requested = self.request(act, acting).await?;
        match (act.outcome, requested) {
            (Outcome::Completed, Requested::New(..)) => self.complete(act).await,
            (Outcome::Stale, Requested::New(..)) => self.stay_stale(act).await,
            (Outcome::DeniedAtFirst, Requested::New(id, _)) => self.deny_at_first(act, &id).await,
            (Outcome::Cancelled, Requested::New(id, _)) => {
                self.advance(ANSWERED_AFTER);
                Ok(commands::cancel_invalidation(&self.context, acting, &id).await?)
            }
            (Outcome::Approved(_), Requested::Proposed(id)) => self.approve(act, &id).await,
            (Outcome::Declined(comment), Requested::Proposed(id)) => {
                self.advance(ANSWERED_AFTER);
                Ok(commands::decline_proposal(&self.context, &self.people.demo, &id, comment).await?)
            }
            (Outcome::WaitsForApproval, Requested::Proposed(_)) => Ok(()),
            (outcome, requested) => Err(format!("{outcome:?} was to come of {requested:?}").into()),
        }
    }

    async fn request(&self, act: &Act, acting: &Acting) -> Result<Requested, CliError> {
        let new = self.new_invalidation(act).await?;
        Ok(commands::request_invalidation(&self.context, acting, &new).await?)
    }

    async fn new_invalidation(&self, act: &Act) -> Result<NewInvalidation, CliError> {
        let id = DistributionId::parse(act.site).ok_or("a site's ID is wrong")?;
        let found = distributions::find(&mut *self.context.db.read().await?, &id).await?;
        let distribution = found.ok_or("a site was not read from the stand-in")?;
        let plan = Plan::work_out(act.items, &distribution, Surroundings::unmeasured(batching::OURS));
        let first = plan.lines.iter().find_map(|line| line.item_to_send().cloned());
        let first = first.ok_or_else(|| format!("nothing of {} would be sent", act.items))?;
        let (reason, key) = (act.reason.to_owned(), RequestKey::new(new_uuid()));
        let mut new = NewInvalidation::from_batches(id, plan.batches, first, reason, key, new_uuid);
        if act.outcome == Outcome::Cancelled {
            new.not_before = Some(self.context.clock.now().plus(PUT_OFF_BY));
        }
        Ok(new)
    }

    /// The checker looks, the new version is published, CloudFront takes the invalidation and completes it, and the
    /// checker looks again.
    async fn complete(&self, act: &Act) -> Result<(), CliError> {
        self.check().await?;
        self.publish(act.site, act.changed)?;
        self.submit().await?;
        // Not each takes the same time.
        let more = u64::try_from(act.items.len() % 4)?;
        self.advance(self.complete_after + Duration::from_secs(more));
        self.poll().await?;
        self.advance(Duration::from_secs(1));
        self.check().await
    }

    /// Viewers reach the site through a second cache, which keeps what it has for a day.
    async fn stay_stale(&self, act: &Act) -> Result<(), CliError> {
        let headers = self.origin_of(act.site)?.join("_headers.json");
        fs::write(&headers, r#"{"*": {"cache-control": "public, max-age=86400"}}"#)?;
        let second_cache =
            EdgeRule { front: Some(FrontCache::Varnish), ..EdgeRule::new("*", EdgeAnswer::Usual) };
        self.sandbox.set_edge_rules(vec![second_cache.distribution(act.site)]);
        self.check().await?;
        // A copy of the very moment of the invalidation could be of either version.
        self.advance(Duration::from_secs(30));
        self.complete(act).await?;
        for pause in CHECKED_AGAIN {
            self.advance(pause);
            self.check().await?;
        }
        self.sandbox.set_edge_rules(Vec::new());
        Ok(fs::remove_file(headers)?)
    }

    async fn deny_at_first(&self, act: &Act, id: &InvalidationId) -> Result<(), CliError> {
        self.sandbox.set_faults(vec![Fault::new("CreateInvalidation", FaultKind::AccessDenied)]);
        self.check().await?;
        self.submit().await?;
        self.sandbox.set_faults(Vec::new());
        self.advance(ANSWERED_AFTER);
        let answer = FreezeAnswer { overrides: false, reason: "" };
        commands::retry_invalidation(&self.context, &self.people.demo, id, answer).await?;
        self.complete(act).await
    }

    async fn approve(&self, act: &Act, id: &ProposalId) -> Result<(), CliError> {
        let Outcome::Approved(reason) = act.outcome else { return Ok(()) };
        self.advance(ANSWERED_AFTER);
        let answer = FreezeAnswer { overrides: false, reason };
        commands::approve_proposal(&self.context, &self.people.demo, id, answer, batching::OURS).await?;
        self.complete(act).await
    }

    /// Somebody makes an invalidation in the console of AWS, and Unstale finds it.
    async fn use_console(&self, act: &Act) -> Result<(), CliError> {
        self.publish(act.site, act.changed)?;
        let items: Vec<&str> = act.items.lines().collect();
        let reference = format!("console-{}", self.context.clock.now());
        self.sandbox.create_invalidation(act.site, "AKIACONSOLE", &reference, &items)?;
        self.advance(self.complete_after);
        self.read_cloudfront().await?;
        self.poll().await
    }
}
