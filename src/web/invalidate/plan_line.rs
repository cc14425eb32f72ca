//! One line of the plan as the page shows it.

use crate::domain::invalidations::{
    item::{Item, Mending},
    plan::{LineVerdict, PlanLine},
};

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
