//! `GET /api`: the API reference for people, made from the `OpenAPI` document.

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use serde_json::Value;

use crate::{
    domain::access::Role,
    http::{error::HttpError, session::Visitor, state::AppState},
};

use super::view::{self, Frame, Tab};

/// The operations that nearly every pipeline uses, which are shown first.
const FIRST: [&str; 3] = ["requestInvalidation", "showInvalidation", "plan"];

/// The `OpenAPI` document that the page describes.
#[derive(Debug, Clone, Copy)]
pub struct Described(pub &'static Value);

#[derive(Template)]
#[template(path = "api/page.html")]
struct Page {
    frame: Frame,
    about: String,
    base: String,
    /// Whether the visitor may make tokens.
    makes_tokens: bool,
    operations: Vec<Operation>,
    problems: Vec<(String, String, String)>,
}

/// One operation as the page shows it.
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    about: String,
    parameters: Vec<(String, String)>,
    /// An example of the request body. Empty if the operation takes none.
    example: String,
    answers: Vec<(String, String)>,
}

pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Extension(Described(document)): Extension<Described>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, &app, &visitor, Tab::Settings, "API", "/api").await?;
    drop(conn);
    let base = app.options.public_url.clone().unwrap_or_else(|| "$UNSTALE_SERVER".to_owned());
    let page = Page {
        frame,
        about: text(&document["info"]["description"]),
        base: base.trim_end_matches('/').to_owned(),
        makes_tokens: visitor.access.role == Role::Admin,
        operations: operations(document),
        problems: problems(document),
    };
    view::page(&page)
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(|(method, operation)| Operation::new(document, path, method, operation))
    });
    let mut all: Vec<Operation> = each.filter(|operation| !operation.id.is_empty()).collect();
    let rank = |operation: &Operation| FIRST.iter().position(|id| *id == operation.id).unwrap_or(FIRST.len());
    all.sort_by_key(rank);
    all
}

impl Operation {
    fn new(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let answers = operation["responses"].as_object().into_iter().flatten();
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let example = body.as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
        let example = example.and_then(|schema| serde_json::to_string_pretty(&schema["example"]).ok());
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            about: text(&operation["description"]),
            parameters: parameters.map(|one| (text(&one["name"]), text(&one["description"]))).collect(),
            example: example.unwrap_or_default(),
            answers: answers.map(|(status, one)| (status.clone(), text(&one["description"]))).collect(),
        }
    }
}

/// The types of problems: word, status, title.
fn problems(document: &Value) -> Vec<(String, String, String)> {
    let all = document["x-problems"].as_array().into_iter().flatten();
    all.map(|one| (text(&one["word"]), one["status"].to_string(), text(&one["title"]))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().replace('`', "")
}
