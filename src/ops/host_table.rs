//! Which distribution answers for the hosts that typed lines may name: read for the pages and for the API alike.

use crate::{
    domain::{host_table::HostTable, item::may_name_a_host},
    store::{Conn, StoreError, distributions},
};

/// The hosts of all distributions that CloudFront still lists, also of those that whoever asks may not see: their viewers
/// get them all the same. Empty where no line can name a host, as in most pipelines.
pub async fn host_table(conn: &mut Conn, typed: &str) -> Result<HostTable, StoreError> {
    if may_name_a_host(typed) {
        Ok(HostTable::of_living(&distributions::list(conn).await?))
    } else {
        Ok(HostTable::default())
    }
}
