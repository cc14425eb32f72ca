//! Stores where the files that tools name are found on the site of a distribution.

use unstale_domain::{distributions::path_mapping::PathMapping, id::DistributionId};

use crate::{
    Conn, StoreError, Tx,
    columns::list_to_json,
    db::{execute, fetch_all},
};

#[derive(sqlx_macros::FromRow)]
struct Row {
    distribution_id: String,
    from_files: String,
    to_path: String,
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT distribution_id, from_files, to_path FROM path_mapping WHERE distribution_id ",
            $which,
            " ORDER BY distribution_id, position"
        )
    };
}

/// The mappings of one distribution, in their order.
pub async fn of(conn: &mut Conn, id: &DistributionId) -> Result<Vec<PathMapping>, StoreError> {
    Ok(of_some(conn, &[id]).await?.into_iter().map(|(_, mapping)| mapping).collect())
}

/// The mappings of these distributions, in the order of the distributions' IDs and then their own.
pub async fn of_some(
    conn: &mut Conn,
    ids: &[&DistributionId],
) -> Result<Vec<(DistributionId, PathMapping)>, StoreError> {
    let sql = if conn.is_postgres() {
        select!("= ANY (ARRAY(SELECT json_array_elements_text($1::json)))")
    } else {
        select!("IN (SELECT value FROM json_each($1))")
    };
    let rows = fetch_all!(conn, Row, sql, list_to_json(ids))?;
    rows.into_iter()
        .map(|row| {
            let mapping = PathMapping::parse(&row.from_files, &row.to_path)
                .map_err(|_| StoreError::unreadable("a path mapping", &row.from_files))?;
            Ok((DistributionId::from_trusted(row.distribution_id), mapping))
        })
        .collect()
}

/// Replaces the mappings of a distribution.
pub async fn set(tx: &mut Tx, id: &DistributionId, new: &[PathMapping]) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM path_mapping WHERE distribution_id = $1", id.as_str())?;
    for (position, mapping) in (0_i64..).zip(new) {
        execute!(
            tx,
            "INSERT INTO path_mapping (distribution_id, position, from_files, to_path) VALUES ($1, $2, $3, $4)",
            id.as_str(),
            position,
            mapping.from(),
            mapping.to(),
        )?;
    }
    Ok(())
}
