//! Owns what a sandbox is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;

/// What a sandbox is started with. Begin with [`Config::new`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API listens; port 0 takes any free one.
    pub api: SocketAddr,
    /// Where the edge listens; port 0 takes any free one.
    pub edge: SocketAddr,
    /// Where the edge listens for HTTPS; none: nowhere. Its certificates are signed by `CERTIFICATE_AUTHORITY`.
    pub edge_tls: Option<SocketAddr>,
    /// The folder with one origin folder for each distribution in it. Made and filled where it is missing.
    pub origin: PathBuf,
    /// How long an invalidation stays `InProgress`.
    pub complete_after: Duration,
    /// The time that everything goes by.
    pub clock: Clock,
    /// The state file in which invalidations and calls outlive the process.
    pub journal: Option<PathBuf>,
    /// The distributions to begin with.
    pub seed: Seed,
}

/// The distributions that a sandbox begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seed {
    /// The workshop's site, a shop with cache tags, documentation, one that still deploys, one that is disabled.
    #[default]
    Sites,
    /// None.
    Empty,
}

impl Config {
    /// Any free ports on loopback, no HTTPS, 20 seconds, the system's clock, all sites, no state file.
    #[must_use]
    pub fn new(origin: impl Into<PathBuf>) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            api: anywhere,
            edge: anywhere,
            edge_tls: None,
            origin: origin.into(),
            complete_after: Duration::from_secs(20),
            clock: Clock::system(),
            journal: None,
            seed: Seed::default(),
        }
    }
}
