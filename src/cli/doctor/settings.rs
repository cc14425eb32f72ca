//! Settings that name something: with a wrong one the service does not start.

use crate::{
    app::read_secrets_key,
    config::ServeArgs,
    domain::{causes::with_causes, examination::Report},
    file_thread::folder_of,
    store::Db,
};

pub(super) fn examine(report: &mut Report, serve: &ServeArgs) {
    let secrets = serve.secrets.secrets_key_file.as_deref().filter(|file| !file.as_os_str().is_empty());
    let wrong = [
        serve.tickets.tickets().err(),
        serve.audit.webhook().err().map(|error| with_causes(&error)),
        secrets.and_then(|file| read_secrets_key(file).err()).map(|error| with_causes(&error)),
        serve.metrics.token().err(),
        serve.otlp.collector().err(),
        serve.notifications.mail_server(serve.public_url.as_deref()).err().map(|error| error.to_string()),
        audit_key(serve),
    ];
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    if wrong.is_empty() {
        report.ok("settings", "what they name is there");
    }
    for message in wrong {
        report.error("settings", message, "Correct the setting; the service does not start with it.");
    }
}

/// The key is made where it is missing, but not its folder.
fn audit_key(serve: &ServeArgs) -> Option<String> {
    let database = Db::file_of(&serve.database.database).ok().flatten();
    let file = serve.audit.key_file(database.as_deref());
    let is_lost = serve.audit.audit_key.is_some() && !folder_of(&file).is_dir();
    is_lost.then(|| format!("UNSTALE_AUDIT_KEY names {}, and there is no such folder", file.display()))
}
