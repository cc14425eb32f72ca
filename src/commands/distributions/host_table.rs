//! Which distribution serves the hosts in typed lines. The pages and the API both use it.

use crate::{
    domain::{access::Access, distributions::host_table::HostTable, invalidations::item::may_name_a_host},
    store::{Conn, StoreError, distributions},
};

/// The hosts of all distributions that CloudFront still lists, as far as this access may know them
/// ([`HostTable::of_seen`]). Empty if no line can name a host, as in most pipelines, so that nothing is read then.
pub async fn host_table(conn: &mut Conn, typed: &str, access: &Access) -> Result<HostTable, StoreError> {
    if may_name_a_host(typed) {
        Ok(HostTable::of_seen(&distributions::list(conn).await?, |id| access.sees(id)))
    } else {
        Ok(HostTable::default())
    }
}
