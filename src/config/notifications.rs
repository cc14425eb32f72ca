//! Where notifications may go, and the mail server that sends them.

use std::path::PathBuf;

use clap::Args;

use crate::domain::notifications::AllowedNetworks;

/// Notification channels, which administrators add on a page.
#[derive(Debug, Clone, Default, Args)]
pub struct NotificationArgs {
    /// Private networks that notification channels may be in, such as 10.20.0.0/16,192.168.7.5. Without it, messages go to
    /// addresses of the public internet only.
    #[arg(long, env = "UNSTALE_NOTIFICATION_NETWORKS", value_name = "NETWORKS", value_parser = AllowedNetworks::parse)]
    pub notification_networks: Option<AllowedNetworks>,
    /// The mail server for notifications: smtps://user:password@mail.example.com, or smtp:// for STARTTLS, which then has
    /// to be there. Without it, no e-mail is sent.
    #[arg(long, env = "UNSTALE_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// A file with that address.
    #[arg(long, env = "UNSTALE_SMTP_URL_FILE", value_name = "FILE")]
    pub smtp_url_file: Option<PathBuf>,
    /// The sender of e-mail, such as Unstale <unstale@example.com>. Without it, unstale@ and the host of the public address.
    #[arg(long, env = "UNSTALE_SMTP_FROM", value_name = "ADDRESS")]
    pub smtp_from: Option<String>,
}
