//! The transactions that one commit makes durable.

use std::{
    mem,
    time::{Duration, Instant},
};

use tokio::sync::oneshot::{self, Receiver, Sender};

use super::Committed;
use crate::{StoreError, db::ChainHead};

/// The most transactions of one commit.
const SIZE_LIMIT: usize = 32;
/// A group that is older than this takes no further transaction: those that ended wait no longer for the work of others.
const AGE_LIMIT: Duration = Duration::from_millis(50);

/// A group. It is changed only by the task that holds the connection.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// When SQLite's own transaction was begun; `None` if none is open.
    began_at: Option<Instant>,
    /// How many transactions it takes: those that waited when it was begun. A later one waits for the next group, so that
    /// the callers of this one are answered, and go on, while the next group is written.
    size: usize,
    /// Whether the transaction behind the savepoint was dropped and is still to be rolled back.
    pub dropped: bool,
    /// The history's last event, with those that ended in the group. `None` if the database does not say.
    pub head: Option<ChainHead>,
    /// The transactions that ended and wait for the commit.
    ended: Vec<Sender<Committed>>,
}

impl Group {
    /// A group whose first transaction was just begun, while so many waited behind it, and with this last event in the
    /// history.
    pub(super) fn begin(waiting: usize, head: Option<ChainHead>) -> Self {
        Self { began_at: Some(Instant::now()), size: SIZE_LIMIT.min(waiting + 1), head, ..Self::default() }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.began_at.is_some()
    }

    /// Whether no transaction has ended in it.
    pub(super) const fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }

    /// Whether another transaction may write after the one that ends now, before the commit.
    pub(super) fn has_room(&self) -> bool {
        let young = self.began_at.is_some_and(|began_at| began_at.elapsed() < AGE_LIMIT);
        young && self.ended.len() + 1 < self.size
    }

    /// One more transaction has ended, which may have written the history's last event. Gives the place where it hears
    /// of the commit, and whether it is the first of the group.
    pub(super) fn end(&mut self, head: Option<ChainHead>) -> (Receiver<Committed>, bool) {
        if head.is_some() {
            self.head = head;
        }
        let (sender, answered) = oneshot::channel();
        self.ended.push(sender);
        (answered, self.ended.len() == 1)
    }

    /// The group is committed.
    pub(super) fn committed(&mut self) {
        for ended in mem::take(self).ended {
            // A caller whose future was dropped does not hear it.
            let _ = ended.send(Ok(()));
        }
    }

    /// Nothing of the group is kept.
    pub(super) fn failed(&mut self, error: &StoreError) {
        for ended in mem::take(self).ended {
            let _ = ended.send(Err(error.shared()));
        }
    }
}
