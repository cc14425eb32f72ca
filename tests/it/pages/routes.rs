//! Every route of the service, read from its route table, so that a new one is tested as well.

use crate::support::uuid;

const TABLE: &str = include_str!("../../../src/web/mod.rs");
/// What answers without a session.
const OPEN: [&str; 11] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/{name}",
    "/sign-in",
    "/sign-in/demo",
    "/sign-in/code",
    "/sign-in/oidc",
    "/sign-in/oidc/callback",
    "/password",
    "/setup",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub path: String,
    pub gets: bool,
    pub posts: bool,
}

impl Route {
    pub fn is_open(&self) -> bool {
        OPEN.contains(&self.path.as_str())
    }

    /// An address of this route.
    pub fn address(&self) -> String {
        self.path
            .replace("{id}", &uuid())
            .replace("{batch}", &uuid())
            .replace("{name}", "app.css")
            .replace("{sequence}", "1")
    }
}

/// The whole table.
pub fn routes() -> Vec<Route> {
    let mut parts = TABLE.split(".route(\"");
    parts.next();
    let routes: Vec<Route> = parts
        .map(|part| {
            let (path, rest) = part.split_once('"').unwrap();
            // The next route is not in it: the table was split there.
            let handlers = rest.split(';').next().unwrap();
            let has = |method: &str| {
                [", ", "."].iter().any(|before| handlers.contains(&format!("{before}{method}(")))
            };
            Route { path: path.to_owned(), gets: has("get"), posts: has("post") }
        })
        .collect();
    assert!(routes.len() >= 20, "{routes:?}");
    assert!(routes.iter().all(|route| route.gets || route.posts), "{routes:?}");
    routes
}

#[test]
fn the_table_is_read_as_it_stands() {
    let routes = routes();
    let find = |path: &str| routes.iter().find(|route| route.path == path).unwrap();
    assert!(find("/sign-in").gets && find("/sign-in").posts);
    assert!(find("/events").gets && !find("/events").posts);
    assert!(!find("/invalidations").gets && find("/invalidations").posts);
    assert!(OPEN.iter().all(|open| routes.iter().any(|route| route.path == *open)));
}
