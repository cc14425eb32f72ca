//! Every route of the API, read from its document and its route table, so that a new one is tested as well.

use reqwest::Method;
use unstale::api;

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

/// The whole table: the operations as the document has them, and the few addresses that are none.
pub fn routes() -> Vec<Route> {
    let paths = api::document()["paths"].as_object().unwrap();
    let operations = paths.iter().map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys();
        let methods = methods.map(|method| method.to_uppercase().parse().unwrap()).collect();
        Route { path: path.clone(), methods }
    });
    let others = TABLE.split(".route(\"").skip(1).map(|part| {
        let (path, rest) = part.split_once('"').unwrap();
        let (handlers, _) = rest.split_once('\n').unwrap();
        assert!(!path.starts_with("/api/v1/"), "{path} is not in the document: make it an operation");
        let known = [("get(", vec![Method::GET]), ("any(", vec![Method::GET, Method::POST])];
        let methods = known.into_iter().filter(|(word, _)| handlers.contains(word));
        Route { path: path.to_owned(), methods: methods.flat_map(|(_, methods)| methods).collect() }
    });
    let routes: Vec<Route> = operations.chain(others).collect();
    assert!(routes.len() >= 10 && routes.iter().all(|route| !route.methods.is_empty()), "{routes:?}");
    routes
}
