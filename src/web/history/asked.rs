//! Reads the search of the history: the search box and the filters, with a message at each that is wrong.

use crate::{
    domain::{
        audit::{
            asked::{self, AskedError},
            invalidation_search::{InvalidationSearch, PageEnd},
            search::AuditQuery,
        },
        distributions::{distribution::Distribution, reference::find_named},
        id::{DistributionId, InvalidationId},
        time::Timestamp,
    },
    http::session::Visitor,
};

use super::{
    super::form::Field,
    query::{HistoryQuery, HistoryTab},
};

/// The fields as the page shows them again.
#[derive(Debug, Clone, Default)]
pub struct HistoryFields {
    pub q: Field,
    pub distribution: Field,
    pub who: Field,
    pub state: Field,
    pub action: Field,
    pub result: Field,
    pub freshness: Field,
    pub when: Field,
    pub from: Field,
    pub until: Field,
    pub outside: Field,
}

impl HistoryFields {
    fn new(query: &HistoryQuery) -> Self {
        Self {
            q: Field::new(&query.q),
            distribution: Field::new(&query.distribution),
            who: Field::new(&query.who),
            state: Field::new(&query.state),
            action: Field::new(&query.action),
            result: Field::new(&query.result),
            freshness: Field::new(&query.freshness),
            when: Field::new(&query.when),
            from: Field::new(&query.from),
            until: Field::new(&query.until),
            outside: Field::new(&query.outside),
        }
    }

    /// What is wrong, each with the name of its field.
    pub fn problems(&self) -> Vec<String> {
        let all = [
            ("Search", &self.q),
            ("State", &self.state),
            ("Action", &self.action),
            ("Result", &self.result),
            ("Check", &self.freshness),
            ("When", &self.when),
            ("From", &self.from),
            ("Until", &self.until),
            ("Where made", &self.outside),
        ];
        all.into_iter()
            .filter_map(|(name, field)| field.error.as_ref().map(|error| format!("{name}: {error}")))
            .collect()
    }
}

impl HistoryQuery {
    /// Reads all fields. `None` instead of a query if a field is wrong; the field then has the message. The query of
    /// events is the one in it, whichever tab is shown.
    ///
    /// `all` are all distributions, including those that the visitor may not see.
    pub fn read(
        &self,
        visitor: &Visitor,
        all: &[Distribution],
        now: Timestamp,
    ) -> (HistoryFields, Option<InvalidationSearch>) {
        let mut fields = HistoryFields::new(self);
        let sees = |id: &DistributionId| visitor.access.sees(id);
        let find = |text: &str| {
            find_named(text, all, sees)
                .ok()
                .map(|distribution| distribution.id.clone())
                .or_else(|| DistributionId::parse(text))
                .unwrap_or_else(DistributionId::of_none)
        };
        let state = fields.state.check(set(&self.state, asked::state));
        let events = self.events(&mut fields, find, now).map(|search| AuditQuery {
            visibility: super::visibility(visitor),
            before: self.before,
            about_access: self.tab() == HistoryTab::Access,
            ..asked::over(all, sees, search)
        });
        let after = InvalidationId::parse(&self.after).map(PageEnd::Invalidation);
        let after = self.before.map(PageEnd::Event).or(after);
        let query = events.zip(state).map(|(events, state)| InvalidationSearch { events, state, after });
        (fields, query)
    }

    fn events(
        &self,
        fields: &mut HistoryFields,
        find: impl Fn(&str) -> DistributionId,
        now: Timestamp,
    ) -> Option<AuditQuery> {
        let what = fields.q.check(asked::what(&self.q));
        let action = fields.action.check(set(&self.action, asked::action));
        let outcome = fields.result.check(set(&self.result, asked::outcome));
        let freshness = fields.freshness.check(set(&self.freshness, asked::freshness));
        let outside = fields.outside.check(set(&self.outside, asked::outside));
        let span = fields.when.check(set(&self.when, asked::span));
        let from = fields.from.check(set(&self.from, asked::from));
        let until = fields.until.check(set(&self.until, asked::until));
        let text = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let since = span?.map(|span| now.minus(span));
        Some(AuditQuery {
            what: what?,
            distribution: text(&self.distribution).map(|text| find(&text)),
            who: text(&self.who),
            action: action?,
            outcome: outcome?,
            freshness: freshness?,
            from: since.or(from?),
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
