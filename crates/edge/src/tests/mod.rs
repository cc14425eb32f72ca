//! Looks at servers of this machine, which listen on port 0.

mod addresses;
mod bounds;
mod redirects;
mod server;
mod tls;
