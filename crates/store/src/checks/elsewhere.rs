//! What probes are given to look at, and what they saw.

use std::collections::HashMap;

use unstale_domain::{
    checks::{CheckCause, Freshness, Judgement, Look, ProbeRound, VantageCheck, Verdict},
    id::{CheckRunId, TokenId},
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, optional_time, signed, time},
    db::{execute, fetch_all, fetch_optional},
};

/// Lets probes make the looks of the round that a worker has just claimed. Does nothing for looks before completion,
/// while there is no probe, or where looks send secret headers, which no probe gets.
pub async fn begin_round(tx: &mut Tx, run: &CheckRunId, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO probe_round (run_id, round, began_at)
         SELECT id, round, $2 FROM check_run WHERE id = $1 AND state = 'after'
             AND EXISTS (SELECT 1 FROM probe WHERE revoked_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM check_settings s
                 WHERE s.distribution_id = check_run.distribution_id AND s.secret_headers <> '[]')
         ON CONFLICT (run_id) DO UPDATE SET round = excluded.round, began_at = excluded.began_at",
        run.as_str(),
        now.as_micros(),
    )?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct RoundRow {
    run_id: String,
    round: i64,
    began_at: i64,
    offered_at: Option<i64>,
    answered: Option<bool>,
}

impl RoundRow {
    fn into_round(self) -> ProbeRound {
        ProbeRound {
            run: CheckRunId::from_trusted(self.run_id),
            round: u32::try_from(self.round).unwrap_or(u32::MAX),
            began_at: time(self.began_at),
            offered_at: optional_time(self.offered_at),
            is_answered: self.answered.unwrap_or(false),
        }
    }
}

/// The rounds that began after `since` and of which the probe has not handed in its looks, the oldest first.
pub async fn rounds_for_probe(
    conn: &mut Conn,
    probe: &TokenId,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<ProbeRound>, StoreError> {
    let rows = fetch_all!(
        conn,
        RoundRow,
        "SELECT r.run_id, r.round, r.began_at, o.offered_at, o.answered FROM probe_round r
         LEFT JOIN probe_offer o ON o.probe_id = $1 AND o.run_id = r.run_id AND o.round = r.round
         WHERE r.began_at > $2 AND o.answered IS NOT TRUE
         ORDER BY r.began_at, r.run_id LIMIT $3",
        probe.as_str(),
        since.as_micros(),
        signed(limit),
    )?;
    Ok(rows.into_iter().map(RoundRow::into_round).collect())
}

/// The newest round of a run, and how the probe stands to it. `None` if probes had nothing to look at.
pub async fn round_of_run(
    conn: &mut Conn,
    probe: &TokenId,
    run: &CheckRunId,
) -> Result<Option<ProbeRound>, StoreError> {
    let row = fetch_optional!(
        conn,
        RoundRow,
        "SELECT r.run_id, r.round, r.began_at, o.offered_at, o.answered FROM probe_round r
         LEFT JOIN probe_offer o ON o.probe_id = $1 AND o.run_id = r.run_id AND o.round = r.round
         WHERE r.run_id = $2",
        probe.as_str(),
        run.as_str(),
    )?;
    Ok(row.map(RoundRow::into_round))
}

/// When the newest round of a run began. `None` if probes had nothing to look at.
pub async fn round_began(conn: &mut Conn, run: &CheckRunId) -> Result<Option<Timestamp>, StoreError> {
    let row =
        fetch_optional!(conn, (i64,), "SELECT began_at FROM probe_round WHERE run_id = $1", run.as_str())?;
    Ok(row.map(|(at,)| time(at)))
}

/// Stores that a probe is given the URLs of a round now.
pub async fn offer(
    tx: &mut Tx,
    probe: &TokenId,
    round: &ProbeRound,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO probe_offer (probe_id, run_id, round, offered_at, answered) VALUES ($1, $2, $3, $4, FALSE)
         ON CONFLICT (probe_id, run_id) DO UPDATE SET offered_at = $4,
             answered = probe_offer.answered AND probe_offer.round = $3, round = $3",
        probe.as_str(),
        round.run.as_str(),
        i64::from(round.round),
        now.as_micros(),
    )?;
    Ok(())
}

/// Stores that a probe has handed in its looks of a round. `false` if it has done so before, or was not given the round.
pub async fn answer_offer(tx: &mut Tx, probe: &TokenId, round: &ProbeRound) -> Result<bool, StoreError> {
    let answered = execute!(
        tx,
        "UPDATE probe_offer SET answered = TRUE
         WHERE probe_id = $1 AND run_id = $2 AND round = $3 AND NOT answered",
        probe.as_str(),
        round.run.as_str(),
        i64::from(round.round),
    )?;
    Ok(answered == 1)
}

/// Stores what a probe saw of a URL, in the place of what it saw before. It is judged later.
pub async fn set_vantage_look(
    tx: &mut Tx,
    run: &CheckRunId,
    number: usize,
    probe: &TokenId,
    look: &Look,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO vantage_check (run_id, number, probe_id, after, step) VALUES ($1, $2, $3, $4, '')
         ON CONFLICT (run_id, number, probe_id) DO UPDATE SET after = $4, verdict = NULL, cause = NULL, step = ''",
        run.as_str(),
        signed(number),
        probe.as_str(),
        look.to_json(),
    )?;
    Ok(())
}

/// Up to `limit` runs of which a probe's look is not judged yet.
pub async fn unjudged_runs(conn: &mut Conn, limit: usize) -> Result<Vec<CheckRunId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT DISTINCT run_id FROM vantage_check WHERE verdict IS NULL ORDER BY run_id LIMIT $1",
        signed(limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| CheckRunId::from_trusted(id)).collect())
}

/// Stores the verdict of a probe's look. Does nothing if another look has taken the place of the one that was judged,
/// or if no probe made it.
pub async fn set_vantage_verdict(
    tx: &mut Tx,
    run: &CheckRunId,
    number: usize,
    check: &VantageCheck,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE vantage_check SET verdict = $5, cause = $6, step = $7
         WHERE run_id = $1 AND number = $2 AND probe_id = $3 AND after = $4",
        run.as_str(),
        signed(number),
        check.probe.as_ref().map(TokenId::as_str),
        check.after.to_json(),
        check.judgement.map(|judgement| judgement.verdict.as_str()),
        check.judgement.and_then(|judgement| judgement.cause).map(CheckCause::as_str),
        check.step.as_str(),
    )?;
    Ok(())
}

/// Locks a run until the end of the transaction, so that its freshness is worked out by one at a time.
pub async fn lock(tx: &mut Tx, run: &CheckRunId) -> Result<(), StoreError> {
    execute!(tx, "UPDATE check_run SET freshness = freshness WHERE id = $1", run.as_str())?;
    Ok(())
}

/// Stores what a run proves now that a probe's look was judged. `due_at` is when the next round is due, if none is
/// planned.
pub async fn set_freshness(
    tx: &mut Tx,
    run: &CheckRunId,
    freshness: Freshness,
    due_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE check_run SET freshness = $2,
             state = CASE WHEN state = 'done' AND $3 IS NOT NULL THEN 'after' ELSE state END,
             due_at = CASE WHEN state = 'done' THEN $3 ELSE due_at END WHERE id = $1",
        run.as_str(),
        freshness.as_str(),
        due_at.map(Timestamp::as_micros),
    )?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct VantageRow {
    number: i64,
    probe_id: String,
    name: String,
    after: String,
    verdict: Option<String>,
    cause: Option<String>,
    step: String,
}

impl VantageRow {
    fn into_check(self) -> Result<VantageCheck, StoreError> {
        let unreadable = StoreError::unreadable;
        let verdict = |word: String| Verdict::parse(&word).ok_or_else(|| unreadable("a verdict", &word));
        let cause =
            |word: String| CheckCause::parse(&word).ok_or_else(|| unreadable("a check's cause", &word));
        let cause = self.cause.map(cause).transpose()?;
        Ok(VantageCheck {
            probe: Some(TokenId::from_trusted(self.probe_id)),
            vantage: self.name,
            after: Look::from_json(&self.after).ok_or_else(|| unreadable("a look", &self.after))?,
            judgement: self.verdict.map(verdict).transpose()?.map(|verdict| Judgement { verdict, cause }),
            step: self.step,
        })
    }
}

/// What probes saw of the URLs of a run, by the number of the URL.
pub async fn vantage_checks(
    conn: &mut Conn,
    run: &CheckRunId,
) -> Result<HashMap<usize, Vec<VantageCheck>>, StoreError> {
    let rows = fetch_all!(
        conn,
        VantageRow,
        "SELECT v.number, v.probe_id, p.name, v.after, v.verdict, v.cause, v.step FROM vantage_check v
         JOIN probe p ON p.id = v.probe_id WHERE v.run_id = $1 ORDER BY v.number, p.name",
        run.as_str(),
    )?;
    let mut checks: HashMap<usize, Vec<VantageCheck>> = HashMap::new();
    for row in rows {
        checks.entry(count(row.number)).or_default().push(row.into_check()?);
    }
    Ok(checks)
}
