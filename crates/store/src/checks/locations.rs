//! What edge locations that people named answered, asked from the server.

use std::collections::HashMap;

use unstale_domain::{
    checks::{CheckCause, EdgeLocation, Judgement, Look, SilentLocation, VantageCheck, Verdict},
    id::CheckRunId,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, signed},
    db::{execute, fetch_all},
};

/// Stores what an edge location answered for a URL, and what that proves, in the place of what it answered before.
pub async fn set_location_check(
    tx: &mut Tx,
    run: &CheckRunId,
    number: usize,
    check: &VantageCheck,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO location_check (run_id, number, location, after, verdict, cause, step)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (run_id, number, location) DO UPDATE SET after = $4, verdict = $5, cause = $6, step = $7,
             silent = NULL",
        run.as_str(),
        signed(number),
        check.vantage.as_str(),
        check.after.to_json(),
        check.judgement.map(|judgement| judgement.verdict.as_str()),
        check.judgement.and_then(|judgement| judgement.cause).map(CheckCause::as_str),
        check.step.as_str(),
    )?;
    Ok(())
}

/// Stores that an edge location gave no answer of its own for a URL. What it answered before stays: an old copy that it
/// had may still be there.
pub async fn set_silent_location(
    tx: &mut Tx,
    run: &CheckRunId,
    number: usize,
    silent: &SilentLocation,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO location_check (run_id, number, location, step, silent) VALUES ($1, $2, $3, '', $4)
         ON CONFLICT (run_id, number, location) DO UPDATE SET silent = $4",
        run.as_str(),
        signed(number),
        silent.location.as_str(),
        silent.look.to_json(),
    )?;
    Ok(())
}

/// What edge locations answered for one URL, and those that gave no answer of their own when they were last asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationChecks {
    pub answered: Vec<VantageCheck>,
    pub silent: Vec<SilentLocation>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    number: i64,
    location: String,
    after: Option<String>,
    verdict: Option<String>,
    cause: Option<String>,
    step: String,
    silent: Option<String>,
}

fn look(text: &str) -> Result<Look, StoreError> {
    Look::from_json(text).ok_or_else(|| StoreError::unreadable("a look", text))
}

impl Row {
    fn add_to(self, checks: &mut LocationChecks) -> Result<(), StoreError> {
        let unreadable = StoreError::unreadable;
        let verdict = |word: String| Verdict::parse(&word).ok_or_else(|| unreadable("a verdict", &word));
        let cause =
            |word: String| CheckCause::parse(&word).ok_or_else(|| unreadable("a check's cause", &word));
        let cause = self.cause.map(cause).transpose()?;
        if let Some(silent) = &self.silent {
            let location = EdgeLocation::parse(&self.location)
                .ok_or_else(|| unreadable("an edge location", &self.location))?;
            checks.silent.push(SilentLocation { location, look: look(silent)? });
        }
        if let Some(after) = &self.after {
            checks.answered.push(VantageCheck {
                probe: None,
                vantage: self.location,
                after: look(after)?,
                judgement: self.verdict.map(verdict).transpose()?.map(|verdict| Judgement { verdict, cause }),
                step: self.step,
            });
        }
        Ok(())
    }
}

/// What edge locations answered for the URLs of a run, by the number of the URL.
pub async fn location_checks(
    conn: &mut Conn,
    run: &CheckRunId,
) -> Result<HashMap<usize, LocationChecks>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT number, location, after, verdict, cause, step, silent FROM location_check
         WHERE run_id = $1 ORDER BY number, location",
        run.as_str(),
    )?;
    let mut checks: HashMap<usize, LocationChecks> = HashMap::new();
    for row in rows {
        let number = count(row.number);
        row.add_to(checks.entry(number).or_default())?;
    }
    Ok(checks)
}
