//! The lines of the plan as the page shows them.

use crate::domain::invalidations::{
    item::{Item, Mending},
    plan::{LineVerdict, PlanLine},
};

/// The number of lines of each kind that are shown. Lines with errors come first.
const SHOWN: usize = 100;

/// The lines of a plan, with those apart that are only offered.
#[derive(Debug, Clone, Default)]
pub struct LinesView {
    pub shown: Vec<LineView>,
    /// How many more there are.
    pub hidden: usize,
    pub offered: Vec<LineView>,
    /// How many more there are.
    pub offered_hidden: usize,
}

impl LinesView {
    pub fn new(lines: &[PlanLine]) -> Self {
        let is_offered = |line: &&PlanLine| matches!(line.verdict, LineVerdict::Offered { .. });
        let (offered, mut others): (Vec<&PlanLine>, Vec<&PlanLine>) = lines.iter().partition(is_offered);
        others.sort_by_key(|line| line.refused().is_none());
        let first = |lines: &[&PlanLine]| lines.iter().take(SHOWN).map(|line| LineView::new(line)).collect();
        Self {
            hidden: others.len().saturating_sub(SHOWN),
            shown: first(&others),
            offered_hidden: offered.len().saturating_sub(SHOWN),
            offered: first(&offered),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.offered.is_empty()
    }

    /// How many lines are offered.
    pub fn offers(&self) -> usize {
        self.offered.len() + self.offered_hidden
    }
}

/// One line of the plan as the page shows it.
#[derive(Debug, Clone)]
pub struct LineView {
    /// `send`, `added`, `offered`, `dropped` or `refused`
    pub kind: &'static str,
    pub text: String,
    pub note: String,
    pub doubt: String,
    /// What a button beside it does.
    pub act: Option<LineAct>,
}

/// What a button beside a line of the plan does.
#[derive(Debug, Clone)]
pub enum LineAct {
    /// Writes this line into the form.
    Add(String),
    /// Has the plan not add this item.
    LeaveOut(String),
}

impl LineView {
    /// The line that a button beside it writes into the form.
    pub fn adds(&self) -> Option<&str> {
        match &self.act {
            Some(LineAct::Add(line)) => Some(line),
            _ => None,
        }
    }

    /// The item that a button beside it leaves out.
    pub fn leaves_out(&self) -> Option<&str> {
        match &self.act {
            Some(LineAct::LeaveOut(item)) => Some(item),
            _ => None,
        }
    }

    pub fn new(line: &PlanLine) -> Self {
        let number = line.number;
        match &line.verdict {
            LineVerdict::Send { item, mendings, doubts } => Self {
                kind: "send",
                text: item.to_string(),
                note: notes(item, mendings),
                doubt: doubts.iter().map(|doubt| doubt.label()).collect::<Vec<_>>().join("; "),
                act: None,
            },
            LineVerdict::Dropped { item, why } => Self {
                kind: "dropped",
                text: item.as_ref().map_or_else(|| shortened(&line.typed), ToString::to_string),
                note: why.describe(),
                doubt: String::new(),
                act: None,
            },
            LineVerdict::Added { item, why } => Self {
                kind: "added",
                text: item.to_string(),
                note: why.label().to_owned(),
                doubt: String::new(),
                act: Some(LineAct::LeaveOut(item.to_string())),
            },
            LineVerdict::Offered { item, why } => Self {
                kind: "offered",
                text: item.to_string(),
                note: why.label().to_owned(),
                doubt: String::new(),
                act: Some(LineAct::Add(item.to_string())),
            },
            LineVerdict::Refused(error) => Self {
                kind: "refused",
                text: shortened(&line.typed),
                note: format!("Line {number} {error}."),
                doubt: String::new(),
                act: None,
            },
        }
    }
}

fn notes(item: &Item, mendings: &[Mending]) -> String {
    let mut notes: Vec<String> = mendings.iter().map(|mending| mending.label().to_owned()).collect();
    notes.extend(item.reach());
    notes.join("; ")
}

fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(MOST).collect();
    format!("{begin}…")
}
