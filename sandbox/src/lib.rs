//! A stand-in for Amazon CloudFront: its REST-XML API, and an edge that really caches an origin folder.
//!
//! | module | owns |
//! | --- | --- |
//! | [`Sandbox`], [`Config`] | starting, steering and stopping it |
//! | `api` | CloudFront's API, one file an operation |
//! | `control` | `/_sandbox/…`: faults, settings, calls, distributions, clock |
//! | `edge` | caching, eviction, what viewers get |
//! | `origin` | the folders behind the edge, and the sites they begin with |
//! | `faults` | what goes wrong on purpose |
//! | `state` | distributions, invalidations, limits, caller references, the state file |
//! | `server` | sockets, and breaking their connections |

mod api;
mod body;
mod clock;
mod config;
mod control;
mod edge;
mod faults;
mod id;
mod origin;
mod sandbox;
mod server;
mod state;
mod world;
mod xml;

pub use clock::Clock;
pub use config::{Config, Seed};
pub use faults::{Fault, FaultKind};
pub use sandbox::Sandbox;
pub use state::{
    ACCOUNT, Call, ConflictingReference, Distribution, ITEM_LIMIT, Invalidation, SameReference, Settings,
    WILDCARD_LIMIT,
};
