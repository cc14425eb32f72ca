//! Freeze windows as pages show them where they hold something back.

use serde::Deserialize;

use super::When;
use crate::domain::{
    invalidations::freeze_window::{FreezeAnswer, FreezeWindow, MetFreezes},
    time::Timestamp,
};

/// A freeze window that holds something back.
#[derive(Debug, Clone)]
pub struct FreezeWindowView {
    pub name: String,
    pub why: String,
    pub from: When,
    /// `2026-11-27 00:00 UTC`
    pub from_words: String,
    pub until: When,
    pub until_words: String,
}

impl FreezeWindowView {
    pub fn new(window: &FreezeWindow, now: Timestamp) -> Self {
        let words = |at: Timestamp| format!("{} UTC", at.to_the_minute());
        Self {
            name: window.name.clone(),
            why: window.why.clone(),
            from: When::new(window.from, now),
            from_words: words(window.from),
            until: When::new(window.until, now),
            until_words: words(window.until),
        }
    }
}

/// The freeze windows that hold something back, and the box that overrides them.
#[derive(Debug, Clone)]
pub struct FreezeView {
    /// `Black Friday and Incident 42`
    pub names: String,
    pub windows: Vec<FreezeWindowView>,
    pub is_overridden: bool,
    /// Whether a second person has to override them, when they approve it.
    pub waits: bool,
    /// Whether there is a box.
    pub has_box: bool,
}

impl FreezeView {
    pub fn new(met: &MetFreezes, now: Timestamp) -> Self {
        Self {
            names: met.names(),
            windows: met.windows().iter().map(|window| FreezeWindowView::new(window, now)).collect(),
            is_overridden: false,
            waits: false,
            has_box: true,
        }
    }
}

/// The fields of a form that overrides freeze windows.
#[derive(Debug, Default, Deserialize)]
pub struct OverrideForm {
    override_freeze: Option<String>,
    #[serde(default)]
    reason: String,
}

impl OverrideForm {
    pub fn answer(&self) -> FreezeAnswer<'_> {
        FreezeAnswer { overrides: self.override_freeze.is_some(), reason: &self.reason }
    }
}
