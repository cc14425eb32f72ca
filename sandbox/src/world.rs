//! Owns what every request handler is handed: state, clock, origin folder and own address.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::clock::Clock;
use crate::origin::seed;
use crate::state::{Distribution, Shared};

/// The sandbox from the inside.
#[derive(Debug)]
pub(crate) struct World {
    pub shared: Shared,
    pub clock: Clock,
    pub origin: PathBuf,
    pub edge: SocketAddr,
}

impl World {
    /// Where a browser on this machine finds a distribution's edge.
    pub fn edge_url_of(&self, distribution: &Distribution) -> String {
        format!("http://{}.localhost:{}", distribution.label(), self.edge.port())
    }

    /// Adds or replaces a distribution, and sees that it has an origin folder.
    pub fn put(&self, distribution: Distribution) -> io::Result<()> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let folder = &distribution.folder;
        if folder.is_empty() || folder.starts_with('.') || !folder.chars().all(plain) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "The folder must be one plain name."));
        }
        seed::plant(&self.folder_of(&distribution), folder)?;
        self.shared.lock().put_distribution(distribution);
        Ok(())
    }

    pub fn folder_of(&self, distribution: &Distribution) -> PathBuf {
        self.origin.join(&distribution.folder)
    }
}
