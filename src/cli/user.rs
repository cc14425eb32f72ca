//! `unstale user …`: people with local accounts.

use std::io::Read;

use clap::{Args, Subcommand};

use crate::{
    clock::Clock,
    config::DatabaseArgs,
    domain::{
        access::Role,
        actor::{Acting, Actor, ActorKind, Origin},
        person::Email,
    },
    ops::{self, Desk},
    store::{Db, people},
    wake::Bell,
};

use super::{CliError, say};

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
    /// List the people.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

pub async fn run(args: UserArgs) -> Result<(), CliError> {
    match args.command {
        UserCommand::Add { email, role, database, .. } => add(&email, &role, &database).await,
        UserCommand::List { database } => list(&database).await,
    }
}

async fn add(email: &str, role: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let email = Email::parse(email)?;
    let role = Role::parse(role).ok_or("the role must be viewer, operator or admin")?;
    let mut password = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut password)?;
    let password = password.lines().next().unwrap_or_default();
    let desk = open(database).await?;
    let name = std::env::var("USER").unwrap_or_else(|_| "command line".to_owned());
    let acting = Acting {
        actor: Actor { kind: ActorKind::Person, id: String::new(), name },
        origin: Origin { sign_in: "command line".to_owned(), ..Origin::default() },
    };
    let person = ops::add_person(&desk, &acting, &email, role, password).await?;
    desk.db.close().await;
    say(&format!("{} may sign in as {}.", person.email, person.role.as_str()));
    Ok(())
}

async fn list(database: &DatabaseArgs) -> Result<(), CliError> {
    let desk = open(database).await?;
    let people = people::list(&mut *desk.db.read().await?).await?;
    for person in &people {
        let disabled = if person.disabled_at.is_some() { "\tdisabled" } else { "" };
        say(&format!(
            "{}\t{}\tsince {}{disabled}",
            person.email,
            person.role.as_str(),
            person.created_at.date()
        ));
    }
    desk.db.close().await;
    Ok(())
}

async fn open(database: &DatabaseArgs) -> Result<Desk, CliError> {
    let db = Db::open(&database.database).await?;
    Ok(Desk { db, clock: Clock::system(), bell: Bell::new() })
}
