//! Checks a whole history at once, for the command line and for a backup.

use crate::{
    clock::Clock,
    domain::audit::verify::{Broken, Walk},
    store::Db,
};

use super::{Check, CheckError, Facts, TrustedHeads, VerificationStep};

/// The number of rows that one step reads.
const ROWS: usize = 2_000;
/// The number of events that one step compares with the tables.
const FACTS: i64 = 2_000;

impl Check {
    /// Walks on to the last event. After an error, [`Check::walk`] has what was intact before it.
    pub async fn finish(&mut self, db: &Db) -> Result<(), CheckError> {
        while self.step(db, ROWS).await? == VerificationStep::More {}
        Ok(())
    }
}

/// Checks the history by its chain and the signed heads that it has, and then against the tables. Returns what was
/// checked, and what is wrong with it; `Err` if it could not be checked.
pub async fn check_history(db: &Db) -> Result<(Walk, Option<Broken>), CheckError> {
    let mut check = match Check::begin(db, &TrustedHeads::default()).await {
        Ok(check) => check,
        Err(error) => return broken(Walk::default(), error),
    };
    let finished = check.finish(db).await;
    let walk = check.walk().clone();
    if let Err(error) = finished {
        return broken(walk, error);
    }
    match compare_with_tables(db, walk.last().sequence).await {
        Ok(_) => Ok((walk, None)),
        Err(error) => broken(walk, error),
    }
}

/// Compares the tables with the events up to `last`, and returns how many objects were compared.
pub async fn compare_with_tables(db: &Db, last: i64) -> Result<u64, CheckError> {
    let mut facts = Facts::begin(db, last).await?;
    while facts.step(db, FACTS, Clock::system().now()).await? == VerificationStep::More {}
    Ok(facts.compared())
}

fn broken(walk: Walk, error: CheckError) -> Result<(Walk, Option<Broken>), CheckError> {
    match error {
        CheckError::Broken(broken) => Ok((walk, Some(broken))),
        error => Err(error),
    }
}
