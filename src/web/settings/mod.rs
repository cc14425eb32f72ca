//! The settings: their pages, and the menu beside each.
//!
//! A settings page extends `settings/frame.html`, fills its block `settings`, and has the [`Frame`] of [`frame`].

mod access;
pub mod account;
pub mod budgets;
pub mod freezes;
pub mod grants;
pub mod groups;
mod index;
pub mod manage;
pub mod notifications;
pub mod password;
pub mod people;
pub mod person;
pub mod probes;
pub mod protection;
pub mod qr;
pub mod second_step;
pub mod sessions;
pub mod sign_in;
pub mod system;
pub mod tokens;

pub use access::access;
pub use index::index;

use crate::{
    domain::access::Role,
    http::{session::Visitor, state::AppState},
    store::{Conn, StoreError},
};

use super::view::{self, Frame, SideLink, Tab};

/// A settings page: its address, its name, its description, and the lowest role that may open it.
type Entry = (&'static str, &'static str, &'static str, Role);

/// All settings pages in the order of the menu.
const ENTRIES: &[Entry] = &[
    ("/settings", "Overview", "", Role::Viewer),
    ("/settings/account", "Your account", "Your password, second step and sessions.", Role::Viewer),
    ("/settings/access", "Your access", "What you may see and refresh.", Role::Viewer),
    ("/settings/people", "People", "Who may sign in, and as what.", Role::Admin),
    ("/settings/groups", "Groups", "People for whom the same grants hold.", Role::Admin),
    ("/settings/grants", "Grants", "Who is restricted to which distributions, paths and tags.", Role::Admin),
    ("/settings/tokens", "Tokens", "Pipelines that use the API.", Role::Admin),
    ("/settings/probes", "Probes", "Other places from which looks are made.", Role::Admin),
    ("/settings/sign-in", "Sign-in", "How people sign in, and whether the provider answers.", Role::Admin),
    (
        "/settings/protection",
        "Protection",
        "Distributions on which wide requests are asked about.",
        Role::Admin,
    ),
    ("/settings/budgets", "Budgets", "How many items may be sent in a month.", Role::Viewer),
    (
        "/settings/freezes",
        "Freeze windows",
        "Times in which wide requests need an override and a reason.",
        Role::Viewer,
    ),
    ("/settings/notifications", "Notifications", "Who is told what happens, and where.", Role::Admin),
    ("/settings/system", "System", "Whether the service and what it needs are well.", Role::Admin),
];

/// The frame of a settings page, with the title from its entry.
pub async fn frame(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    path: &'static str,
) -> Result<Frame, StoreError> {
    let title = ENTRIES.iter().find(|entry| entry.0 == path).map_or("Settings", |entry| entry.1);
    view::frame(conn, app, visitor, Tab::Settings, title, path).await
}

/// The menu entries for this role. The one that `path` belongs to is marked.
pub fn side(role: Role, path: &str) -> Vec<SideLink> {
    let here = |to: &str| path == to || (to != "/settings" && path.starts_with(&format!("{to}/")));
    let open = ENTRIES.iter().filter(|entry| role >= entry.3);
    open.map(|&(to, name, about, _)| SideLink { path: to, name, about, here: here(to) }).collect()
}
