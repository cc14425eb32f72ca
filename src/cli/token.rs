//! `unstale token …`: API tokens, for pipelines.

use clap::{Args, Subcommand};

use crate::{
    config::DatabaseArgs,
    domain::{
        id::DistributionId,
        time::Timestamp,
        token::{self, Token, TokenError},
    },
    ops::{self, NewToken, OpError},
    store::tokens,
};

use super::{
    CliError,
    desk::{acting, open},
    output::{OutputError, print, say},
};

/// So many tokens are listed.
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
        /// The ID of a distribution where it may act; may be given again. Without one it may act everywhere.
        #[arg(long = "distribution", value_name = "ID")]
        distributions: Vec<String>,
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
                distributions: parse_distributions(&distributions)?,
            };
            create(&new, &database).await
        }
        TokenCommand::Revoke { name, database } => revoke(&name, &database).await,
        TokenCommand::List { database } => list(&database).await,
    }
}

fn parse_distributions(texts: &[String]) -> Result<Vec<DistributionId>, CliError> {
    let parse = |text: &String| {
        DistributionId::parse(text).ok_or_else(|| format!("{text:?} is not the ID of a distribution").into())
    };
    texts.iter().map(parse).collect()
}

async fn create(new: &NewToken, database: &DatabaseArgs) -> Result<(), CliError> {
    let desk = open(database).await?;
    let made = ops::make_token(&desk, &acting(), new).await;
    desk.db.close().await;
    match made {
        Ok((_, secret)) => print(secret.reveal()).map_err(|error| unprinted(&new.name, &error))?,
        Err(OpError::Token(TokenError::NoDistribution)) => {
            return Err(
                "there is no such distribution; `unstale serve` has to have read it from CloudFront first"
                    .into(),
            );
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// The secret is kept nowhere: a token that nobody has seen lets nobody in, and stays in the list.
fn unprinted(name: &str, error: &OutputError) -> CliError {
    format!(
        "the token {name} was made but could not be printed: {error}. It cannot be shown again: end it with \
         `unstale token revoke {name}` and make one with another name"
    )
    .into()
}

async fn revoke(name: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let desk = open(database).await?;
    let tokens = tokens::list(&mut *desk.db.read().await?, LISTED).await?;
    let done = match tokens.iter().find(|token| token.name == name) {
        Some(token) => ops::revoke_token(&desk, &acting(), &token.id).await,
        None => Err(OpError::NotFound),
    };
    desk.db.close().await;
    match done {
        Ok(()) => say(&format!("{name} no longer lets anybody in.")),
        Err(OpError::TooLate) => say(&format!("{name} was revoked before.")),
        Err(OpError::NotFound) => return Err(format!("there is no token named {name}").into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn list(database: &DatabaseArgs) -> Result<(), CliError> {
    let desk = open(database).await?;
    let tokens = tokens::list(&mut *desk.db.read().await?, LISTED).await?;
    desk.db.close().await;
    for token in &tokens {
        print(&line(token, desk.clock.now()))?;
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
