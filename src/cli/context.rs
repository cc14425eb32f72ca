//! The context and the actor of a command on the command line, which may run beside a running service.

use crate::{
    clock::Clock,
    commands::CommandContext,
    config::DatabaseArgs,
    domain::actor::{Acting, COMMAND_LINE},
    notify::Notifier,
    store::Db,
};

use super::CliError;

/// The person at the command line, by the name of their account on this machine.
pub fn acting() -> Acting {
    let name = std::env::var("USER").unwrap_or_else(|_| COMMAND_LINE.to_owned());
    Acting::command_line(&name)
}

/// Opens the database. The service may be using it at the same time.
pub async fn open(database: &DatabaseArgs) -> Result<CommandContext, CliError> {
    let db = Db::open_beside_service(&database.database).await?;
    Ok(CommandContext::new(db, Clock::system(), Notifier::new()))
}
