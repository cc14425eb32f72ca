//! The fields of a body that say what to refresh, and where.

use crate::{
    api::body::JsonFields,
    domain::invalidations::{
        item::ItemError,
        plan::{LINES_MAX, PlanInput},
    },
    http::problem::Fault,
};

/// What to refresh, as the body of a request or of a plan says it.
#[derive(Debug, Clone)]
pub struct WantedItems {
    /// `None` where each line is given to the distribution that it names.
    pub distribution: Option<String>,
    lines: WantedLines,
    exact: bool,
    without: Vec<String>,
    /// Whether the staging distributions get the same items.
    pub staging: bool,
}

/// The field in which the lines are.
#[derive(Debug, Clone)]
enum WantedLines {
    Items(Vec<String>),
    Text(String),
    Keys(Vec<String>),
}

impl WantedItems {
    /// Reads the fields. What is wrong is noted in `fields`.
    pub fn read(fields: &mut JsonFields) -> Self {
        let distribution = fields.text("distribution");
        let is_blank = distribution.as_ref().is_some_and(|name| name.trim().is_empty());
        if is_blank {
            fields.fault("/distribution", "is empty; name one, or leave the field out.");
        }
        let lines = WantedLines::read(fields);
        let exact = fields.flag("exact").unwrap_or(false);
        let without = fields.lines("without", LINES_MAX);
        let staging = fields.flag("staging").unwrap_or(false);
        Self { distribution, lines, exact, without, staging }
    }

    /// What is asked for.
    pub fn input(&self) -> PlanInput {
        let input = match &self.lines {
            WantedLines::Items(items) => PlanInput::items(items),
            WantedLines::Text(text) => PlanInput::text(text),
            WantedLines::Keys(keys) => PlanInput::keys(keys),
        };
        input.exactly(self.exact).without(&self.without)
    }

    /// The lines as they were written, for the history of refused requests.
    pub fn typed(&self) -> String {
        match &self.lines {
            WantedLines::Items(lines) | WantedLines::Keys(lines) => lines.join("\n"),
            WantedLines::Text(text) => text.clone(),
        }
    }

    /// Everything that makes two requests the same.
    pub fn parts(&self) -> impl serde::Serialize + use<> {
        let staging = self.staging.then_some("staging");
        (self.distribution.clone(), self.pointer(), self.typed(), self.exact, self.without.clone(), staging)
    }

    /// Where the lines stand in the body (RFC 6901).
    pub const fn pointer(&self) -> &'static str {
        match self.lines {
            WantedLines::Items(_) => "/items",
            WantedLines::Text(_) => "/text",
            WantedLines::Keys(_) => "/keys",
        }
    }

    /// What is wrong with one line.
    pub fn fault(&self, number: usize, error: &ItemError) -> Fault {
        match self.lines {
            WantedLines::Items(_) | WantedLines::Keys(_) => {
                Fault::new(format!("{}/{}", self.pointer(), number - 1), format!("{error}."))
            }
            WantedLines::Text(_) => Fault::new(self.pointer(), format!("Line {number} {error}.")),
        }
    }
}

impl WantedLines {
    fn read(fields: &mut JsonFields) -> Self {
        let text = fields.text("text");
        let has_keys = fields.has("keys");
        match (fields.has("items"), text, has_keys) {
            (false, Some(text), false) => {
                if text.trim().is_empty() {
                    fields.fault("/text", "is empty; write at least one path or tag.");
                }
                Self::Text(text)
            }
            (false, None, true) => Self::Keys(fields.needed_lines("keys", LINES_MAX)),
            // Without any of them, the field that most people use is named.
            (_, None, false) => Self::Items(fields.needed_lines("items", LINES_MAX)),
            (_, _, _) => {
                let items = fields.lines("items", LINES_MAX);
                fields.lines("keys", LINES_MAX);
                fields.fault("", "Send only one of items, text and keys.");
                Self::Items(items)
            }
        }
    }
}
