//! Writes the items of an earlier request as lines of the form.

use std::collections::HashSet;

use super::{LineVerdict, Plan, PlanInput, PlanLine};
use crate::invalidations::item::Item;

/// Items as lines of a text, in which people can change and add lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemLines {
    pub text: String,
    /// The lines that are to be taken as they are ([`PlanInput::text_with_items`]), because a typed line like this is
    /// refused or means something else.
    pub as_sent: String,
}

impl ItemLines {
    /// The lines of these items. `plan` makes the plan of an input.
    pub fn new(items: &[Item], plan: impl Fn(PlanInput) -> Plan) -> Self {
        let text = joined(items.iter(), "\n");
        let plan = plan(PlanInput::text(&text));
        let read: HashSet<&str> = plan.lines.iter().filter_map(sent_as_typed).collect();
        let as_sent = joined(items.iter().filter(|item| !read.contains(item.as_str())), " ");
        Self { text, as_sent }
    }

    #[must_use]
    pub fn input(&self) -> PlanInput {
        PlanInput::text_with_items(&self.text, &self.as_sent)
    }

    /// Whether the form has to send exactly these lines, so that it sends these items: what was left out before is added
    /// otherwise, and what has no effect is left out.
    pub fn have_to_be_exact(&self, items: &[Item], plan: impl Fn(PlanInput) -> Plan) -> bool {
        let sends_them = |plan: &Plan| plan.items == items && plan.refused().next().is_none();
        !sends_them(&plan(self.input())) && sends_them(&plan(self.input().exactly(true)))
    }
}

fn joined<'a>(items: impl Iterator<Item = &'a Item>, separator: &str) -> String {
    items.map(Item::as_str).collect::<Vec<_>>().join(separator)
}

/// The text of a line that is sent as it was typed. `None` for all others.
fn sent_as_typed(line: &PlanLine) -> Option<&str> {
    match &line.verdict {
        LineVerdict::Send { item, .. } if item.as_str() == line.typed => Some(&line.typed),
        _ => None,
    }
}
