//! A stand-in for Amazon CloudFront and what else a service asks about it: its REST-XML API, and an edge that really caches an origin folder.
//!
//! | module | owns |
//! | --- | --- |
//! | [`Sandbox`], [`Config`] | starting, steering and stopping it |
//! | `api` | CloudFront's API, one file an operation |
//! | `control` | `/_sandbox/…`: faults, rules of the edge, settings, calls, views, distributions, clock |
//! | `edge` | caching, eviction, what viewers get |
//! | `origin` | the folders behind the edge, and the sites they begin with |
//! | `edge_rules` | which viewers meet another answer of the edge or the origin |
//! | `gzip` | packing with gzip |
//! | `faults` | which calls of the API meet what goes wrong |
//! | `state` | distributions, invalidations, limits, caller references, the state file |
//! | `server` | sockets, and breaking their connections |
//! | `tls` | the edge's certificates, and which of them a name gets |

mod api;
mod body;
mod clock;
mod config;
mod control;
mod edge;
mod edge_rules;
mod faults;
mod gzip;
mod id;
mod origin;
mod sandbox;
mod server;
mod state;
mod tls;
mod world;
mod xml;

pub use clock::Clock;
pub use config::{Config, Seed};
pub use edge_rules::{EdgeAnswer, EdgeRule, FrontCache};
pub use faults::{Fault, FaultKind};
pub use sandbox::Sandbox;
pub use state::{
    ACCOUNT, BucketPolicy, CachePolicy, Call, ConflictingReference, ContinuousDeploymentPolicy, Cors, CorsBy,
    Distribution, ErrorPage, FunctionAssociation, GeoRestriction, ITEM_LIMIT, Invalidation, KeyPart,
    OriginAccess, OriginKind, SameReference, Settings, StagingTraffic, VIEWER_COUNTRY, View,
    ViewerProtocolPolicy, WILDCARD_LIMIT,
};
pub use tls::CERTIFICATE_AUTHORITY;
