//! Cuts a batch that CloudFront refused for its items in two, until the refused items are known.

use super::{
    invalidation::{Batch, BatchState},
    item::Item,
    problem::Problem,
};
use crate::time::Timestamp;

/// The most batches that one invalidation can have. A batch that CloudFront refuses when there are as many is not
/// cut any more. Without this bound, 3,000 items that are all refused would take 5,999 calls.
pub const BATCHES_MAX: usize = 2_000;

/// The items of the two batches that replace a batch which CloudFront refused. `None` if it is not cut: the refusal is
/// not about its items, it has only one, or the invalidation has too many batches.
///
/// `next_number` is the number of the next batch of the invalidation. Each half is within the limits, because it is a
/// part of a batch that is.
#[must_use]
pub fn halves(items: &[Item], problem: &Problem, next_number: usize) -> Option<[Vec<Item>; 2]> {
    if items.len() < 2 || next_number >= BATCHES_MAX || !problem.is_about_items() {
        return None;
    }
    let (first, second) = items.split_at(items.len().div_ceil(2));
    Some([first.to_vec(), second.to_vec()])
}

impl Batch {
    /// Whether two other batches have its items.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.cut_into.is_some()
    }

    /// The item that CloudFront certainly refused: its batch has no other.
    #[must_use]
    pub fn refused_item(&self) -> Option<&Item> {
        let is_refused = self.state == BatchState::Failed
            && !self.is_cut()
            && self.problem.as_ref().is_some_and(Problem::is_about_items);
        match &self.items[..] {
            [only] => Some(only).filter(|_| is_refused),
            _ => None,
        }
    }

    /// What a person can do about its problem. `None` if it has none.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let problem = self.problem.as_ref()?;
        Some(match self.cut_into {
            Some([first, second]) => format!(
                "CloudFront refuses a batch as a whole, so Unstale cut it in two: batches {first} and {second} have its items."
            ),
            None => problem.advice(&self.items),
        })
    }
}

/// The batches that the request was first divided into, without the halves of those that were cut since.
pub fn retain_requested(batches: &mut Vec<Batch>) {
    let halves: Vec<usize> = batches.iter().filter_map(|batch| batch.cut_into).flatten().collect();
    batches.retain(|batch| !halves.contains(&batch.number));
}

/// When CloudFront accepted and completed the items of a batch: of one that was cut, when the last part of it was
/// accepted and completed. `None` if a part was not.
#[must_use]
pub fn accepted_and_completed(batch: &Batch, all: &[Batch]) -> (Option<Timestamp>, Option<Timestamp>) {
    let parts = parts(batch, all);
    let latest = |time: fn(&Batch) -> Option<Timestamp>| {
        let times: Option<Vec<Timestamp>> = parts.iter().map(|part| time(part)).collect();
        times.and_then(|times| times.into_iter().max())
    };
    (latest(|part| part.accepted_at), latest(|part| part.completed_at))
}

/// The batches that have the items of a batch now.
fn parts<'a>(batch: &'a Batch, all: &'a [Batch]) -> Vec<&'a Batch> {
    let (mut parts, mut open) = (Vec::new(), vec![batch]);
    while let Some(one) = open.pop() {
        match one.cut_into {
            // A half has a greater number than its whole. So this ends, whatever the database contains.
            Some(numbers) => open
                .extend(all.iter().filter(|half| numbers.contains(&half.number) && half.number > one.number)),
            None => parts.push(one),
        }
    }
    parts
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        id::{BatchId, CallerReference, DistributionId, InvalidationId},
        invalidations::problem::ProblemKind,
    };

    fn problem(message: &str) -> Problem {
        let (code, message) = ("InvalidArgument".to_owned(), message.to_owned());
        Problem { kind: ProblemKind::InvalidArgument, code, message, request_id: None }
    }

    pub fn batch(number: usize, items: &[&str], state: BatchState) -> Batch {
        let id = BatchId::from_trusted(format!("b{number}"));
        Batch {
            caller_reference: CallerReference::of(&id),
            id,
            invalidation: InvalidationId::from_trusted("i"),
            distribution: DistributionId::from_trusted("E1"),
            number,
            items: items.iter().map(|text| Item::from_trusted(*text)).collect(),
            state,
            attempts: 1,
            due_at: Timestamp::from_micros(0),
            created_at: Timestamp::from_micros(0),
            first_sent_at: None,
            accepted_at: None,
            completed_at: None,
            cloudfront_id: None,
            aws_request_id: None,
            problem: None,
            cut_into: None,
            merged_into: None,
        }
    }

    pub fn refused(number: usize, items: &[&str]) -> Batch {
        let problem = Some(problem("Your request contains one or more invalid invalidation paths."));
        Batch { problem, ..batch(number, items, BatchState::Failed) }
    }

    #[test]
    fn a_batch_is_cut_where_its_items_are_refused_and_it_has_several() {
        let three = refused(1, &["/a", "/b", "/c"]);
        let about = three.problem.clone().unwrap();
        let [first, second] = halves(&three.items, &about, 2).unwrap();
        assert_eq!((&first[..], &second[..]), three.items.split_at(2));
        assert_eq!(halves(&three.items[..1], &about, 2), None);
        assert_eq!(halves(&[], &about, 2), None);
        assert_eq!(halves(&three.items, &problem("The parameter Quantity is invalid."), 2), None);
        assert!(halves(&three.items, &about, BATCHES_MAX - 1).is_some());
        assert_eq!(halves(&three.items, &about, BATCHES_MAX), None);
    }

    #[test]
    fn only_an_item_without_others_is_surely_the_refused_one() {
        assert_eq!(refused(1, &["/a"]).refused_item(), Some(&Item::from_trusted("/a")));
        assert_eq!(refused(1, &["/a", "/b"]).refused_item(), None);
        assert_eq!(Batch { cut_into: Some([2, 3]), ..refused(1, &["/a"]) }.refused_item(), None);
        assert_eq!(Batch { state: BatchState::Queued, ..refused(1, &["/a"]) }.refused_item(), None);
        assert_eq!(batch(1, &["/a"], BatchState::Failed).refused_item(), None);
    }

    #[test]
    fn a_batch_that_was_cut_says_so() {
        let cut = Batch { cut_into: Some([4, 5]), ..refused(1, &["/a", "/b"]) };
        assert!(cut.advice().unwrap().contains("batches 4 and 5 have its items"));
        assert!(refused(1, &["/a"]).advice().unwrap().contains("a single item, /a;"));
        assert_eq!(batch(1, &["/a"], BatchState::Queued).advice(), None);
    }

    #[test]
    fn what_was_requested_is_told_without_the_halves() {
        let cut = |number, into| Batch { cut_into: Some(into), ..refused(number, &["/a", "/b"]) };
        let mut all = vec![cut(1, [3, 4]), refused(2, &["/x"]), cut(3, [5, 6])];
        all.extend((4..=6).map(|number| batch(number, &["/a"], BatchState::Queued)));
        retain_requested(&mut all);
        assert_eq!(all.iter().map(|batch| batch.number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_batch_that_was_cut_is_accepted_when_its_last_part_is() {
        let at = |seconds: i64| Some(Timestamp::from_micros(seconds * 1_000_000));
        let sent = |number, accepted, completed| Batch {
            accepted_at: at(accepted),
            completed_at: at(completed),
            ..batch(number, &["/a"], BatchState::Completed)
        };
        let cut = |number, into| Batch { cut_into: Some(into), ..refused(number, &["/a", "/b"]) };
        let mut all = vec![cut(1, [2, 3]), cut(2, [4, 5]), sent(3, 5, 30), sent(4, 9, 20), sent(5, 7, 25)];
        assert_eq!(accepted_and_completed(&all[0], &all), (at(9), at(30)));
        assert_eq!(accepted_and_completed(&all[2], &all), (at(5), at(30)));
        all[4] = Batch { completed_at: None, ..all[4].clone() };
        assert_eq!(accepted_and_completed(&all[0], &all), (at(9), None));
        // Somebody changed the database.
        all[2] = cut(3, [1, 2]);
        assert_eq!(accepted_and_completed(&all[2], &all), (None, None));
    }
}
