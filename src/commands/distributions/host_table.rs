//! Which distribution answers for the hosts that typed lines may name: read for the pages and for the API alike.

use crate::{
    domain::{access::Access, distributions::host_table::HostTable, invalidations::item::may_name_a_host},
    store::{Conn, StoreError, distributions},
};

/// The hosts of all distributions that CloudFront still lists, as far as whoever asks may know of them
/// ([`HostTable::of_seen`]). Empty where no line can name a host, as in most pipelines.
pub async fn host_table(conn: &mut Conn, typed: &str, access: &Access) -> Result<HostTable, StoreError> {
    if may_name_a_host(typed) {
        Ok(HostTable::of_seen(&distributions::list(conn).await?, |id| access.sees(id)))
    } else {
        Ok(HostTable::default())
    }
}
