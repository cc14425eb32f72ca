//! The part of the form of check settings for the API behind the site: a group of fields for each API.

use std::collections::BTreeMap;

use crate::domain::checks::{APIS_MAX, ApiCheck, ApiMethod, ApiProblem, NewApi};

use super::{
    super::form::Field,
    header_lines::{parse, shown},
};

/// The fields of one API.
#[derive(Debug, Clone, Default)]
pub struct ApiFields {
    pub url: Field,
    pub method: Field,
    /// `Name: value`, one a line. The values of secret ones are not shown.
    pub headers: Field,
    /// The names of the headers whose values are stored and not shown. Empty if there are none.
    pub kept: String,
}

impl ApiFields {
    /// The groups as they were typed: `api_1_url`, `api_1_method`, `api_1_headers`, and so on. One without a URL is
    /// not there.
    pub fn typed(mut fields: BTreeMap<String, String>) -> Vec<Self> {
        let mut all = Vec::new();
        for number in 1..=APIS_MAX {
            let mut take = |name: &str| {
                fields.remove(&format!("api_{number}_{name}")).map(Field::new).unwrap_or_default()
            };
            let (url, method, headers) = (take("url"), take("method"), take("headers"));
            if !url.value.trim().is_empty() {
                all.push(Self { url, method, headers, kept: String::new() });
            }
        }
        all
    }

    /// The group of what is set.
    pub fn stored(api: &ApiCheck) -> Self {
        let kept: Vec<&str> = api.headers.secret.iter().map(|header| header.name.as_str()).collect();
        Self {
            url: Field::new(&api.url),
            method: Field::new(api.method.as_str()),
            headers: Field::new(shown(&api.headers)),
            kept: kept.join(", "),
        }
    }

    /// What was typed. `None` if a field is wrong: then it has the message.
    pub fn new_api(&mut self) -> Option<NewApi> {
        let method = match self.method.value.as_str() {
            "" => Ok(ApiMethod::default()),
            name => ApiMethod::parse(name).ok_or("The method has to be GET, HEAD or OPTIONS."),
        };
        let method = self.method.check(method);
        let headers = self.headers.check(parse(&self.headers.value));
        Some(NewApi { url: self.url.value.clone(), method: method?, headers: headers? })
    }

    /// Stores the message at the field that is wrong.
    pub fn refuse(&mut self, problem: &ApiProblem) {
        let field = if problem.field() == "headers" { &mut self.headers } else { &mut self.url };
        field.error = Some(format!("{problem}."));
    }

    pub fn all(&self) -> [&Field; 3] {
        [&self.url, &self.method, &self.headers]
    }
}
