//! Waits for SQLite's thread without going to sleep at once.
//!
//! A statement of SQLite runs on a thread of its own, mostly for less time than the operating system needs to wake the
//! task that waits for it. So a task first polls for a moment, as a mutex spins before it parks, and gives its processor
//! to any other thread that wants it in between.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

/// Longer than most statements take. A task whose statement takes longer sleeps until it is woken.
const SPIN: Duration = Duration::from_micros(200);

/// The output of `statement`.
pub(crate) async fn spin_then_wait<F: Future>(statement: F) -> F::Output {
    let mut statement = pin!(statement);
    poll_fn(|context| {
        let until = Instant::now() + SPIN;
        loop {
            if let Poll::Ready(output) = statement.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            if Instant::now() >= until {
                return Poll::Pending;
            }
            thread::yield_now();
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_quick_answer_is_found_before_anybody_wakes_the_task() {
        let mut polls = 0;
        let answer = spin_then_wait(poll_fn(|_| {
            polls += 1;
            if polls == 2 { Poll::Ready("answer") } else { Poll::Pending }
        }));
        assert_eq!(answer.await, "answer");
    }

    #[tokio::test]
    async fn a_slow_answer_wakes_the_task() {
        let (sender, receiver) = oneshot::channel();
        let slow = thread::spawn(move || {
            thread::sleep(20 * SPIN);
            sender.send("answer")
        });
        assert_eq!(spin_then_wait(receiver).await, Ok("answer"));
        assert_eq!(slow.join().unwrap(), Ok(()));
    }
}
