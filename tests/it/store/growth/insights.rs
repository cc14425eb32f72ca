//! The sums of the insights: a month is read, however many there are.

use std::collections::BTreeSet;

use unstale::{
    domain::{
        id::BatchId,
        insights::{CountKind, DayRange},
    },
    store::{Tx, insights},
};

use super::{
    super::given::id,
    Measured,
    filled::{OFTEN, RARE},
    measure,
};
use crate::support::START as NOW;

pub async fn measure_sums(tx: &mut Tx) -> Measured {
    let mut measured = Measured::new();
    let (one, none) = (BatchId::from_trusted("b100"), BatchId::from_trusted("none"));
    measure!(
        measured,
        tx,
        |conn| insights::counted(conn),
        insights::counted_batches(conn, &[&one, &none]),
        insights::first_day(conn),
    );
    let month = DayRange::month_of(NOW);
    let everything = (String::from("all"), None);
    let restricted = [OFTEN, RARE].map(|place| (place.to_owned(), Some(BTreeSet::from([id(place)]))));
    for (who, seen) in std::iter::once(everything).chain(restricted) {
        let seen = seen.as_ref();
        let mut reads = Measured::new();
        measure!(
            reads,
            tx,
            |conn| insights::daily_sums(conn, month, seen),
            insights::distribution_sums(conn, month, seen),
            insights::completion_times(conn, month, seen),
            insights::account_months(conn, month, seen),
            insights::top_counts(conn, month.from, CountKind::Item, seen, 10),
            insights::top_names(conn, month.from, CountKind::Item, seen, 10),
        );
        measured.extend(reads.into_iter().map(|(read, work)| (format!("{read} for {who}"), work)));
    }
    measured
}
