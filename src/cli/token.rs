//! `unstale token …`: API tokens, for pipelines.

use clap::{Args, Subcommand};

use crate::{
    commands::{self, CommandContext, CommandError, NewToken},
    config::DatabaseArgs,
    domain::{
        distributions::reference::{DistributionReference, NotFound},
        time::Timestamp,
        tokens::token::{self, Token, TokenSecret},
    },
    store::{distributions, tokens},
};

use super::{
    CliError,
    context::{acting, open},
    output::{OutputError, print, say},
};

/// The maximum number of tokens that are listed.
const LISTED: usize = 10_000;

#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once: it cannot be shown again. May be run while the service runs.
    Create {
        /// What the history calls it, such as the pipeline that uses it.
        name: String,
        /// viewer looks, operator also invalidates.
        #[arg(long, value_parser = ["viewer", "operator"])]
        role: String,
        /// A distribution where it may act: its ID, its ARN, a host that it serves, or a URL of it. May be given again.
        /// Without one it may act everywhere.
        #[arg(long = "distribution", value_name = "ID-or-domain", value_parser = DistributionReference::parse)]
        distributions: Vec<DistributionReference>,
        /// How long it lasts, in days. Without it the token lasts until it is revoked.
        #[arg(long, value_name = "90d")]
        expires: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// End a token for good, at once. May be run while the service runs.
    Revoke {
        /// The name that it was made with.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the tokens, without their secrets.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

pub async fn run(args: TokenArgs) -> Result<(), CliError> {
    match args.command {
        TokenCommand::Create { name, role, distributions, expires, database } => {
            let new = NewToken {
                name: token::parse_name(&name)?,
                role: token::parse_role(&role)?,
                life: expires.as_deref().map(token::parse_life).transpose()?,
                distributions: Vec::new(),
            };
            create(new, &distributions, &database).await
        }
        TokenCommand::Revoke { name, database } => revoke(&name, &database).await,
        TokenCommand::List { database } => list(&database).await,
    }
}

async fn create(
    new: NewToken,
    named: &[DistributionReference],
    database: &DatabaseArgs,
) -> Result<(), CliError> {
    let context = open(database).await?;
    let name = new.name.clone();
    let made = make(&context, new, named).await;
    context.db.close().await;
    print(made?.reveal()).map_err(|error| unprinted(&name, &error))
}

async fn make(
    context: &CommandContext,
    new: NewToken,
    named: &[DistributionReference],
) -> Result<TokenSecret, CliError> {
    let distributions = distributions::list(&mut *context.db.read().await?).await?;
    let found = named
        .iter()
        .map(|named| named.find(&distributions, |_| true).map(|distribution| distribution.id.clone()));
    let distributions = found
        .collect::<Result<_, NotFound>>()
        .map_err(|error| format!("{error}. `unstale serve` has to have read it from CloudFront first."))?;
    let (_, secret) = commands::make_token(context, &acting(), &NewToken { distributions, ..new }).await?;
    Ok(secret)
}

/// The error if the secret could not be printed. Only its hash is stored, so nobody can use this token, but it
/// stays in the list.
fn unprinted(name: &str, error: &OutputError) -> CliError {
    format!(
        "the token {name} was made but could not be printed: {error}. It cannot be shown again: end it with \
         `unstale token revoke {name}` and make one with another name"
    )
    .into()
}

async fn revoke(name: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let context = open(database).await?;
    let tokens = tokens::list(&mut *context.db.read().await?, LISTED).await?;
    let done = match tokens.iter().find(|token| token.name == name) {
        Some(token) => commands::revoke_token(&context, &acting(), &token.id).await,
        None => Err(CommandError::NotFound),
    };
    context.db.close().await;
    match done {
        Ok(()) => say(&format!("{name} no longer lets anybody in.")),
        Err(CommandError::TooLate) => say(&format!("{name} was revoked before.")),
        Err(CommandError::NotFound) => return Err(format!("there is no token named {name}").into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn list(database: &DatabaseArgs) -> Result<(), CliError> {
    let context = open(database).await?;
    let tokens = tokens::list(&mut *context.db.read().await?, LISTED).await?;
    context.db.close().await;
    for token in &tokens {
        print(&line(token, context.clock.now()))?;
    }
    Ok(())
}

fn line(token: &Token, now: Timestamp) -> String {
    let state = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", at.date()),
        (None, Some(at)) if at <= now => format!("over since {}", at.date()),
        (None, Some(at)) => format!("until {}", at.date()),
        (None, None) => "until revoked".to_owned(),
    };
    let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("last used {at}"));
    format!("{}\t{}\t{}\t{state}\t{used}", token.name, token.shown, token.role.as_str())
}
