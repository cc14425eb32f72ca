//! `unstale token …`: API tokens, for pipelines, and the tokens of probes.

use clap::{Args, Subcommand};

use crate::{
    commands::{self, CommandContext, CommandError, NewToken},
    config::DatabaseArgs,
    domain::{
        distributions::reference::{DistributionReference, NotFound},
        time::Timestamp,
        tokens::{
            probe::{Probe, parse_probe_name},
            token::{self, Token, TokenSecret},
        },
    },
    store::{distributions, probes, tokens},
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
        /// What the history calls it: the pipeline that uses it, or the place of the probe, such as frankfurt-office.
        name: String,
        /// viewer looks, operator also invalidates.
        #[arg(long, value_parser = ["viewer", "operator"], required_unless_present = "probe")]
        role: Option<String>,
        /// Make the token of a probe, which runs `unstale probe` and opens nothing else.
        #[arg(long, conflicts_with_all = ["role", "distributions"])]
        probe: bool,
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
        /// It is the token of a probe.
        #[arg(long)]
        probe: bool,
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
        TokenCommand::Create { name, probe: true, expires, database, .. } => {
            create_probe(&name, expires.as_deref(), &database).await
        }
        TokenCommand::Create { name, role, distributions, expires, database, probe: false } => {
            let new = NewToken {
                name: token::parse_name(&name)?,
                role: token::parse_role(&role.unwrap_or_default())?,
                life: expires.as_deref().map(token::parse_life).transpose()?,
                distributions: Vec::new(),
            };
            create(new, &distributions, &database).await
        }
        TokenCommand::Revoke { name, probe: true, database } => revoke_probe(&name, &database).await,
        TokenCommand::Revoke { name, probe: false, database } => revoke(&name, &database).await,
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

async fn create_probe(name: &str, expires: Option<&str>, database: &DatabaseArgs) -> Result<(), CliError> {
    let name = parse_probe_name(name)?;
    let life = expires.map(token::parse_life).transpose()?;
    let context = open(database).await?;
    let made = commands::make_probe(&context, &acting(), &name, life).await;
    context.db.close().await;
    let (_, secret) = made?;
    print(secret.reveal()).map_err(|error| unprinted(&format!("--probe {name}"), &error))
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

async fn revoke_probe(name: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let context = open(database).await?;
    let all = probes::list(&mut *context.db.read().await?, LISTED).await?;
    let done = match all.iter().find(|probe| probe.name == name) {
        Some(probe) => commands::revoke_probe(&context, &acting(), &probe.id).await,
        None => Err(CommandError::NotFound),
    };
    context.db.close().await;
    told(name, "probe", done)
}

async fn revoke(name: &str, database: &DatabaseArgs) -> Result<(), CliError> {
    let context = open(database).await?;
    let tokens = tokens::list(&mut *context.db.read().await?, LISTED).await?;
    let done = match tokens.iter().find(|token| token.name == name) {
        Some(token) => commands::revoke_token(&context, &acting(), &token.id).await,
        None => Err(CommandError::NotFound),
    };
    context.db.close().await;
    told(name, "token", done)
}

fn told(name: &str, kind: &str, done: Result<(), CommandError>) -> Result<(), CliError> {
    match done {
        Ok(()) => say(&format!("{name} no longer lets anybody in.")),
        Err(CommandError::TooLate) => say(&format!("{name} was revoked before.")),
        Err(CommandError::NotFound) => return Err(format!("there is no {kind} named {name}").into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn list(database: &DatabaseArgs) -> Result<(), CliError> {
    let context = open(database).await?;
    let mut conn = context.db.read().await?;
    let tokens = tokens::list(&mut conn, LISTED).await?;
    let probes = probes::list(&mut conn, LISTED).await?;
    drop(conn);
    context.db.close().await;
    let now = context.clock.now();
    for token in &tokens {
        print(&line(token, now))?;
    }
    for probe in &probes {
        print(&probe_line(probe, now))?;
    }
    Ok(())
}

fn probe_line(probe: &Probe, now: Timestamp) -> String {
    let state = state(probe.revoked_at, probe.expires_at, now);
    let contact = probe.contact_at.map_or("never in contact".to_owned(), |at| format!("last contact {at}"));
    format!("{}\t{}\tprobe\t{state}\t{contact}", probe.name, probe.shown)
}

fn state(revoked_at: Option<Timestamp>, expires_at: Option<Timestamp>, now: Timestamp) -> String {
    match (revoked_at, expires_at) {
        (Some(at), _) => format!("revoked {}", at.date()),
        (None, Some(at)) if at <= now => format!("over since {}", at.date()),
        (None, Some(at)) => format!("until {}", at.date()),
        (None, None) => "until revoked".to_owned(),
    }
}

fn line(token: &Token, now: Timestamp) -> String {
    let state = state(token.revoked_at, token.expires_at, now);
    let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("last used {at}"));
    format!("{}\t{}\t{}\t{state}\t{used}", token.name, token.shown, token.role.as_str())
}
