//! Every route of the API, read from its route table, so that a new one is tested as well.

use reqwest::Method;

use crate::support::uuid;

const TABLE: &str = include_str!("../../../src/api/mod.rs");

#[derive(Debug, Clone)]
pub struct Route {
    pub path: String,
    pub methods: Vec<Method>,
}

impl Route {
    /// An address of this route, of something that is not there.
    pub fn address(&self) -> String {
        self.path.replace("{id}", &uuid()).replace("{*rest}", "x")
    }
}

/// The whole table.
pub fn routes() -> Vec<Route> {
    let mut parts = TABLE.split(".route(\"");
    parts.next();
    let routes: Vec<Route> = parts
        .map(|part| {
            let (path, rest) = part.split_once('"').unwrap();
            let handlers = rest.split(".method_not").next().unwrap();
            let known = [("get(", vec![Method::GET]), ("post(", vec![Method::POST])];
            let any = ("any(", vec![Method::GET, Method::POST]);
            let methods = known.into_iter().chain([any]).filter(|(word, _)| handlers.contains(word));
            Route { path: path.to_owned(), methods: methods.flat_map(|(_, methods)| methods).collect() }
        })
        .collect();
    assert!(routes.len() >= 10 && routes.iter().all(|route| !route.methods.is_empty()), "{routes:?}");
    routes
}
