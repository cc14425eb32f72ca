//! Makes the looks of one round, two at a time, until too many of them hang.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

/// The looks of one round that go on at the same time.
const AT_ONCE: usize = 2;
/// After so many looks that got no answer in time, no other one begins in this round.
const HANGING: usize = 2;

/// How long the looks of one round may begin.
pub const LOOKING: Duration = Duration::from_mins(2);

/// Calls `look` for each item, and returns what it made, in their order.
///
/// Its second argument says whether a look may begin: not after `deadline`, and not after too many hung. It returns
/// with what it made whether it hung. No look begins while another may still turn out to hang, so that a site that
/// hangs costs the same time each time.
pub async fn in_pairs<'a, T, R, F>(
    items: &'a [T],
    deadline: Instant,
    look: impl Fn(&'a T, bool) -> F,
) -> Vec<R>
where
    F: Future<Output = (R, bool)>,
{
    let mut all = Vec::with_capacity(items.len());
    let mut hanging = 0;
    for some in items.chunks(AT_ONCE) {
        let may_look = hanging < HANGING && Instant::now() < deadline;
        for (made, hung) in join_all(some.iter().map(|item| look(item, may_look))).await {
            hanging += usize::from(hung);
            all.push(made);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn looked(hangs: &[bool], deadline: Instant) -> Vec<bool> {
        in_pairs(hangs, deadline, |hangs, may_look| async move { (may_look, may_look && *hangs) }).await
    }

    #[tokio::test]
    async fn after_two_that_hung_none_begins() {
        let later = Instant::now() + LOOKING;
        assert_eq!(
            looked(&[true, true, false, false, false], later).await,
            [true, true, false, false, false]
        );
        assert_eq!(looked(&[true, false, true, false, false], later).await, [true, true, true, true, false]);
        assert_eq!(looked(&[true, false, false, false], later).await, [true; 4]);
        assert_eq!(looked(&[false, false], Instant::now()).await, [false; 2]);
        assert_eq!(looked(&[], later).await, Vec::<bool>::new());
    }
}
