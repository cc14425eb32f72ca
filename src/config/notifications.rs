//! Where notifications may go.

use clap::Args;

use crate::domain::notifications::AllowedNetworks;

/// Notification channels, which administrators add on a page.
#[derive(Debug, Clone, Default, Args)]
pub struct NotificationArgs {
    /// Private networks that notification channels may be in, such as 10.20.0.0/16,192.168.7.5. Without it, messages go to
    /// addresses of the public internet only.
    #[arg(long, env = "UNSTALE_NOTIFICATION_NETWORKS", value_name = "NETWORKS", value_parser = AllowedNetworks::parse)]
    pub notification_networks: Option<AllowedNetworks>,
}
