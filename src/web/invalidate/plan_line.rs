//! The lines of the plan as the page shows them.

use std::collections::BTreeMap;

use crate::domain::invalidations::{
    item::{Item, Mending},
    plan::{LineVerdict, PlanLine},
};

/// How many lines of a group are shown.
const SHOWN: usize = 100;
/// How many of them stand unfolded, so that the button below stays near. A few more are not worth a fold.
const UNFOLDED: usize = 12;
const FOLD_FROM: usize = 16;
/// From how many lines with the same note it is said once, above them.
const SAID_ONCE_FROM: usize = 3;
/// Up to how many lines of a kind a plan has for what it offers to stand unfolded.
const FEW: usize = 2;

/// Lines of a plan that stand together on the page.
#[derive(Debug, Clone, Default)]
pub struct LineGroup {
    /// The first of them.
    pub shown: Vec<LineView>,
    pub count: usize,
    /// The note of the lines that show none. Empty if there are no such lines, or if they have none.
    pub common_note: String,
}

impl LineGroup {
    fn new(lines: &[&PlanLine]) -> Self {
        let shown = lines.iter().take(SHOWN).map(|line| LineView::new(line)).collect();
        Self { shown, count: lines.len(), common_note: String::new() }
    }

    /// Takes the most frequent note from its lines, to say it once. Not where a line has no note: it would pass for
    /// one of them.
    fn with_common_note(mut self) -> Self {
        if self.shown.iter().any(|line| line.note.is_empty()) {
            return self;
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for line in &self.shown {
            *counts.entry(&line.note).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let Some((note, SAID_ONCE_FROM..)) = most else { return self };
        self.common_note = note.to_owned();
        for line in &mut self.shown {
            if line.note == self.common_note {
                line.note.clear();
            }
        }
        self
    }

    /// What is said above the lines in the place of their notes. Empty if nothing is.
    pub fn heading(&self) -> String {
        if self.common_note.is_empty() {
            return String::new();
        }
        let is_of_all = self.hidden() == 0 && self.shown.iter().all(|line| line.note.is_empty());
        let whose = if is_of_all { format!("All {}", self.count) } else { "Lines without a note".to_owned() };
        format!("{whose}: {}", self.common_note)
    }

    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Those that stand unfolded.
    pub fn unfolded(&self) -> &[LineView] {
        &self.shown[..self.fold()]
    }

    /// Those that stand in a fold below the others.
    pub fn folded(&self) -> &[LineView] {
        &self.shown[self.fold()..]
    }

    /// How many lines do not stand unfolded, with those that are not shown.
    pub fn after_the_fold(&self) -> usize {
        self.count - self.fold()
    }

    fn fold(&self) -> usize {
        if self.shown.len() < FOLD_FROM { self.shown.len() } else { UNFOLDED }
    }

    /// How many more there are than those that are shown.
    pub const fn hidden(&self) -> usize {
        self.count.saturating_sub(self.shown.len())
    }
}

/// The lines of a plan in the groups of the page.
#[derive(Debug, Clone, Default)]
pub struct LinesView {
    /// Those that have to be mended before anything is sent.
    pub refused: LineGroup,
    /// Those that are sent. Where they all can be shown, those that are left out stand among them, in their order.
    pub sent: LineGroup,
    /// Those that are left out, where there are too many lines to show all.
    pub dropped: LineGroup,
    pub offered: LineGroup,
    /// How many of those that are sent the plan added.
    pub added: usize,
}

impl LinesView {
    pub fn new(lines: &[PlanLine]) -> Self {
        let (mut refused, mut sent, mut dropped, mut offered) = (vec![], vec![], vec![], vec![]);
        let has_room = lines.iter().filter(|line| is_listed(&line.verdict)).count() <= SHOWN;
        for line in lines {
            match &line.verdict {
                LineVerdict::Refused(_) => refused.push(line),
                LineVerdict::Dropped { .. } if !has_room => dropped.push(line),
                LineVerdict::Offered { .. } => offered.push(line),
                LineVerdict::Send { .. } | LineVerdict::Added { .. } | LineVerdict::Dropped { .. } => {
                    sent.push(line);
                }
            }
        }
        let [refused, sent, dropped, offered] =
            [refused, sent, dropped, offered].map(|lines| LineGroup::new(&lines));
        let sent = sent.with_common_note();
        let added = lines.iter().filter(|line| matches!(line.verdict, LineVerdict::Added { .. })).count();
        Self { refused, sent, dropped, offered, added }
    }

    /// Whether there is room to show what is offered.
    pub const fn are_few(&self) -> bool {
        self.sent.count <= FEW && self.offered.count <= FEW
    }

    pub const fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.sent.is_empty() && self.dropped.is_empty() && self.offered.is_empty()
    }
}

/// Whether the line stands in the list of what is sent, if that has room.
const fn is_listed(verdict: &LineVerdict) -> bool {
    matches!(verdict, LineVerdict::Send { .. } | LineVerdict::Added { .. } | LineVerdict::Dropped { .. })
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
    /// Whether anything stands beside its text.
    pub const fn has_words(&self) -> bool {
        !self.note.is_empty() || !self.doubt.is_empty() || self.act.is_some()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn group(notes: &[&str]) -> LineGroup {
        let line = |note: &&str| LineView {
            kind: "send",
            text: "/a.css".to_owned(),
            note: (*note).to_owned(),
            doubt: String::new(),
            act: None,
        };
        LineGroup { shown: notes.iter().map(line).collect(), count: notes.len(), common_note: String::new() }
            .with_common_note()
    }

    fn notes(group: &LineGroup) -> Vec<&str> {
        group.shown.iter().map(|line| line.note.as_str()).collect()
    }

    #[test]
    fn a_note_of_several_lines_is_said_once() {
        let all = group(&["from the full URL"; 3]);
        assert_eq!((all.heading().as_str(), notes(&all)), ("All 3: from the full URL", vec![""; 3]));
        let most = group(&["added", "mapped", "mapped", "mapped"]);
        assert_eq!(most.heading(), "Lines without a note: mapped");
        assert_eq!(notes(&most), ["added", "", "", ""]);
    }

    #[test]
    fn a_note_stays_where_it_belongs_to_few_lines_or_a_line_has_none() {
        for notes_of_lines in [["mapped", "mapped"].as_slice(), &["mapped", "mapped", "mapped", ""], &[]] {
            let group = group(notes_of_lines);
            assert_eq!((group.heading().as_str(), notes(&group)), ("", notes_of_lines.to_vec()));
        }
    }

    #[test]
    fn where_some_are_hidden_no_word_is_of_all() {
        let group = LineGroup { count: 200, ..group(&["mapped"; 3]) };
        assert_eq!(group.heading(), "Lines without a note: mapped");
    }
}
