//! What the address asks of the history: the box and its filters, read with a message at each that is not right.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::{
    audit::{
        Action, Outcome,
        search::{Search, What},
    },
    distribution::Distribution,
    id::DistributionId,
    time::Timestamp,
};

use super::super::{auth::Visitor, form::Field};

/// The longest text that the box takes.
const BOX_MAX: usize = 4_200;
const DAY: Duration = Duration::from_hours(24);

/// The address's parameters as they are. A filter that is not set is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    pub q: String,
    pub distribution: String,
    pub who: String,
    pub action: String,
    pub result: String,
    pub from: String,
    pub until: String,
    pub outside: String,
    /// Only events before this one.
    pub before: Option<i64>,
}

/// The fields as the page shows them again.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub q: Field,
    pub distribution: Field,
    pub who: Field,
    pub action: Field,
    pub result: Field,
    pub from: Field,
    pub until: Field,
    pub outside: Field,
}

impl Wanted {
    /// What stands behind the `?`, without the page.
    pub fn query(&self) -> String {
        let all = [
            ("q", &self.q),
            ("distribution", &self.distribution),
            ("who", &self.who),
            ("action", &self.action),
            ("result", &self.result),
            ("from", &self.from),
            ("until", &self.until),
            ("outside", &self.outside),
        ];
        let set = all.into_iter().filter(|(_, value)| !value.trim().is_empty());
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(set.map(|(name, value)| (name, value.trim())))
            .finish()
    }

    /// An address of the history with this search, and what else it names.
    pub fn address(&self, path: &str, before: Option<i64>) -> String {
        let mut query = self.query();
        if let Some(before) = before {
            let and = if query.is_empty() { "" } else { "&" };
            query = format!("{query}{and}before={before}");
        }
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Has anything been asked for beside the page?
    pub fn is_narrow(&self) -> bool {
        !self.query().is_empty()
    }

    /// Has more than words or a URL been asked for?
    pub fn is_filtered(&self) -> bool {
        Self { q: String::new(), ..self.clone() }.is_narrow()
    }

    /// Reads it all; `None` where a field is not right, which then says so.
    pub fn read(&self, visitor: &Visitor, sites: &[Distribution]) -> (Fields, Option<Search>) {
        let mut fields = Fields {
            q: Field::new(&self.q),
            distribution: Field::new(&self.distribution),
            who: Field::new(&self.who),
            action: Field::new(&self.action),
            result: Field::new(&self.result),
            from: Field::new(&self.from),
            until: Field::new(&self.until),
            outside: Field::new(&self.outside),
        };
        let search = self.search(&mut fields, sites);
        let search = search.map(|search| Search { sight: super::sight(visitor), ..search });
        (fields, search)
    }

    fn search(&self, fields: &mut Fields, sites: &[Distribution]) -> Option<Search> {
        let what = fields.q.check(read_box(&self.q));
        let action = fields.action.check(one_of(&self.action, Action::parse));
        let outcome = fields.result.check(one_of(&self.result, Outcome::parse));
        let outside = fields.outside.check(one_of(&self.outside, |text| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }));
        let from = fields.from.check(day(&self.from));
        let until = fields.until.check(day(&self.until));
        let what = what?;
        let text = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        Some(Search {
            serving: serving(&what, sites),
            roots: roots(sites),
            what,
            distribution: text(&self.distribution).map(DistributionId::from_trusted),
            who: text(&self.who),
            action: action?,
            outcome: outcome?,
            from: from?,
            until: until?.map(|day| day.plus(DAY)),
            outside: outside?,
            sight: None,
        })
    }
}

fn read_box(text: &str) -> Result<What, &'static str> {
    if text.chars().count() > BOX_MAX {
        Err("That is longer than any URL; use at most 4200 characters.")
    } else {
        Ok(What::read(text))
    }
}

fn one_of<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or("Choose one of the list."),
    }
}

/// The first moment of a day in UTC.
fn day(text: &str) -> Result<Option<Timestamp>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = plain.then(|| Timestamp::parse(&format!("{text}T00:00:00Z"))).flatten();
    day.map(Some).ok_or("Write a day such as 2026-11-23.")
}

/// The distributions that serve a URL's host, where any does.
fn serving(what: &What, sites: &[Distribution]) -> Option<Vec<DistributionId>> {
    let What::Path { host: Some(host), .. } = what else { return None };
    let all: Vec<_> = sites.iter().filter(|site| site.serves(host)).map(|site| site.id.clone()).collect();
    (!all.is_empty()).then_some(all)
}

fn roots(sites: &[Distribution]) -> Vec<String> {
    let objects = sites.iter().filter_map(|site| site.config.as_ref()?.root_object.as_deref());
    let mut roots: Vec<String> = objects
        .filter(|object| !object.is_empty())
        .map(|object| format!("/{}", object.trim_start_matches('/')))
        .collect();
    roots.sort();
    roots.dedup();
    roots
}
