//! `unstale user …`: people with local accounts.

use std::io::Read;

use clap::{Args, Subcommand};

use crate::{
    commands::{self, CommandError},
    config::DatabaseArgs,
    domain::{access::Role, sign_in::person::Email},
    store::sign_in::people,
};

use super::{
    CliError,
    context::{acting, open},
    output::{print, say},
};

#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a person. May be run while the service runs.
    Add {
        /// Their e-mail address; it is the name that they sign in with.
        email: String,
        /// viewer looks, operator also invalidates, admin also manages people.
        #[arg(long, value_parser = ["viewer", "operator", "admin"])]
        role: String,
        /// Read the password from standard input: its first line, at least 12 characters.
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Set another password and end all sessions of the person. May be run while the service runs.
    ResetPassword {
        /// The e-mail address that they sign in with.
        email: String,
        /// Read the password from standard input: its first line, at least 12 characters.
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Shut a person out, at once. May be run while the service runs.
    Disable {
        email: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Let a disabled person in again.
    Enable {
        email: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the people.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

pub async fn run(args: UserArgs) -> Result<(), CliError> {
    match args.command {
        UserCommand::Add { email, role, database, .. } => add(&email, &role, &database).await,
        UserCommand::ResetPassword { email, database, .. } => reset_password(&email, &database).await,
        UserCommand::Disable { email, database } => set_disabled(&email, &database, true).await,
        UserCommand::Enable { email, database } => set_disabled(&email, &database, false).await,
        UserCommand::List { database } => list(&database).await,
    }
}

async fn add(email: &str, role: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let email = Email::parse(email)?;
    let role = Role::parse(role).ok_or("the role must be viewer, operator or admin")?;
    let password = read_password()?;
    let context = open(database).await?;
    let person = commands::add_person(&context, &acting(), &email, role, &password).await?;
    context.db.close().await;
    say(&format!("{} may sign in as {}.", person.email, person.role.as_str()));
    Ok(())
}

async fn reset_password(email: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let email = Email::parse(email)?;
    let password = read_password()?;
    let context = open(database).await?;
    let done = commands::reset_password(&context, &acting(), &email, &password).await;
    context.db.close().await;
    let person = done.map_err(|error| told(error, &email))?;
    say(&format!("{} has another password; their sessions have ended.", person.email));
    Ok(())
}

async fn set_disabled(email: &str, database: &DatabaseArgs, disabled: bool) -> Result<(), CliError> {
    let email = Email::parse(email)?;
    let context = open(database).await?;
    let found = people::find(&mut *context.db.read().await?, &email).await?;
    let done = match found {
        None => Err(CommandError::NotFound),
        Some((person, _)) if disabled => commands::disable_person(&context, &acting(), &person.id).await,
        Some((person, _)) => commands::enable_person(&context, &acting(), &person.id).await,
    };
    context.db.close().await;
    match done {
        Ok(()) if disabled => say(&format!("{} is disabled; their sessions have ended.", email.as_str())),
        Ok(()) => say(&format!("{} may sign in again.", email.as_str())),
        Err(CommandError::TooLate) => say(&format!("{}: nothing to change.", email.as_str())),
        Err(error) => return Err(told(error, &email)),
    }
    Ok(())
}

/// An error with the address of the person.
fn told(error: CommandError, email: &Email) -> CliError {
    match error {
        CommandError::NotFound => format!("there is no account with the address {}", email.as_str()).into(),
        other => other.into(),
    }
}

/// The first line of standard input.
fn read_password() -> Result<String, CliError> {
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn list(database: &DatabaseArgs) -> Result<(), CliError> {
    let context = open(database).await?;
    let people = people::list(&mut *context.db.read().await?).await?;
    context.db.close().await;
    for person in &people {
        let disabled = if person.disabled_at.is_some() { "\tdisabled" } else { "" };
        print(&format!(
            "{}\t{}\tsince {}{disabled}",
            person.email,
            person.role.as_str(),
            person.created_at.date()
        ))?;
    }
    Ok(())
}
