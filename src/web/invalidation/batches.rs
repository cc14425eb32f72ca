//! The batches of an invalidation's page, and the items that CloudFront refused.

use crate::domain::invalidations::{
    invalidation::{Batch, BatchState},
    item::Item,
    refused::RefusedItems,
};

use super::super::view::StatusView;

/// If there are more batches, those that are completed are folded away.
const SHOWN: usize = 20;
/// The number of refused items that are shown. The others are only counted.
const REFUSED_SHOWN: usize = 100;

/// A batch in the table of a request with several.
#[derive(Debug, Clone)]
pub struct BatchView {
    pub number: usize,
    pub items: usize,
    pub status: StatusView,
    pub cloudfront_id: String,
    pub caller_reference: String,
    pub request_id: String,
    pub attempts: u32,
    /// The ID of the batch, if a person has to say whether CloudFront has it.
    pub needs_a_look: Option<String>,
}

impl BatchView {
    fn new(batch: &Batch) -> Self {
        let words = match batch.cut_into {
            Some([first, second]) => format!("Refused, cut into {first} and {second}"),
            None => batch.state.label().to_owned(),
        };
        Self {
            number: batch.number,
            items: batch.items.len(),
            status: StatusView { state: batch.state.as_str(), words },
            cloudfront_id: batch.cloudfront_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            caller_reference: batch.sent_under().to_string(),
            request_id: batch.aws_request_id.clone().unwrap_or_default(),
            attempts: batch.attempts,
            needs_a_look: (batch.state == BatchState::NeedsALook).then(|| batch.id.to_string()),
        }
    }
}

/// The batches of an invalidation, so that those stand first that a person may want to see.
#[derive(Debug, Clone)]
pub struct BatchesView {
    pub shown: Vec<BatchView>,
    /// Completed ones, if there are many batches.
    pub completed: Vec<BatchView>,
    /// Those that were cut in two.
    pub cut: Vec<BatchView>,
}

impl BatchesView {
    pub fn new(batches: &[Batch]) -> Self {
        let (cut, uncut): (Vec<&Batch>, Vec<&Batch>) = batches.iter().partition(|batch| batch.is_cut());
        let folds = uncut.len() > SHOWN;
        let (completed, shown): (Vec<&Batch>, Vec<&Batch>) =
            uncut.into_iter().partition(|batch| folds && batch.state == BatchState::Completed);
        let views = |batches: Vec<&Batch>| batches.into_iter().map(BatchView::new).collect();
        Self { shown: views(shown), completed: views(completed), cut: views(cut) }
    }

    /// The number of the batches that the items are in now.
    pub fn count(&self) -> usize {
        self.shown.len() + self.completed.len()
    }

    /// The only batch, if there is only one.
    pub fn only(&self) -> Option<&BatchView> {
        self.shown.first().filter(|_| self.count() == 1)
    }

    /// Why there are several.
    pub const fn why(&self) -> &'static str {
        if self.cut.is_empty() {
            "CloudFront's limits split the request"
        } else {
            "cut in two where CloudFront refused items"
        }
    }
}

/// The items that CloudFront refused for themselves.
#[derive(Debug, Clone)]
pub struct RefusedView {
    pub headline: String,
    pub others: String,
    pub items: Vec<Item>,
    pub hidden: usize,
    /// CloudFront's words about the first of them.
    pub message: String,
    pub code: String,
    pub request_id: Option<String>,
}

impl RefusedView {
    /// `None` if CloudFront refused no single item.
    pub fn new(batches: &[Batch]) -> Option<Self> {
        let refused = RefusedItems::of(batches)?;
        let batch = batches.iter().find(|batch| batch.refused_item().is_some())?;
        let problem = batch.problem.as_ref()?;
        Some(Self {
            headline: refused.headline(),
            others: refused.others(),
            hidden: refused.items.len().saturating_sub(REFUSED_SHOWN),
            message: problem.message.clone(),
            code: problem.code.clone(),
            request_id: batch.aws_request_id.clone(),
            items: refused.items.into_iter().take(REFUSED_SHOWN).collect(),
        })
    }
}
