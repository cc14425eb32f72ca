//! The JSON form of an invalidation. It is a contract with clients: fields may be added, but never changed.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        checks::representation::{CheckShape, SilentLocationShape},
        state::Api,
    },
    domain::{
        actor::Actor,
        audit::Action,
        checks::{Freshness, Warming},
        invalidations::{
            halves,
            invalidation::{Batch, BatchState, Invalidation, InvalidationState, NewInvalidation},
            item::Item,
            refused::RefusedItems,
            restored::NOT_SENT_AGAIN,
        },
        time::Timestamp,
    },
    store::{
        Conn, StoreError, audit,
        checks::warming,
        distributions,
        invalidations::{batches, queue},
    },
};

use super::{batch::BatchShape, freshness};

/// The most events that are looked through: far more than there are of a request that was never sent.
const EVENTS_READ: usize = 100;

/// One act of one actor on one distribution.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Invalidation)]
pub struct InvalidationShape {
    #[schema(example = "01997c9e-8e0a-7c3e-b7b5-2f1e5f0b9d11")]
    pub id: String,
    /// Its page, for people.
    pub url: String,
    /// `queued` (nothing sent yet), `in_progress`, `completed`, `failed`, `cancelled` or `needs_a_look`.
    pub state: String,
    /// The ID of the distribution.
    pub distribution: String,
    /// What is refreshed: paths, wildcards and tags, cleaned up and sorted.
    pub items: Vec<String>,
    /// Those of them that CloudFront refused for themselves. The others are sent without them.
    pub refused_items: Vec<String>,
    /// The same for people, with what became of the others; null where none was refused for itself.
    pub refusal: Option<String>,
    /// Why it was not sent, where Unstale itself has cancelled it; null for all others. After a restore, what CloudFront has
    /// accepted meanwhile is not sent again.
    pub not_sent: Option<String>,
    pub reason: String,
    /// What viewers must get: `new_version`, `gone` (403, 404 or 410), or `sha256:` and the hash of the content.
    pub expected: String,
    pub requested_by: ActorShape,
    #[schema(format = DateTime)]
    pub requested_at: String,
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// So many batches go before the next one of this; null where none is queued.
    pub ahead: Option<usize>,
    pub batches: Vec<BatchShape>,
    /// What of this is not what the history recorded, with the event that says otherwise: somebody changed the database.
    /// Null where all of it agrees.
    pub contradiction: Option<String>,
    /// What viewers get, the worst of its checks: `off` (nothing is looked at), `pending`, `fresh`, `unchanged`, `stale`,
    /// `broken` or `unclear`. Where `gone` is expected, `fresh` means that it is gone.
    pub freshness: String,
    /// What was seen of each URL; null in lists.
    pub checks: Option<Vec<CheckShape>>,
    /// The edge locations that were asked and gave no answer of their own, which count for nothing; null in lists.
    pub silent_locations: Option<Vec<SilentLocationShape>>,
    /// What became of fetching its URLs afterwards; null where the request did not ask for that.
    pub warming: Option<WarmingShape>,
}

/// The URLs of an invalidation that are fetched once when it has completed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Warming)]
pub struct WarmingShape {
    /// `waiting` (for CloudFront, or until it is known what to fetch), `running` or `done`.
    pub state: String,
    /// How many URLs are fetched in all, at most 500.
    pub planned: usize,
    pub fetched: usize,
    /// How many of them were answered by an error, or not at all.
    pub failed: usize,
    /// How many more are known that are not fetched: there were too many.
    pub left_out: usize,
    /// Why it ended: `finished` (each URL was tried), `refused`, `cancelled`, `not_asked` (checks are off for the
    /// distribution), `nothing_known`, `site_hangs` or `too_much`.
    pub ended: Option<String>,
    /// How it stands, for people.
    pub description: String,
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorShape {
    /// `person`, `token`, `service`, `outside` or `nobody`.
    pub kind: String,
    pub id: String,
    /// An e-mail address, or the name of a token.
    pub name: String,
}

impl ActorShape {
    pub fn new(actor: &Actor) -> Self {
        let kind = actor.kind().as_str().to_owned();
        Self { kind, id: actor.id().to_owned(), name: actor.name().to_owned() }
    }
}

impl WarmingShape {
    fn new(warming: &Warming) -> Self {
        Self {
            state: warming.state.as_str().to_owned(),
            planned: warming.planned,
            fetched: warming.fetched,
            failed: warming.failed,
            left_out: warming.left_out,
            ended: warming.ended.map(|ended| ended.as_str().to_owned()),
            description: warming.describe(),
            finished_at: warming.finished_at.map(|at| at.to_string()),
        }
    }
}

impl InvalidationShape {
    fn new(invalidation: &Invalidation, batches: &[Batch], base: &str, arn: &str) -> Self {
        let mut items: Vec<&Item> = batches.iter().flat_map(|batch| &batch.items).collect();
        items.sort_unstable();
        items.dedup();
        let refused = RefusedItems::of(batches);
        Self {
            id: invalidation.id.to_string(),
            url: format!("{base}/invalidations/{}", invalidation.id),
            state: invalidation.state.as_str().to_owned(),
            distribution: invalidation.distribution.to_string(),
            items: items.into_iter().map(ToString::to_string).collect(),
            refusal: refused.as_ref().map(RefusedItems::describe),
            refused_items: refused
                .iter()
                .flat_map(|refused| &refused.items)
                .map(ToString::to_string)
                .collect(),
            not_sent: None,
            reason: invalidation.reason.clone(),
            expected: invalidation.expected.to_string(),
            requested_by: ActorShape::new(&invalidation.requested_by),
            requested_at: invalidation.requested_at.to_string(),
            ended_at: invalidation.ended_at.map(|at| at.to_string()),
            ahead: None,
            batches: batches.iter().map(|batch| BatchShape::new(batch, arn)).collect(),
            contradiction: None,
            freshness: Freshness::Off.as_str().to_owned(),
            checks: None,
            silent_locations: None,
            warming: None,
        }
    }

    /// The invalidation in its current state, with its checks.
    pub async fn load(
        api: &Api,
        conn: &mut Conn,
        invalidation: &Invalidation,
        base: &str,
    ) -> Result<Self, StoreError> {
        let (freshness, run) = freshness::of(api, conn, invalidation).await?;
        let mut shape = Self::load_listed(conn, invalidation, freshness, base).await?;
        shape.checks = Some(run.as_ref().map(CheckShape::all).unwrap_or_default());
        shape.silent_locations = Some(run.as_ref().map(SilentLocationShape::all).unwrap_or_default());
        Ok(shape)
    }

    /// The invalidation in its current state, as lists have it.
    pub async fn load_listed(
        conn: &mut Conn,
        invalidation: &Invalidation,
        freshness: Freshness,
        base: &str,
    ) -> Result<Self, StoreError> {
        let batches = batches::of_invalidation(conn, &invalidation.id).await?;
        let arn = if batches.iter().any(|batch| batch.problem.is_some()) {
            distributions::find(conn, &invalidation.distribution)
                .await?
                .map(|distribution| distribution.arn_or_guess())
        } else {
            None
        };
        let mut shape = Self::new(invalidation, &batches, base, &arn.unwrap_or_default());
        shape.contradiction = contradiction(conn, invalidation, &batches).await?;
        freshness.as_str().clone_into(&mut shape.freshness);
        if invalidation.state == InvalidationState::Cancelled {
            let events = audit::of_invalidation(conn, &invalidation.id, EVENTS_READ).await?;
            let is_skipped = events.iter().any(|chained| chained.event.action == Action::BatchSkipped);
            shape.not_sent = is_skipped.then(|| NOT_SENT_AGAIN.to_owned());
        }
        if invalidation.warm {
            shape.warming = warming::find(conn, &invalidation.id).await?.as_ref().map(WarmingShape::new);
        }
        if batches.iter().any(|batch| batch.state == BatchState::Queued) {
            shape.ahead = queue::place(conn, &invalidation.id).await?.map(|place| place.ahead());
        }
        Ok(shape)
    }

    /// The invalidation in the state in which it was accepted, so that each repetition of a request gets the same
    /// answer.
    pub async fn load_as_accepted(
        api: &Api,
        conn: &mut Conn,
        invalidation: &Invalidation,
        not_before: Option<Timestamp>,
        base: &str,
    ) -> Result<Self, StoreError> {
        let mut batches = batches::of_invalidation(conn, &invalidation.id).await?;
        let contradiction = contradiction(conn, invalidation, &batches).await?;
        halves::retain_requested(&mut batches);
        for batch in &mut batches {
            batch.state = BatchState::Queued;
            batch.due_at = not_before.map_or(batch.created_at, |at| at.max(batch.created_at));
            (batch.accepted_at, batch.completed_at) = (None, None);
            (batch.cloudfront_id, batch.problem, batch.cut_into) = (None, None, None);
            batch.merged_into = None;
        }
        let accepted =
            Invalidation { state: InvalidationState::Queued, ended_at: None, ..invalidation.clone() };
        let freshness = freshness::as_accepted(api, conn, invalidation).await?;
        Ok(Self { contradiction, ..Self::accepted(&accepted, &batches, freshness, base) })
    }

    /// An invalidation that was accepted a moment ago, as [`Self::load_as_accepted`] gives it, without reading it again.
    pub async fn load_new(
        api: &Api,
        new: &NewInvalidation,
        (requested_by, at): (&Actor, Timestamp),
        base: &str,
    ) -> Result<Self, StoreError> {
        let freshness = freshness::of_new(api, &mut *api.context.db.read().await?, &new.distribution).await?;
        Ok(Self::accepted(&new.queued(requested_by, at), &new.queued_batches(at), freshness, base))
    }

    fn accepted(invalidation: &Invalidation, batches: &[Batch], freshness: Freshness, base: &str) -> Self {
        let waiting = || Warming::waiting(invalidation.id.clone(), invalidation.distribution.clone());
        Self {
            freshness: freshness.as_str().to_owned(),
            checks: Some(Vec::new()),
            warming: invalidation.warm.then(|| WarmingShape::new(&waiting())),
            ..Self::new(invalidation, batches, base, "")
        }
    }
}

async fn contradiction(
    conn: &mut Conn,
    invalidation: &Invalidation,
    batches: &[Batch],
) -> Result<Option<String>, StoreError> {
    let found = audit::contradiction_of(conn, invalidation, batches).await?;
    Ok(found
        .map(|broken| format!("This differs from the history, event {}: {}.", broken.sequence, broken.flaw)))
}
