//! The counter where requests are handed in: those that come while one is being written share the next transaction.
//!
//! SQLite has one writer, and a commit waits for the disk, whatever it holds. (PostgreSQL has many and groups their
//! commits itself; transactions of several requests would there lock each other out.) Each request is decided as if it
//! were alone, in the order in which they came; where one of them draws an error of the database, nothing of that
//! transaction is kept and each is tried by itself. Whoever leaves meanwhile changes nothing: what was handed in is
//! carried out.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use crate::{
    commands::{CommandContext, CommandError},
    domain::{actor::Acting, invalidations::invalidation::NewInvalidation},
    store::StoreError,
};

use super::{
    request_invalidation::{Requested, alone, within},
    turn::Turn,
};

/// The most requests of one transaction, and the items at which it is full: nobody waits long for others' work.
const TOGETHER: usize = 32;
const ITEMS: usize = 3_000;

type Answer = Result<Requested, CommandError>;

/// Somebody who waits for an answer.
#[derive(Debug)]
struct Waiting {
    acting: Acting,
    new: NewInvalidation,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Somebody is carrying out what was handed in.
    busy: bool,
}

/// The counter. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<Mutex<Queue>>);

impl Counter {
    /// Waits in line and gives what came of the request.
    pub(in crate::commands) async fn hand_in(
        &self,
        context: &CommandContext,
        acting: &Acting,
        new: &NewInvalidation,
    ) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { acting: acting.clone(), new: new.clone(), answer };
        if self.line_up(waiting) {
            let (counter, context) = (self.clone(), context.clone());
            tokio::spawn(async move { counter.carry_out(&context).await });
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::interrupted().into()))
    }

    /// Is nobody at work?
    fn line_up(&self, waiting: Waiting) -> bool {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.push(waiting);
        !mem::replace(&mut queue.busy, true)
    }

    /// Carries out until nobody waits. Each turn is a task of its own, so that a fault in one does not stop the line.
    async fn carry_out(&self, context: &CommandContext) {
        while let Some(turn) = self.next_turn() {
            let context = context.clone();
            if let Err(error) = tokio::spawn(async move { take_turn(&context, turn).await }).await {
                tracing::error!(%error, "requests were given up");
            }
        }
    }

    fn next_turn(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.is_empty() {
            queue.busy = false;
            return None;
        }
        let mut items = 0;
        let fits = |waiting: &&Waiting| {
            items += waiting.new.item_count();
            items <= ITEMS
        };
        let count = queue.waiting.iter().take(TOGETHER).take_while(fits).count();
        Some(queue.waiting.drain(..count.max(1)).collect())
    }
}

async fn take_turn(context: &CommandContext, turn: Vec<Waiting>) {
    if turn.len() > 1 {
        match together(context, &turn).await {
            Ok(answers) => {
                for (waiting, answer) in turn.into_iter().zip(answers) {
                    // Whoever left does not hear it.
                    let _ = waiting.answer.send(answer);
                }
                return;
            }
            Err(error) if error.is_passing() => {
                for waiting in turn {
                    let _ = waiting.answer.send(Err(error.shared().into()));
                }
                return;
            }
            // One of them draws it; the others need not suffer.
            Err(_) => {}
        }
    }
    for Waiting { acting, new, answer } in turn {
        let _ = answer.send(alone(context, &acting, &new).await);
    }
}

/// All in one transaction, or nothing of any.
async fn together(context: &CommandContext, waiting: &[Waiting]) -> Result<Vec<Answer>, StoreError> {
    let mut turn = Turn::begin(context, waiting.iter().map(|waiting| &waiting.new.request_key)).await?;
    let mut answers = Vec::with_capacity(waiting.len());
    for Waiting { acting, new, .. } in waiting {
        match within(context, &mut turn, acting, new).await {
            Err(CommandError::Store(error)) => return Err(error),
            answer => answers.push(answer),
        }
    }
    turn.commit(context).await?;
    Ok(answers)
}
