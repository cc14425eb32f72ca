//! The JSON form of a batch, and of what CloudFront said when it did not accept it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::invalidations::invalidation::Batch;

/// What CloudFront gets in one `CreateInvalidation`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Batch)]
pub struct BatchShape {
    /// `queued`, `submitting`, `in_progress`, `completed`, `cancelled`, `failed`, `lost` or `needs_a_look`.
    pub state: String,
    /// The key by which CloudFront takes it for one, however often it is sent. Where `merged_into` is set, it is never
    /// sent under this one.
    pub caller_reference: String,
    pub cloudfront_id: Option<String>,
    /// How many items it has.
    pub items: usize,
    /// Its only item, where CloudFront refused the batch for it.
    pub refused_item: Option<String>,
    /// The places in this list, counted from 1, of the two batches that have its items: CloudFront refused it for its
    /// items, and it was cut in two. It does not count for the state of the invalidation. Null where it was not cut.
    pub cut_into: Option<[usize; 2]>,
    /// The caller reference that its items are sent under, together with those of other requests that waited at the same
    /// time: what they have in common goes once. The state, the times, `cloudfront_id` and `problem` are those of what is
    /// sent. Null where it is sent alone.
    pub merged_into: Option<String>,
    /// When it may be sent, or sent again.
    #[schema(format = DateTime)]
    pub due_at: String,
    #[schema(format = DateTime)]
    pub accepted_at: Option<String>,
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
    pub problem: Option<TroubleShape>,
}

/// What CloudFront said when it did not take a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Trouble)]
pub struct TroubleShape {
    /// A stable word, such as `access_denied` or `throttled`.
    pub kind: String,
    /// The same for people.
    pub headline: String,
    /// What to do about it.
    pub advice: String,
    /// The statement for the policy of the role or user that Unstale runs as, as JSON to paste; null where an Allow
    /// there does not help.
    pub statement: Option<String>,
    /// AWS's own code and words.
    pub code: String,
    pub message: String,
}

impl BatchShape {
    pub fn new(batch: &Batch, arn: &str) -> Self {
        Self {
            state: batch.state.as_str().to_owned(),
            caller_reference: batch.caller_reference.to_string(),
            cloudfront_id: batch.cloudfront_id.as_ref().map(ToString::to_string),
            items: batch.items.len(),
            refused_item: batch.refused_item().map(ToString::to_string),
            cut_into: batch.cut_into,
            merged_into: batch.merged_into.as_ref().map(ToString::to_string),
            due_at: batch.due_at.to_string(),
            accepted_at: batch.accepted_at.map(|at| at.to_string()),
            completed_at: batch.completed_at.map(|at| at.to_string()),
            problem: TroubleShape::of(batch, arn),
        }
    }
}

impl TroubleShape {
    fn of(batch: &Batch, arn: &str) -> Option<Self> {
        let problem = batch.problem.as_ref()?;
        Some(Self {
            kind: problem.kind.as_str().to_owned(),
            headline: problem.kind.headline().to_owned(),
            advice: batch.advice().unwrap_or_default(),
            statement: problem.statement(arn),
            code: problem.code.clone(),
            message: problem.message.clone(),
        })
    }
}
