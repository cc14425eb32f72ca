//! The address of the history: which tab, what is searched for, the filters, and the page.

use serde::Deserialize;

use crate::domain::audit::{invalidation_search::PageEnd, search::What};

/// The tabs of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryTab {
    /// One row for an invalidation, with its present state.
    Invalidations,
    /// Events about access and settings.
    Access,
    /// All events.
    Everything,
}

impl HistoryTab {
    pub const ALL: [Self; 3] = [Self::Invalidations, Self::Access, Self::Everything];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalidations => "invalidations",
            Self::Access => "access",
            Self::Everything => "everything",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Invalidations => "Invalidations",
            Self::Access => "Access and settings",
            Self::Everything => "Everything",
        }
    }
}

/// The parameters of the address as they are. A filter that is not set is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HistoryQuery {
    pub tab: String,
    pub q: String,
    pub distribution: String,
    pub who: String,
    pub state: String,
    pub action: String,
    pub result: String,
    pub freshness: String,
    /// A time up to now, such as `7d`. In its place `from` and `until` may have days.
    pub when: String,
    pub from: String,
    pub until: String,
    pub outside: String,
    /// Only events before this sequence number.
    pub before: Option<i64>,
    /// Only invalidations after the one with this ID, in the order of time.
    pub after: String,
}

impl HistoryQuery {
    /// The tab. An address without one that asks for events has them all: it may be a link of before there were tabs.
    pub fn tab(&self) -> HistoryTab {
        let named = HistoryTab::ALL.into_iter().find(|tab| tab.as_str() == self.tab.trim());
        let asks_for_events =
            self.before.is_some() || !self.action.trim().is_empty() || !self.result.trim().is_empty();
        let default = if asks_for_events { HistoryTab::Everything } else { HistoryTab::Invalidations };
        named.unwrap_or(default)
    }

    /// The same without the filters that its tab does not have, and without days where a time up to now is chosen.
    pub fn settled(&self) -> Self {
        let tab = self.tab();
        let is_of_requests = tab == HistoryTab::Invalidations;
        let only = |has: bool, value: &str| if has { value.trim().to_owned() } else { String::new() };
        let when = Some(self.when.trim()).filter(|when| *when != "dates").unwrap_or_default();
        Self {
            tab: tab.as_str().to_owned(),
            q: only(true, &self.q),
            distribution: only(true, &self.distribution),
            who: only(true, &self.who),
            state: only(is_of_requests, &self.state),
            action: only(!is_of_requests, &self.action),
            result: only(!is_of_requests, &self.result),
            freshness: only(tab != HistoryTab::Access, &self.freshness),
            when: when.to_owned(),
            from: only(when.is_empty(), &self.from),
            until: only(when.is_empty(), &self.until),
            outside: only(tab != HistoryTab::Access, &self.outside),
            before: self.before,
            after: only(is_of_requests, &self.after),
        }
    }

    /// What is searched for and each filter, by the name of its parameter.
    pub fn filters(&self) -> [(&'static str, &str); 11] {
        [
            ("q", self.q.trim()),
            ("distribution", self.distribution.trim()),
            ("who", self.who.trim()),
            ("state", self.state.trim()),
            ("action", self.action.trim()),
            ("result", self.result.trim()),
            ("freshness", self.freshness.trim()),
            ("when", self.when.trim()),
            ("from", self.from.trim()),
            ("until", self.until.trim()),
            ("outside", self.outside.trim()),
        ]
    }

    /// The query string of this search, without empty parameters and without the page.
    pub fn query(&self) -> String {
        self.written(self.tab(), |_| true)
    }

    fn written(&self, tab: HistoryTab, has: impl Fn(&str) -> bool) -> String {
        // The tab that an address without one has need not be named.
        let tab = Some(("tab", tab.as_str())).filter(|_| tab != HistoryTab::Invalidations);
        let set = self.filters().into_iter().filter(|(name, value)| !value.is_empty() && has(name));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(tab.into_iter().chain(set)).finish()
    }

    /// The address of a page of this search. `None` is the first one.
    pub fn address(&self, end: Option<&PageEnd>) -> String {
        let page = end.map(|end| match end {
            // A page of events without a tab would be one of all events.
            PageEnd::Event(before) if self.tab() == HistoryTab::Invalidations => {
                format!("tab=invalidations&before={before}")
            }
            PageEnd::Event(before) => format!("before={before}"),
            PageEnd::Invalidation(id) => format!("after={id}"),
        });
        let parts: Vec<String> =
            [self.query()].into_iter().chain(page).filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "/history".to_owned() } else { format!("/history?{}", parts.join("&")) }
    }

    /// The address without one of the filters.
    pub fn without(&self, name: &str) -> String {
        at("/history", &self.written(self.tab(), |filter| filter != name))
    }

    /// The address of another tab, with what all tabs have: the search, the distribution, the person and the time.
    pub fn at_tab(&self, tab: HistoryTab) -> String {
        let common = ["q", "distribution", "who", "when", "from", "until"];
        at("/history", &self.written(tab, |name| common.contains(&name)))
    }

    /// The address of an export of the events that fit. Only the tab of access narrows them further.
    pub fn export(&self, ending: &str) -> String {
        let tab =
            if self.tab() == HistoryTab::Access { HistoryTab::Access } else { HistoryTab::Invalidations };
        at(&format!("/history.{ending}"), &self.written(tab, |name| name != "state"))
    }

    /// Whether anything is searched for or filtered.
    pub fn is_narrow(&self) -> bool {
        self.filters().iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether a filter of the panel is set, besides those that are always in sight.
    pub fn is_filtered(&self) -> bool {
        let outside = ["q", "when", "from", "until", "state", "result", "freshness"];
        self.filters().iter().any(|(name, value)| !outside.contains(name) && !value.is_empty())
    }

    /// Whether all distributions are needed to read the search: the host of a URL and the name in the filter lead to one,
    /// and the path of a root object is another one of the same page.
    pub fn names_a_place(&self) -> bool {
        !self.distribution.is_empty() || matches!(What::read(&self.q), What::Path { .. })
    }

    /// Whether days are asked for instead of a time up to now.
    pub fn has_days(&self) -> bool {
        !self.from.is_empty() || !self.until.is_empty()
    }

    /// Whether the first page is asked for.
    pub fn is_newest(&self) -> bool {
        self.before.is_none() && self.after.is_empty()
    }
}

/// A path with a query string.
fn at(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{audit::asked::SPANS, id::InvalidationId};

    fn of(change: impl FnOnce(&mut HistoryQuery)) -> HistoryQuery {
        let mut query = HistoryQuery::default();
        change(&mut query);
        query.settled()
    }

    #[test]
    fn links_of_before_there_were_tabs_lead_to_all_events() {
        let tab = |change: fn(&mut HistoryQuery)| of(change).tab();
        assert_eq!(tab(|_| ()), HistoryTab::Invalidations);
        assert_eq!(tab(|query| query.q = "/a".to_owned()), HistoryTab::Invalidations);
        assert_eq!(tab(|query| query.action = "token.made".to_owned()), HistoryTab::Everything);
        assert_eq!(tab(|query| query.result = "refused".to_owned()), HistoryTab::Everything);
        assert_eq!(tab(|query| query.before = Some(9)), HistoryTab::Everything);
        assert_eq!(tab(|query| query.tab = "access".to_owned()), HistoryTab::Access);
        assert_eq!(tab(|query| query.tab = "no such tab".to_owned()), HistoryTab::Invalidations);
    }

    #[test]
    fn an_address_has_no_empty_parameter_and_keeps_a_time_up_to_now() {
        let query = of(|query| {
            query.q = " WEB-412 ".to_owned();
            query.when = "7d".to_owned();
            query.from = "2026-11-23".to_owned();
            query.action = "token.made".to_owned();
            query.tab = "invalidations".to_owned();
        });
        assert_eq!(query.address(None), "/history?q=WEB-412&when=7d");
        assert_eq!(query.without("q"), "/history?when=7d");
        assert_eq!(query.at_tab(HistoryTab::Access), "/history?tab=access&q=WEB-412&when=7d");
        assert_eq!(query.export("csv"), "/history.csv?q=WEB-412&when=7d");
        let days = of(|query| {
            query.when = "dates".to_owned();
            query.until = "2026-11-23".to_owned();
        });
        assert_eq!(days.address(None), "/history?until=2026-11-23");
        assert_eq!(SPANS[1].0, "7d");
    }

    #[test]
    fn an_older_page_stays_at_its_tab() {
        let (event, invalidation) = (PageEnd::Event(9), InvalidationId::from_trusted("i1"));
        let requests = of(|query| query.q = "/a".to_owned());
        assert_eq!(requests.address(Some(&event)), "/history?q=%2Fa&tab=invalidations&before=9");
        assert_eq!(of(|_| ()).address(Some(&PageEnd::Invalidation(invalidation))), "/history?after=i1");
        let all = of(|query| query.tab = "everything".to_owned());
        assert_eq!(all.address(Some(&event)), "/history?tab=everything&before=9");
    }
}
