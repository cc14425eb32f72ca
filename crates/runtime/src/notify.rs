//! Tells the workers and the live pages of this process that a transaction was committed.
//!
//! A notification carries no data. Whoever gets one reads the database, so that a lost or repeated one does no harm.

use tokio::sync::watch;

/// Sends notifications. All clones share one channel.
#[derive(Debug, Clone)]
pub struct Notifier(watch::Sender<u64>);

impl Notifier {
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub fn notify(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

/// Receives a notification for whatever was sent since it last received one.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Listener {
    /// Waits until something was sent since the last call.
    pub async fn notified(&mut self) {
        if self.0.changed().await.is_err() {
            // The sender is gone: nothing will be sent again.
            std::future::pending::<()>().await;
        }
    }
}
