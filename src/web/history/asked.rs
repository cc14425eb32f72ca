//! The search of the history as it is in the address: the search box and the filters, with a message at each that
//! is wrong.

use serde::Deserialize;

use crate::{
    domain::{
        audit::{
            asked::{self, AskedError},
            search::AuditQuery,
        },
        distributions::{distribution::Distribution, reference::find_named},
        id::DistributionId,
    },
    http::session::Visitor,
};

use super::super::form::Field;

/// The parameters of the address as they are. A filter that is not set is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HistoryQuery {
    pub q: String,
    pub distribution: String,
    pub who: String,
    pub action: String,
    pub result: String,
    pub freshness: String,
    pub from: String,
    pub until: String,
    pub outside: String,
    /// Only events before this sequence number.
    pub before: Option<i64>,
}

/// The fields as the page shows them again.
#[derive(Debug, Clone, Default)]
pub struct HistoryFields {
    pub q: Field,
    pub distribution: Field,
    pub who: Field,
    pub action: Field,
    pub result: Field,
    pub freshness: Field,
    pub from: Field,
    pub until: Field,
    pub outside: Field,
}

impl HistoryQuery {
    /// The query string of this search, without the page.
    pub fn query(&self) -> String {
        let all = [
            ("q", &self.q),
            ("distribution", &self.distribution),
            ("who", &self.who),
            ("action", &self.action),
            ("result", &self.result),
            ("freshness", &self.freshness),
            ("from", &self.from),
            ("until", &self.until),
            ("outside", &self.outside),
        ];
        let set = all.into_iter().filter(|(_, value)| !value.trim().is_empty());
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(set.map(|(name, value)| (name, value.trim())))
            .finish()
    }

    /// An address with this search: the path, and the page before the event `before`.
    pub fn address(&self, path: &str, before: Option<i64>) -> String {
        let mut query = self.query();
        if let Some(before) = before {
            let and = if query.is_empty() { "" } else { "&" };
            query = format!("{query}{and}before={before}");
        }
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Whether anything is searched for or filtered.
    pub fn is_narrow(&self) -> bool {
        !self.query().is_empty()
    }

    /// Whether a filter is set, besides the search box.
    pub fn is_filtered(&self) -> bool {
        Self { q: String::new(), ..self.clone() }.is_narrow()
    }

    /// Reads all fields. `None` instead of a query if a field is wrong; the field then has the message.
    ///
    /// `all` are all distributions, including those that the visitor may not see.
    pub fn read(&self, visitor: &Visitor, all: &[Distribution]) -> (HistoryFields, Option<AuditQuery>) {
        let mut fields = HistoryFields {
            q: Field::new(&self.q),
            distribution: Field::new(&self.distribution),
            who: Field::new(&self.who),
            action: Field::new(&self.action),
            result: Field::new(&self.result),
            freshness: Field::new(&self.freshness),
            from: Field::new(&self.from),
            until: Field::new(&self.until),
            outside: Field::new(&self.outside),
        };
        let sees = |id: &DistributionId| visitor.access.sees(id);
        let search = self.search(&mut fields, |text| {
            find_named(text, all, sees)
                .ok()
                .map(|distribution| distribution.id.clone())
                .or_else(|| DistributionId::parse(text))
                .unwrap_or_else(DistributionId::of_none)
        });
        let search = search.map(|search| AuditQuery {
            visibility: super::visibility(visitor),
            before: self.before,
            ..asked::over(all, sees, search)
        });
        (fields, search)
    }

    fn search(
        &self,
        fields: &mut HistoryFields,
        find: impl Fn(&str) -> DistributionId,
    ) -> Option<AuditQuery> {
        let what = fields.q.check(asked::what(&self.q));
        let action = fields.action.check(set(&self.action, asked::action));
        let outcome = fields.result.check(set(&self.result, asked::outcome));
        let freshness = fields.freshness.check(set(&self.freshness, asked::freshness));
        let outside = fields.outside.check(set(&self.outside, asked::outside));
        let from = fields.from.check(set(&self.from, asked::from));
        let until = fields.until.check(set(&self.until, asked::until));
        let text = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        Some(AuditQuery {
            what: what?,
            distribution: text(&self.distribution).map(|text| find(&text)),
            who: text(&self.who),
            action: action?,
            outcome: outcome?,
            freshness: freshness?,
            from: from?,
            until: until?,
            outside: outside?,
            ..AuditQuery::default()
        })
    }
}

/// Reads a filter if it is set. `Ok(None)` if it is empty.
fn set<T>(text: &str, read: impl FnOnce(&str) -> Result<T, AskedError>) -> Result<Option<T>, AskedError> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}
