//! The context of a command that runs at the shell, beside a running service, and who acts with it.

use crate::{
    clock::Clock,
    commands::CommandContext,
    config::DatabaseArgs,
    domain::actor::{Acting, COMMAND_LINE},
    notify::Notifier,
    store::Db,
};

use super::CliError;

/// The person at the shell, by the name of their account on this machine.
pub fn acting() -> Acting {
    let name = std::env::var("USER").unwrap_or_else(|_| COMMAND_LINE.to_owned());
    Acting::command_line(&name)
}

/// Opens the database; the service may be using it, under the same name.
pub async fn open(database: &DatabaseArgs) -> Result<CommandContext, CliError> {
    let db = Db::open_beside_service(&database.database).await?;
    Ok(CommandContext::new(db, Clock::system(), Notifier::new()))
}
