//! A pipeline's program: it has a token, speaks JSON, and keeps no cookies.

use reqwest::Method;
use serde_json::Value;
use unstale::{
    commands::{self, NewToken},
    domain::{access::Role, id::DistributionId, id::TokenId},
};

use crate::support::{Answer, Browser, TestApp, shell};

/// A program with a token.
#[derive(Debug, Clone)]
pub struct Program {
    browser: Browser,
    pub secret: String,
    pub id: TokenId,
}

impl Program {
    /// A token of this role that may act on these distributions, or everywhere.
    pub async fn new(app: &TestApp, name: &str, role: Role, distributions: &[&str]) -> Self {
        let command_context = &app.world.command_context;
        let new = NewToken {
            name: name.to_owned(),
            role,
            life: None,
            distributions: distributions.iter().map(|id| DistributionId::from_trusted(*id)).collect(),
        };
        let (token, secret) = commands::make_token(command_context, &shell(), &new).await.unwrap();
        Self::with(app, token.id, secret.reveal())
    }

    /// A program that brings this secret.
    pub fn with(app: &TestApp, id: TokenId, secret: &str) -> Self {
        Self { browser: app.stranger(), secret: secret.to_owned(), id }
    }

    pub async fn operator(app: &TestApp) -> Self {
        Self::new(app, "deploy", Role::Operator, &[]).await
    }

    /// Asks, with these headers beside the token.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.secret);
        let mut all = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        all.extend_from_slice(headers);
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.browser.send(method, path, &all, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// A request with an idempotency key.
    pub async fn request(&self, key: &str, body: &Value) -> Answer {
        self.send(Method::POST, "/api/v1/invalidations", &[("idempotency-key", key)], Some(body)).await
    }

    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let bearer = format!("Bearer {}", self.secret);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.browser.open(Method::GET, path, &all, Vec::new()).await
    }
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("not JSON: {answer:?}"))
}

/// The problem of an answer, of which everything that all problems have was looked at.
#[track_caller]
pub fn problem(answer: &Answer, status: u16, word: &str) -> Value {
    answer.assert_status(status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = json(answer);
    assert_eq!(problem["type"], format!("/api#problem-{word}"), "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["request_id"], answer.header("x-request-id").unwrap());
    problem
}

/// Where the errors of a problem point to.
pub fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}
