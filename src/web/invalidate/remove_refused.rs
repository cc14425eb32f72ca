//! Takes the lines that are refused out of the form, so that the others can be sent.

use std::collections::{HashMap, HashSet};

use crate::{
    commands,
    domain::{
        id::DistributionId,
        invalidations::plan::{PlanLine, Surroundings},
    },
    http::{error::HttpError, session::Visitor, state::AppState},
};

use super::{super::view, RequestForm};

/// The text of the form without the lines that are refused.
pub async fn without_refused(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
) -> Result<String, HttpError> {
    let lines = planned_lines(app, visitor, form).await?;
    let removed: HashSet<usize> = removable(&form.items, lines.iter()).into_iter().collect();
    let kept = form.items.lines().zip(1..).filter(|(_, number)| !removed.contains(number));
    Ok(kept.map(|(line, _)| line).collect::<Vec<_>>().join("\n"))
}

async fn planned_lines(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
) -> Result<Vec<PlanLine>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let (parts, mut lines) = if let Some(id) = DistributionId::parse(&form.distribution) {
        let distribution = view::distribution(&mut conn, visitor, &id).await?;
        (distribution.into_iter().map(|distribution| (distribution, form.input())).collect(), Vec::new())
    } else {
        let placed = commands::place(&mut conn, form.input(), &visitor.access).await?;
        (placed.parts, placed.unplaced)
    };
    // What is used up refuses no line.
    let around = Surroundings::unmeasured(app.options.throughput.limits);
    for (distribution, input) in parts {
        lines.extend(commands::plan(&mut conn, input, &distribution, around, &visitor.access).await?.lines);
    }
    Ok(lines)
}

/// The numbers of the refused lines that stand in the text as they were read. A part of a document, such as an element of
/// a JSON list, does not: without it the document could not be read.
pub fn removable<'a>(text: &str, lines: impl Iterator<Item = &'a PlanLine>) -> Vec<usize> {
    let refused = lines.filter(|line| line.refused().is_some());
    let refused: HashMap<usize, &str> = refused.map(|line| (line.number, line.typed.as_str())).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let numbered = text.lines().zip(1..);
    let is_refused = |(line, number): &(&str, usize)| refused.get(number) == Some(&line.trim());
    numbered.filter(is_refused).map(|(_, number)| number).collect()
}
