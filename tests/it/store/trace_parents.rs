//! The traces that invalidations belong to.

use unstale::{
    domain::{id::InvalidationId, trace_parent::TraceParent},
    store::invalidations::trace_parents,
};

use super::given;
use crate::support::{Database, on_each_engine};

fn parent(digit: char) -> TraceParent {
    let digits = |count| digit.to_string().repeat(count);
    TraceParent::parse(&format!("00-{}-{}-01", digits(32), digits(16))).unwrap()
}

async fn each_trace_is_told_once_in_the_order_of_the_requests(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let mut requests = Vec::new();
    for (second, digit) in [(30, Some('a')), (20, Some('b')), (10, None), (40, Some('a'))] {
        let id = given::request(database, "E1", second, &[&["/a"]]).await.id;
        if let Some(digit) = digit {
            database.write(async |tx| trace_parents::set(tx, &id, &parent(digit)).await).await;
        }
        requests.push(id);
    }
    let of =
        async |ids: &[InvalidationId]| database.get(async |conn| trace_parents::of(conn, ids).await).await;
    assert_eq!(of(&requests).await, [parent('b'), parent('a')]);
    assert_eq!(of(&requests[2..]).await, [parent('a')]);
    assert!(of(&requests[2..3]).await.is_empty() && of(&[]).await.is_empty());
}

on_each_engine!(each_trace_is_told_once_in_the_order_of_the_requests);
