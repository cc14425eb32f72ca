//! The mail server: connects and signs in as for a message, and sends none.

use crate::{config::ServeArgs, domain::examination::Report};

pub(super) async fn examine(report: &mut Report, serve: &ServeArgs) {
    // A wrong setting is told with the other settings.
    let Ok(Some(server)) = serve.notifications.mail_server(serve.public_url.as_deref()) else { return };
    match server.check().await {
        Ok(()) => report.ok("mail_server", "it is reached, and takes the login where one is set"),
        Err(error) => report.error(
            "mail_server",
            format!("no e-mail can be sent: {error}"),
            "Look at UNSTALE_SMTP_URL and at the server's own log. Messages wait for it for three days.",
        ),
    }
}
