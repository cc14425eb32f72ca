//! The answer to a change that was saved: back to a page, which says what the history recorded.

use std::time::Duration;

use axum::{http::Uri, response::Redirect};

use crate::{
    domain::{
        audit::{Event, Outcome, search::AuditQuery},
        id::DistributionId,
        time::Timestamp,
    },
    http::session::Visitor,
    store::{Conn, StoreError, audit, distributions},
};

use super::{history, view};

/// The parameter that a page is opened with after a change.
const PARAMETER: &str = "saved=yes";
/// How long a change counts as one of a moment ago: the address may be opened again later.
const A_MOMENT: Duration = Duration::from_secs(30);

/// What the page says of the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// `Group member added: eve@example.com in docs team`
    pub words: String,
    /// The number of the event.
    pub sequence: i64,
}

/// Redirects to this page, where [`SavedView`] is shown.
pub fn saved(address: &str) -> Redirect {
    let mark = if address.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{address}{mark}{PARAMETER}"))
}

/// Whether the page is opened after a change.
pub fn is_after_change(address: &Uri) -> bool {
    address.query().is_some_and(|query| query.split('&').any(|part| part == PARAMETER))
}

impl SavedView {
    /// The visitor's last event, if it is of a moment ago.
    pub async fn read(
        conn: &mut Conn,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let query = AuditQuery { who: Some(visitor.person.email.clone()), ..AuditQuery::default() };
        let found = audit::readable(audit::search(conn, &query, 1).await?.events)?;
        let is_it = |event: &Event| {
            event.acting.actor == visitor.acting.actor
                && event.outcome == Outcome::Done
                && now.since(event.at) < A_MOMENT
        };
        let Some(found) = found.into_iter().find(|chained| is_it(&chained.event)) else { return Ok(None) };
        let words = with_names(conn, visitor, &history::describe(&found.event)).await?;
        Ok(Some(Self { words, sequence: found.sequence }))
    }
}

/// The words with distributions by their names. The event has their IDs, because names change.
async fn with_names(conn: &mut Conn, visitor: &Visitor, words: &str) -> Result<String, StoreError> {
    let is_between = |c: char| !c.is_ascii_alphanumeric();
    let id = |word: &str| DistributionId::parse(word).filter(|id| visitor.access.sees(id));
    let ids: Vec<DistributionId> = words.split(is_between).filter_map(id).collect();
    let known = distributions::some(conn, &ids.iter().collect::<Vec<_>>()).await?;
    let name = |part: &str| {
        let word = part.trim_end_matches(is_between);
        let name =
            DistributionId::parse(word).map_or_else(|| word.to_owned(), |id| view::name_of(&known, &id));
        format!("{name}{}", &part[word.len()..])
    };
    Ok(words.split_inclusive(is_between).map(name).collect())
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn the_parameter_is_added_to_any_address() {
        let to = |address: &str| {
            let answer = saved(address).into_response();
            answer.headers()["location"].to_str().unwrap().to_owned()
        };
        assert_eq!(to("/settings/groups"), "/settings/groups?saved=yes");
        assert_eq!(to("/history?q=a"), "/history?q=a&saved=yes");
        for (address, is_after) in [("/a?saved=yes", true), ("/a?q=1&saved=yes", true), ("/a?q=saved", false)]
        {
            assert_eq!(is_after_change(&address.parse().unwrap()), is_after, "{address}");
        }
    }
}
