//! Waits for SQLite's thread without going to sleep at once.
//!
//! A statement of SQLite runs on a thread of its own, and a task that sleeps meanwhile has to be woken when it ends. So a
//! task first polls for a moment, as a mutex spins before it parks, and gives its processor to any other thread that
//! wants it in between.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

/// How long a task polls, in all, for one statement. Of 0, 60 and 200 µs, the last accepted the most requests a second.
const SPIN: Duration = Duration::from_micros(200);

/// The output of `statement`.
pub(crate) async fn spin_then_wait<F: Future>(statement: F) -> F::Output {
    let mut statement = pin!(statement);
    // Not for each wake-up again: a statement with many rows wakes its task often.
    let until = Instant::now() + SPIN;
    poll_fn(|context| {
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
    use std::{
        cell::Cell,
        task::{Context, Waker},
    };

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn a_quick_answer_is_found_before_anybody_wakes_the_task() {
        let is_found = || {
            let mut polls = 0;
            let statement = pin!(spin_then_wait(poll_fn(|_| {
                polls += 1;
                if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
            })));
            statement.poll(&mut Context::from_waker(Waker::noop())).is_ready()
        };
        // On a busy machine, the time can be over before the second poll.
        assert!((0..100).any(|_| is_found()));
    }

    #[test]
    fn a_slow_statement_is_polled_once_for_each_wake_up() {
        let polls = Cell::new(0);
        let mut statement = pin!(spin_then_wait(poll_fn(|_| {
            polls.set(polls.get() + 1);
            Poll::<()>::Pending
        })));
        let mut context = Context::from_waker(Waker::noop());
        assert!(statement.as_mut().poll(&mut context).is_pending());
        let before = polls.get();
        assert!(statement.as_mut().poll(&mut context).is_pending());
        assert_eq!(polls.get(), before + 1);
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
