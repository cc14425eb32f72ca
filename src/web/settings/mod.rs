//! The settings: their pages, and the list of them that stands beside each.
//!
//! A page of settings extends `settings/frame.html`, fills its block `settings`, and has the [`Frame`] of [`frame`].

mod index;

pub use index::index;

use crate::{
    domain::access::Role,
    store::{Conn, StoreError},
};

use super::{
    auth::Visitor,
    state::Web,
    view::{self, Frame, SideLink, Tab},
};

/// A page of settings: its address, its name, what it is for, and from which role on it opens.
type Entry = (&'static str, &'static str, &'static str, Role);

/// Every page of settings, in the order in which they are offered.
const ENTRIES: &[Entry] = &[("/settings", "Overview", "", Role::Viewer)];

/// The frame of a page of settings, titled by its entry.
pub async fn frame(
    conn: &mut Conn,
    web: &Web,
    visitor: &Visitor,
    path: &'static str,
) -> Result<Frame, StoreError> {
    let title = ENTRIES.iter().find(|entry| entry.0 == path).map_or("Settings", |entry| entry.1);
    let mut frame = view::frame(conn, web, visitor, Tab::Settings, title, path).await?;
    frame.side = side(visitor.person.role, path);
    Ok(frame)
}

fn side(role: Role, path: &str) -> Vec<SideLink> {
    let open = ENTRIES.iter().filter(|entry| role >= entry.3);
    open.map(|&(to, name, about, _)| SideLink { path: to, name, about, here: to == path }).collect()
}
