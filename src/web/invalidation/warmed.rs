//! What became of fetching the URLs of an invalidation afterwards.

use crate::{
    domain::{
        checks::{Warming, WarmingEnd, WarmingState},
        invalidations::invalidation::Invalidation,
    },
    http::state::AppState,
    store::{Conn, StoreError, checks::warming},
};

use super::super::view::StatusView;

/// The section of the page.
#[derive(Debug, Clone)]
pub struct WarmingView {
    pub status: StatusView,
    pub words: String,
    /// Whether it goes on, so that the page asks for it again.
    pub is_running: bool,
}

impl WarmingView {
    /// `None` if nobody asked for it.
    pub async fn read(
        conn: &mut Conn,
        app: &AppState,
        invalidation: &Invalidation,
    ) -> Result<Option<Self>, StoreError> {
        if !invalidation.warm {
            return Ok(None);
        }
        let found = warming::find(conn, &invalidation.id).await?;
        Ok(found.map(|found| Self::new(&found, app.options.are_checks_on)))
    }

    fn new(warming: &Warming, are_checks_on: bool) -> Self {
        let is_halted = !are_checks_on && warming.state != WarmingState::Done;
        let halted = " Nothing is fetched while checks are switched off (UNSTALE_CHECKS=off).";
        Self {
            status: status(warming),
            words: format!("{}{}", warming.describe(), if is_halted { halted } else { "" }),
            is_running: are_checks_on && (warming.state == WarmingState::Running || warming.due_at.is_some()),
        }
    }
}

fn status(warming: &Warming) -> StatusView {
    let (state, words) = match (warming.state, warming.ended) {
        (WarmingState::Waiting, _) => ("queued", "Waiting"),
        (WarmingState::Running, _) => ("in_progress", "Fetching"),
        (WarmingState::Done, Some(WarmingEnd::Finished)) if warming.failed == 0 => ("completed", "Fetched"),
        (WarmingState::Done, Some(WarmingEnd::Finished)) if warming.fetched > 0 => {
            ("unclear", "Partly fetched")
        }
        (WarmingState::Done, _) => ("failed", "Not fetched"),
    };
    StatusView { state, words: words.to_owned() }
}
