//! The bell "something changed": whoever committed rings it, workers and live pages wake at it.
//!
//! It carries nothing. Who wakes reads the database, so a ring that is missed or doubled does no harm.

use tokio::sync::watch;

/// The bell. Clones ring the same one.
#[derive(Debug, Clone)]
pub struct Bell(watch::Sender<u64>);

impl Bell {
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub fn ring(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

/// One ear for the bell: hears every ring since it last woke.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Listener {
    /// Waits for a ring since the last call.
    pub async fn rung(&mut self) {
        if self.0.changed().await.is_err() {
            // The bell is gone: nothing will ring again.
            std::future::pending::<()>().await;
        }
    }
}
