//! Check runs with their URLs.

use std::collections::HashMap;

use unstale_domain::{
    checks::{CheckCause, CheckKind, CheckRun, CheckRunState, Freshness, Judgement, Look, UrlCheck, Verdict},
    id::{BatchId, CheckRunId, DistributionId, InvalidationId},
    time::Timestamp,
};

use super::{elsewhere::vantage_checks, locations::location_checks};
use crate::{
    Conn, StoreError, Tx,
    columns::{count, list_to_json, optional_time, signed, time},
    db::{execute, fetch_all, fetch_optional, insert_all},
};

#[derive(sqlx_macros::FromRow)]
struct RunRow {
    id: String,
    distribution_id: String,
    invalidation_id: Option<String>,
    created_at: i64,
    state: String,
    round: i64,
    freshness: String,
    due_at: Option<i64>,
}

#[derive(sqlx_macros::FromRow)]
struct UrlRow {
    number: i64,
    kind: String,
    url: String,
    batch_id: Option<String>,
    guessed: bool,
    before: Option<String>,
    after: Option<String>,
    verdict: Option<String>,
    cause: Option<String>,
    step: String,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, distribution_id, invalidation_id, created_at, state, round, freshness, due_at FROM check_run ",
            $rest
        )
    };
}

impl RunRow {
    fn into_run(self, urls: Vec<UrlCheck>) -> Result<CheckRun, StoreError> {
        Ok(CheckRun {
            id: CheckRunId::from_trusted(self.id),
            distribution: DistributionId::from_trusted(self.distribution_id),
            invalidation: self.invalidation_id.map(InvalidationId::from_trusted),
            created_at: time(self.created_at),
            state: CheckRunState::parse(&self.state)
                .ok_or_else(|| StoreError::unreadable("a check run's state", &self.state))?,
            round: u32::try_from(self.round).unwrap_or(u32::MAX),
            freshness: freshness(&self.freshness)?,
            due_at: optional_time(self.due_at),
            urls,
        })
    }
}

impl UrlRow {
    fn into_check(self) -> Result<UrlCheck, StoreError> {
        let look = |text: Option<String>| {
            text.map(|text| Look::from_json(&text).ok_or_else(|| StoreError::unreadable("a look", &text)))
                .transpose()
        };
        let verdict =
            |word: String| Verdict::parse(&word).ok_or_else(|| StoreError::unreadable("a verdict", &word));
        let cause = |word: String| {
            CheckCause::parse(&word).ok_or_else(|| StoreError::unreadable("a check's cause", &word))
        };
        let cause = self.cause.map(cause).transpose()?;
        Ok(UrlCheck {
            number: count(self.number),
            kind: CheckKind::parse(&self.kind)
                .ok_or_else(|| StoreError::unreadable("a check's kind", &self.kind))?,
            url: self.url,
            batch: self.batch_id.map(BatchId::from_trusted),
            guessed: self.guessed,
            before: look(self.before)?,
            after: look(self.after)?,
            judgement: self.verdict.map(verdict).transpose()?.map(|verdict| Judgement { verdict, cause }),
            step: self.step,
            elsewhere: Vec::new(),
            silent: Vec::new(),
        })
    }
}

fn freshness(word: &str) -> Result<Freshness, StoreError> {
    Freshness::parse(word).ok_or_else(|| StoreError::unreadable("a freshness", word))
}

/// Inserts a new run with its URLs. A second run of one invalidation is not inserted. One of an invalidation whose URLs
/// must be gone is kept for ever: it is the evidence that they are.
pub async fn insert(tx: &mut Tx, run: &CheckRun) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO url_check (run_id, number, kind, url, batch_id, guessed, step) ";
    let inserted = execute!(
        tx,
        "INSERT INTO check_run (id, distribution_id, invalidation_id, created_at, state, round, freshness, due_at,
             kept_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
             CASE WHEN EXISTS (SELECT 1 FROM invalidation WHERE id = $3 AND expected = 'gone') THEN NULL ELSE $9 END)
         ON CONFLICT (invalidation_id) DO NOTHING",
        run.id.as_str(),
        run.distribution.as_str(),
        run.invalidation.as_ref().map(InvalidationId::as_str),
        run.created_at.as_micros(),
        run.state.as_str(),
        i64::from(run.round),
        run.freshness.as_str(),
        run.due_at.map(Timestamp::as_micros),
        run.kept_until().as_micros(),
    )?;
    if inserted == 0 {
        return Ok(());
    }
    insert_all!(tx, INTO, run.urls, |check| [
        run.id.as_str(),
        signed(check.number),
        check.kind.as_str(),
        check.url.as_str(),
        check.batch.as_ref().map(BatchId::as_str),
        check.guessed,
        check.step.as_str(),
    ]);
    Ok(())
}

/// A run with its URLs.
pub async fn find(conn: &mut Conn, id: &CheckRunId) -> Result<Option<CheckRun>, StoreError> {
    let row = fetch_optional!(conn, RunRow, select!("WHERE id = $1"), id.as_str())?;
    with_urls(conn, row).await
}

/// The run of an invalidation.
pub async fn of_invalidation(conn: &mut Conn, id: &InvalidationId) -> Result<Option<CheckRun>, StoreError> {
    let row = fetch_optional!(conn, RunRow, select!("WHERE invalidation_id = $1"), id.as_str())?;
    with_urls(conn, row).await
}

/// The newest run of a distribution that belongs to no invalidation.
pub async fn of_distribution(conn: &mut Conn, id: &DistributionId) -> Result<Option<CheckRun>, StoreError> {
    let row = fetch_optional!(
        conn,
        RunRow,
        select!("WHERE distribution_id = $1 AND invalidation_id IS NULL ORDER BY created_at DESC LIMIT 1"),
        id.as_str()
    )?;
    with_urls(conn, row).await
}

async fn with_urls(conn: &mut Conn, row: Option<RunRow>) -> Result<Option<CheckRun>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let urls = fetch_all!(
        conn,
        UrlRow,
        "SELECT number, kind, url, batch_id, guessed, before, after, verdict, cause, step FROM url_check
         WHERE run_id = $1 ORDER BY number",
        row.id.as_str(),
    )?;
    let mut urls: Vec<UrlCheck> = urls.into_iter().map(UrlRow::into_check).collect::<Result<_, _>>()?;
    let id = CheckRunId::from_trusted(row.id.as_str());
    let mut elsewhere = vantage_checks(conn, &id).await?;
    let mut locations = location_checks(conn, &id).await?;
    for check in &mut urls {
        check.elsewhere = elsewhere.remove(&check.number).unwrap_or_default();
        let locations = locations.remove(&check.number).unwrap_or_default();
        check.elsewhere.extend(locations.answered);
        check.silent = locations.silent;
    }
    row.into_run(urls).map(Some)
}

/// The freshness of each of these invalidations that has a run.
pub async fn freshness_of(
    conn: &mut Conn,
    ids: &[&InvalidationId],
) -> Result<HashMap<InvalidationId, Freshness>, StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT invalidation_id, freshness FROM check_run
         WHERE invalidation_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))"
    } else {
        "SELECT invalidation_id, freshness FROM check_run WHERE invalidation_id IN (SELECT value FROM json_each($1))"
    };
    let rows = fetch_all!(conn, (String, String), sql, list_to_json(ids))?;
    rows.into_iter().map(|(id, word)| Ok((InvalidationId::from_trusted(id), freshness(&word)?))).collect()
}

/// What the newest `runs` other runs of the distribution saw of their URLs: the last look that got an answer, by URL.
pub async fn earlier_looks(
    conn: &mut Conn,
    run: &CheckRun,
    runs: usize,
) -> Result<HashMap<String, Look>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String),
        "SELECT u.url, u.after FROM (SELECT id, created_at FROM check_run
             WHERE distribution_id = $1 AND created_at <= $2 AND id <> $3 ORDER BY created_at DESC LIMIT $4) r
         JOIN url_check u ON u.run_id = r.id
         WHERE u.kind = 'url' AND u.after IS NOT NULL ORDER BY r.created_at, u.number",
        run.distribution.as_str(),
        run.created_at.as_micros(),
        run.id.as_str(),
        signed(runs),
    )?;
    let looks = rows.into_iter().map(|(url, text)| {
        let look = Look::from_json(&text).ok_or_else(|| StoreError::unreadable("a look", &text))?;
        Ok((url, look))
    });
    let looks: Vec<(String, Look)> = looks.collect::<Result<_, StoreError>>()?;
    Ok(looks.into_iter().filter(|(_, look)| look.outcome.is_ok()).collect())
}

/// URLs of the distribution that the newest `runs` runs looked at and that were no error, the newest first.
pub async fn known_urls(
    conn: &mut Conn,
    id: &DistributionId,
    runs: usize,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT u.url FROM (SELECT id, created_at FROM check_run WHERE distribution_id = $1
             ORDER BY created_at DESC LIMIT $2) r
         JOIN url_check u ON u.run_id = r.id
         WHERE u.kind = 'url' AND NOT u.guessed AND u.verdict <> 'broken' ORDER BY r.created_at DESC, u.number",
        id.as_str(),
        signed(runs),
    )?;
    let mut urls: Vec<String> = Vec::new();
    for (url,) in rows {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}
